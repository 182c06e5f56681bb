import type { Marked } from './highlight.ts';

/** A worked example in a prompt: excerpts as they are shown, notes as a careful reader would take them, and the phrase they lead to. */
export interface ExplainShot {
  excerpts: readonly Marked[];
  notes: string;
  explanation: string;
}

/**
 * Our own, one each for the three kinds of pattern: what is meant, how a token is built, and what stands before it.
 * Part of the template: a change here is a new `DEFAULT_TEMPLATE`.
 */
export const DEFAULT_SHOTS: readonly ExplainShot[] = [
  {
    excerpts: [
      {
        text: 'The widow was left with «forty pounds» a year and the use of the cottage until',
        listed: [
          { token: 'forty', strength: 8 },
          { token: 'pounds', strength: 10 },
        ],
      },
      {
        text: 'was sold at auction for «$2.5 million», well above the estimate, to a buyer who',
        listed: [
          { token: '$', strength: 9 },
          { token: '2.5', strength: 7 },
          { token: 'million', strength: 8 },
        ],
      },
      { text: 'he had not a «penny» in his pocket, and the last ferry left at nine. He', listed: [{ token: 'penny', strength: 4 }] },
    ],
    notes:
      'Marked: forty pounds, $2.5 million, penny. All are money: an amount with its unit, or a coin. The texts around them differ: an inheritance, an auction, poverty; so the topic is not the pattern. The weakest is a coin without a number. Hypothesis: sums of money. It fits all three.',
    explanation: 'Sums of money with their currency, in any country and century',
  },
  {
    excerpts: [
      { text: 'found the second door «un»locked, and beyond it a corridor that nobody had', listed: [{ token: 'un', strength: 10 }] },
      {
        text: 'the results were «un»expected, if not entirely «un»welcome, to the committee',
        listed: [
          { token: 'un', strength: 9 },
          { token: 'un', strength: 7 },
        ],
      },
      { text: 'She sat «un»moving at the window while the others argued about the uniform', listed: [{ token: 'un', strength: 8 }] },
    ],
    notes:
      'Marked: un, always the first letters of a word: unlocked, unexpected, unwelcome, unmoving. In “uniform” it is not marked, where it does not negate. Topics differ. Hypothesis: the negating prefix un. It fits all, and the unmarked “uniform” as well.',
    explanation: 'The prefix “un” where it negates the adjective or participle that it begins',
  },
  {
    excerpts: [
      { text: 'replied the captain, and turned to the Minister of «Agriculture», who shook', listed: [{ token: 'Agriculture', strength: 9 }] },
      { text: 'according to the Department of «Transport», repairs to the bridge will take', listed: [{ token: 'Transport', strength: 10 }] },
      { text: 'wrote twice to the Secretary of the «Navy» without an answer.\\n\\nIn March', listed: [{ token: 'Navy', strength: 6 }] },
    ],
    notes:
      'Marked: Agriculture, Transport, Navy, single words with a capital. Before each stands an office: Minister of, Department of, Secretary of the. So the place behind a title decides, and the word names a field of government. It fits all three.',
    explanation: 'The field of government named after “Department of”, “Minister of” or a similar title',
  },
];
