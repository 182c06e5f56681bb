/**
 * Numbers by feature that one latent after another fills and clears: the feature space has hundreds of thousands of
 * places, a latent touches a few thousand of them.
 */
export class FeatureScratch {
  private values = new Float64Array(0);
  private touched: number[] = [];

  /** Makes room for features below `limit`. */
  fit(limit: number): void {
    if (this.values.length >= limit) return;
    const larger = new Float64Array(2 * limit);
    larger.set(this.values);
    this.values = larger;
  }

  add(feature: number, amount: number): void {
    if (this.values[feature] === 0) this.touched.push(feature);
    this.values[feature]! += amount;
  }

  get(feature: number): number {
    return this.values[feature]!;
  }

  /** Features that are not 0, in the order they were first touched. */
  get features(): readonly number[] {
    return this.touched;
  }

  clear(): void {
    for (const feature of this.touched) this.values[feature] = 0;
    this.touched = [];
  }
}
