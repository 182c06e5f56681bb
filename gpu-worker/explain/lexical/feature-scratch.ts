/**
 * Numbers by feature that one latent after another fills and clears: the feature space has hundreds of thousands of
 * places, a latent touches a few thousand of them.
 */
export class FeatureScratch {
  private values = new Float64Array(0);
  private touched = new Int32Array(4096);
  private count = 0;

  /** Makes room for features below `limit`. */
  fit(limit: number): void {
    if (this.values.length >= limit) return;
    const larger = new Float64Array(2 * limit);
    larger.set(this.values);
    this.values = larger;
  }

  /** `amount` > 0: a place that comes back to 0 would be listed twice. */
  add(feature: number, amount: number): void {
    if (this.values[feature] === 0) {
      if (this.count === this.touched.length) {
        const larger = new Int32Array(2 * this.count);
        larger.set(this.touched);
        this.touched = larger;
      }
      this.touched[this.count++] = feature;
    }
    this.values[feature]! += amount;
  }

  get(feature: number): number {
    return this.values[feature]!;
  }

  /** The features added to, in the order of their first time; valid until the next `add` or `clear`. */
  get features(): Int32Array {
    return this.touched.subarray(0, this.count);
  }

  clear(): void {
    for (let i = 0; i < this.count; i++) this.values[this.touched[i]!] = 0;
    this.count = 0;
  }
}
