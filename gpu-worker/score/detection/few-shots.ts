/** A worked example in the prompt: a description, texts, and the verdicts they should lead to. */
export interface DetectionShot {
  description: string;
  texts: readonly string[];
  verdicts: readonly (0 | 1)[];
}

/**
 * Our own: a mixture; none, though the word occurs; all. Part of the template: a change here is a new
 * `DETECTION_TEMPLATE`.
 */
export const DETECTION_SHOTS: readonly DetectionShot[] = [
  {
    description: 'Weather turning cold, with frost, snow or ice',
    texts: [
      'and by the second week of November the pond had frozen over. Boys from the village came',
      'of the annual report, which the board will discuss at its meeting in the spring',
      'could feel the heat of the oven from the doorway, and smell the bread, and',
      'roads were closed after eight inches fell overnight, and the schools with them. Officials',
      'covered the tomatoes with sheets, for the radio had spoken of a hard night; even so',
    ],
    verdicts: [1, 0, 0, 1, 1],
  },
  {
    description: 'The word “bank” in the sense of the edge of a river',
    texts: [
      'had kept his savings in the same bank for thirty years and saw no reason to',
      'a bank of fog rolled in from the sea and hid the lighthouse before noon',
      'the central bank left its rates where they were, as most observers had',
    ],
    verdicts: [0, 0, 0],
  },
  {
    description: 'Verbs in the past tense that report somebody’s words',
    texts: [
      '“Not before Thursday,” she answered, without looking up from the ledger. The',
      'the minister denied that any such letter had reached his office, or that he',
      'two miles further on. He whispered something to the driver, who shook his head and',
      'as the prosecutor claimed in her opening statement, the lights had been off since',
    ],
    verdicts: [1, 1, 1, 1],
  },
];
