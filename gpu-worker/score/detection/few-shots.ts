/** A worked example in the prompt: a description, texts, and the verdicts they should lead to. */
export interface DetectionShot {
  description: string;
  texts: readonly string[];
  verdicts: readonly (0 | 1)[];
}

/**
 * Our own: a mixture; none, though the word occurs; all. Short, for every call reads them, and in ASCII, for which a prompt
 * takes half the memory. Part of the template: a change here is a new `DETECTION_TEMPLATE`.
 */
export const DETECTION_SHOTS: readonly DetectionShot[] = [
  {
    description: 'Weather turning cold, with frost, snow or ice',
    texts: [
      'second week of November the pond had frozen over. Boys from',
      'could feel the heat of the oven from the doorway, and',
      'of the annual report, which the board will discuss',
      'closed after eight inches fell overnight, and the schools with',
    ],
    verdicts: [1, 0, 0, 1],
  },
  {
    description: 'The word "bank" in the sense of the edge of a river',
    texts: ['kept his savings in the same bank for thirty years', 'a bank of fog rolled in from the sea'],
    verdicts: [0, 0],
  },
  {
    description: 'Verbs in the past tense that report the words of others',
    texts: ['"Not before Thursday," she answered, without looking', 'minister denied that any such letter had', 'on. He whispered something to the driver'],
    verdicts: [1, 1, 1],
  },
];
