import { rngFor } from '#lib/random/rng.ts';
import { describePart, partsAt, readMeaning } from './meaning.ts';
import { readText } from './oracle.ts';

/** Enough that two unrelated texts have a cosine of 0 ± .02, a fifth of what one thing in common gives. */
const DIMENSIONS = 2048;

/**
 * The vector of a text: one random direction for everything that its words could have fired for, or, for a text that says
 * in the form what something fires on, for that. A text is near an explanation if what it speaks of occurs in it. One
 * text in `1 / errorRate` is embedded as its opposite.
 */
export class OracleEmbedder {
  readonly #directions = new Map<string, Int8Array>();
  readonly #errorRate: number;

  constructor({ errorRate = 0 }: { errorRate?: number } = {}) {
    this.#errorRate = errorRate;
  }

  /** Not of unit length, as from many servers. */
  embed(text: string): number[] {
    const said = readMeaning(text);
    const { words } = readText(text);
    const speaksOf = new Set((said.length > 0 ? said : words.flatMap((_, i) => partsAt(words, i))).map(describePart));
    if (speaksOf.size === 0) speaksOf.add(text);
    const sign = said.length === 0 && rngFor('oracle embedding', text).next() < this.#errorRate ? -1 : 1;
    const vector = new Array<number>(DIMENSIONS).fill(0);
    for (const thing of speaksOf) {
      const direction = this.#directionOf(thing);
      for (let i = 0; i < DIMENSIONS; i++) vector[i]! += sign * direction[i]!;
    }
    return vector;
  }

  #directionOf(thing: string): Int8Array {
    let direction = this.#directions.get(thing);
    if (direction === undefined) {
      const rng = rngFor('oracle direction', thing);
      this.#directions.set(thing, (direction = Int8Array.from({ length: DIMENSIONS }, () => 2 * rng.int(2) - 1)));
    }
    return direction;
  }
}
