/**
 * Least cosine similarity between query and explanation at which an entry counts as found by meaning. Chosen on 6,998
 * lexical explanations with all-MiniLM-L6-v2: at .35 “railroads” has 67 entries, “war with Spain” 8, “ships at sea” 93,
 * two unrelated words (“xylophone quartz”) 1, keyboard noise 0. At .30 they are two to seven times as many, and most of
 * those share nothing with the query; at .40 “war with Spain” keeps 3.
 */
export const MEANING_FLOOR = 0.35;

/** Most entries that are found by meaning; pages past these go on with what the words found. */
export const MEANING_CANDIDATES = 1000;
