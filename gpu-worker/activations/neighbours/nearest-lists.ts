/**
 * For each of `width` latents the k others of greatest score among those offered, in any order; of equal scores the lower
 * index. A heap each, 8 bytes an entry.
 */
export class NearestLists {
  readonly k: number;
  private readonly scores: Float32Array;
  private readonly indices: Uint32Array;
  private readonly sizes: Uint32Array;
  private readonly single = new Float32Array(1);

  constructor(width: number, k: number) {
    this.k = k;
    this.scores = new Float32Array(width * k);
    this.indices = new Uint32Array(width * k);
    this.sizes = new Uint32Array(width);
  }

  /** What a score must reach to get in; −∞ while there is room. */
  threshold(latent: number): number {
    return this.sizes[latent]! < this.k ? -Infinity : this.scores[latent * this.k]!;
  }

  /** Scores are compared as singles. NaN never gets in. */
  offer(latent: number, index: number, score: number): void {
    this.single[0] = score;
    const s = this.single[0];
    const base = latent * this.k;
    const size = this.sizes[latent]!;
    if (size < this.k) {
      if (Number.isNaN(s)) return;
      this.sizes[latent] = size + 1;
      let at = size;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!this.worse(s, index, base + parent)) break;
        this.put(base + at, this.indices[base + parent]!, this.scores[base + parent]!);
        at = parent;
      }
      this.put(base + at, index, s);
    } else if (s > this.scores[base]! || (s === this.scores[base]! && index < this.indices[base]!)) {
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= size) break;
        if (child + 1 < size && this.worse(this.scores[base + child + 1]!, this.indices[base + child + 1]!, base + child)) child++;
        if (this.worse(s, index, base + child)) break;
        this.put(base + at, this.indices[base + child]!, this.scores[base + child]!);
        at = child;
      }
      this.put(base + at, index, s);
    }
  }

  /** Best first. */
  nearest(latent: number): Neighbour[] {
    const base = latent * this.k;
    const list = Array.from({ length: this.sizes[latent]! }, (_, i) => ({ index: this.indices[base + i]!, score: this.scores[base + i]! }));
    return list.sort((a, b) => b.score - a.score || a.index - b.index);
  }

  /** The worst entry is at the root: lower score, or the higher index of two equals. */
  private worse(score: number, index: number, at: number): boolean {
    return score < this.scores[at]! || (score === this.scores[at]! && index > this.indices[at]!);
  }

  private put(at: number, index: number, score: number): void {
    this.indices[at] = index;
    this.scores[at] = score;
  }
}

/** Another latent and how near it is. */
export interface Neighbour {
  index: number;
  score: number;
}
