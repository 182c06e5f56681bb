/**
 * The numbers of protocol `atlas` (method.md §13.1). What decides whether a latent is scored or is marked
 * `too_few_windows` or `too_few_documents`.
 */
export const ATLAS_PROTOCOL = {
  trainPerQuantile: 4,
  testPerQuantile: 5,
  randomNegatives: 50,
  minTrainWindows: 20,
  minTestWindows: 30,
  minDocuments: 5,
} as const;

export type Protocol = typeof ATLAS_PROTOCOL;
