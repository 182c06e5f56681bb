/**
 * The numbers of protocol `atlas` (method.md §13.1): how much is drawn for each latent, and the least that decides whether
 * it is explained and scored or is marked `too_few_windows` or `too_few_documents`. The worker samples by them, the pages
 * say them.
 */
export const ATLAS_PROTOCOL = {
  trainPerQuantile: 4,
  testPerQuantile: 5,
  randomNegatives: 50,
  minTrainWindows: 20,
  /** Of an exam's firing windows and of its silent ones. */
  minTestWindows: 30,
  /** On each side of the split. */
  minDocuments: 5,
} as const;

export type Protocol = typeof ATLAS_PROTOCOL;
