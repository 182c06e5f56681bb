/** A worked example in the prompt: a description, marked texts, and the verdicts they should lead to. */
export interface FuzzingShot {
  description: string;
  texts: readonly string[];
  verdicts: readonly (0 | 1)[];
}

/**
 * Our own: a mixture, with what is described standing unmarked beside the mark; none; all. Part of the template: a change
 * here is a new `FUZZING_TEMPLATE`.
 */
export const FUZZING_SHOTS: readonly FuzzingShot[] = [
  {
    description: 'Kinds of weather that hinder travel',
    texts: [
      'no boat could leave the harbour, for the «fog» lay so thick that the lamps of the quay were',
      'the train stood for two hours in the «snow» beyond Carlisle, and nobody came to',
      'in spite of the storm he had «walked» the whole way from the mill, and asked only for',
      'they were told at the «counter» that the road over the pass had been shut since noon, as',
      'turned back at the ford because of «heavy rain» in the hills, and slept that night in the',
    ],
    verdicts: [1, 1, 0, 0, 1],
  },
  {
    description: 'The ending “-ness” of nouns that name a quality',
    texts: [
      'her kindness to the children was spoken of for «years» after she had gone, and',
      'the witness said that the «dark»ness had kept him from seeing the number of the',
      'of business, and the firm was «wound up» before the end of that year; the',
    ],
    verdicts: [0, 0, 0],
  },
  {
    description: 'Prepositions that open a phrase of place',
    texts: [
      'found the letter «under» a loose board, where it must have lain since the',
      'the inspector waited «at» the corner until the light went out, and then',
      'a narrow stair led «into» the cellar and «behind» the casks they saw a',
      'left standing «beside» the gate all night, so that in the morning it was',
    ],
    verdicts: [1, 1, 1, 1],
  },
];
