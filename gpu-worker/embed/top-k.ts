/** Keeps the k items of greatest score among all offered; equal scores keep the earlier item. A heap of k entries. */
export class TopK {
  private readonly scores: Float32Array;
  private readonly items: Float64Array;
  private size = 0;

  /** `k` ≥ 1. */
  constructor(k: number) {
    this.scores = new Float32Array(k);
    this.items = new Float64Array(k);
  }

  /** The score that an item must exceed to get in; −∞ while there is room. */
  get threshold(): number {
    return this.size < this.scores.length ? -Infinity : this.scores[0]!;
  }

  /** `item`: a non-negative integer up to 2⁵³. NaN never gets in. */
  offer(item: number, score: number): void {
    if (!(score > this.threshold)) return;
    if (this.size < this.scores.length) this.siftUp(this.size++, item, Math.fround(score));
    else this.siftDown(item, Math.fround(score));
  }

  /** Best first. */
  sorted(): { item: number; score: number }[] {
    return Array.from({ length: this.size }, (_, i) => ({ item: this.items[i]!, score: this.scores[i]! })).sort((a, b) => b.score - a.score || a.item - b.item);
  }

  /** The worst entry is at the root: lower score, or the later item of two equals. */
  private worse(score: number, item: number, at: number): boolean {
    return score < this.scores[at]! || (score === this.scores[at]! && item > this.items[at]!);
  }

  private siftUp(at: number, item: number, score: number): void {
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.worse(score, item, parent)) break;
      this.move(parent, at);
      at = parent;
    }
    this.put(at, item, score);
  }

  private siftDown(item: number, score: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.worse(this.scores[child + 1]!, this.items[child + 1]!, child)) child++;
      if (this.worse(score, item, child)) break;
      this.move(child, at);
      at = child;
    }
    this.put(at, item, score);
  }

  private move(from: number, to: number): void {
    this.put(to, this.items[from]!, this.scores[from]!);
  }

  private put(at: number, item: number, score: number): void {
    this.items[at] = item;
    this.scores[at] = score;
  }
}
