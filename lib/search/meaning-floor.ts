/**
 * Least cosine similarity between query and explanation at which an entry counts as found by meaning.
 */
export const MEANING_FLOOR = 0.35;

/** Most entries that are found by meaning; pages past these go on with what the words found. */
export const MEANING_CANDIDATES = 1000;
