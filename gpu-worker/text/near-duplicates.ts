/** Words of a shingle: long enough that two texts share few by chance, short enough that a changed word spoils only five. */
const SHINGLE_WORDS = 5;
/** Hash functions; the share of equal minima estimates the Jaccard similarity with a standard error below .045. */
const HASHES = 128;
/** Bands of 4: two documents of similarity .7 become candidates with probability .9998, of .3 with .23. */
const BAND = 4;
/** Documents from this similarity of their shingle sets count as the same text. */
export const NEAR_DUPLICATE = 0.7;

/** Scripts that put no spaces between words: each of their letters counts as one. */
const UNSPACED = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]`;
const WORD = new RegExp(String.raw`${UNSPACED}|(?:(?!${UNSPACED})[\p{L}\p{N}])+`, 'gu');

/**
 * MinHash signature of a text's sets of five words in a row (Broder 1997), [128]. Case, punctuation and white space do
 * not count.
 */
export function minHash(text: string): Uint32Array {
  return signatureOf((text.toLowerCase().match(WORD) ?? []).map(hashWord));
}

/** MinHash signature of the sets of five tokens in a row, [128], of rows whose text is not known. */
export function minHashTokens(ids: Int32Array): Uint32Array {
  return signatureOf(Uint32Array.from(ids, mix));
}

function signatureOf(words: ArrayLike<number>): Uint32Array {
  const signature = new Uint32Array(HASHES).fill(0xffffffff);
  const last = Math.max(0, words.length - SHINGLE_WORDS);
  for (let at = 0; at <= last; at++) {
    let shingle = 0x811c9dc5;
    for (let i = at; i < Math.min(words.length, at + SHINGLE_WORDS); i++) shingle = mix(shingle ^ words[i]!);
    for (let h = 0; h < HASHES; h++) {
      const value = mix(shingle ^ Math.imul(h + 1, 0x9e3779b1)) >>> 0;
      if (value < signature[h]!) signature[h] = value;
    }
  }
  return signature;
}

/**
 * The cluster of each document: the number of the first document that it is joined to by a chain of near duplicates.
 * Candidates are found by bands of the signature and joined when the estimated similarity is at least `NEAR_DUPLICATE`.
 */
export function duplicateClusters(signatures: readonly Uint32Array[]): Uint32Array {
  const parent = Uint32Array.from(signatures.keys());
  const find = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]!]!;
    return i;
  };
  for (let band = 0; band < HASHES; band += BAND) {
    const seen = new Map<string, number[]>();
    for (const [i, signature] of signatures.entries()) {
      const key = signature.subarray(band, band + BAND).join();
      const others = seen.get(key);
      if (others === undefined) {
        seen.set(key, [i]);
        continue;
      }
      let joined = false;
      for (const other of others) {
        const [a, b] = [find(other), find(i)];
        if (a === b) joined = true;
        else if (similarity(signatures[other]!, signature) >= NEAR_DUPLICATE) {
          parent[Math.max(a, b)] = Math.min(a, b);
          joined = true;
        }
      }
      // One document of a cluster stands for all in a bucket, so that a thousand copies are not compared a million times.
      if (!joined) others.push(i);
    }
  }
  return Uint32Array.from(signatures.keys(), find);
}

/** Estimated Jaccard similarity, 0 to 1. */
export function similarity(a: Uint32Array, b: Uint32Array): number {
  let equal = 0;
  for (let h = 0; h < HASHES; h++) if (a[h] === b[h]) equal++;
  return equal / HASHES;
}

function hashWord(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** The finaliser of MurmurHash3: every input bit reaches every output bit. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
