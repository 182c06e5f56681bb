/** A worked example in the prompt: a description, marked texts, and the verdicts they should lead to. */
export interface FuzzingShot {
  description: string;
  texts: readonly string[];
  verdicts: readonly (0 | 1)[];
}

/**
 * Our own: a mixture, with what is described standing unmarked beside the mark; none; all. Short, for every call reads
 * them. Part of the template: a change here is a new `FUZZING_TEMPLATE`.
 */
export const FUZZING_SHOTS: readonly FuzzingShot[] = [
  {
    description: 'Kinds of weather that hinder travel',
    texts: [
      'stood for two hours in the «snow» beyond Carlisle, and',
      'in spite of the storm he had «walked» the whole way',
      'told at the «counter» that the road over the pass',
      'back at the ford because of «heavy rain» in the hills',
    ],
    verdicts: [1, 0, 0, 1],
  },
  {
    description: 'The ending "-ness" of nouns that name a quality',
    texts: ['her kindness was spoken of for «years» after', 'said that the «dark»ness had kept him from'],
    verdicts: [0, 0],
  },
  {
    description: 'Prepositions that open a phrase of place',
    texts: ['the letter «under» a loose board, where', 'inspector waited «at» the corner until', 'led «into» the cellar and «behind» the casks'],
    verdicts: [1, 1, 1],
  },
];
