import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { DATA_RULE, fenced } from '#gpu-worker/llm/prompt-text.ts';

/** Raised when any word of the prompt or of the worked examples changes. */
export const INTRUDER_TEMPLATE = 'intruder-3';

const SYSTEM = `You are given numbered texts cut from longer documents, with places marked by « and ». In all of them but one the marks show the same pattern: a meaning, a word, a part of a word, a grammatical role or a kind of place in the text. One text is an intruder: its marks were put there without regard to the pattern. Say which.

- Compare what is marked first, then what stands around it, then what the texts are about.
- There is always exactly one intruder. If you cannot tell, give your best guess.
- ${DATA_RULE}

Answer with a JSON object that holds the number of the intruder, and nothing else: {"intruder": 2}`;

/** Our own: a difference in meaning, and one in form. */
const SHOTS: readonly { texts: readonly string[]; intruder: number }[] = [
  {
    texts: [
      'the bishop was buried beside the «altar», under a plain stone, in the winter of',
      'she lit a candle in the «chapel» on her way to the market, as she had',
      'they measured the «yard» twice, and each time it came to forty paces, so',
      'and the choir waited in the «vestry» until the bells had stopped. Then the',
      'gave the old «abbey» and its lands to his brother, who pulled down the',
    ],
    intruder: 3,
  },
  {
    texts: [
      'the «larg»est of the three, and also the one that lay nearest to the river, was sold',
      'it was the «long»est winter that anybody could remember, and the wood ran out',
      'of the «poor»est streets in the town, where no lamp had been put up yet and',
      'that morning the «rest» of them had gone ahead to look for the ford, while he',
      'took the «short»est way home, over the hill and past the old kiln, in the',
    ],
    intruder: 4,
  },
];

const STATIC_PART: readonly ChatMessage[] = [
  { role: 'system', content: SYSTEM },
  ...SHOTS.flatMap(({ texts, intruder }): ChatMessage[] => [
    { role: 'user', content: question(texts, '') },
    { role: 'assistant', content: JSON.stringify({ intruder }) },
  ]),
];

/** The conversation that asks which of some marked texts (`markedText`) does not belong. `key`: as for `fenced`. */
export function intruderPrompt(texts: readonly string[], key: string): ChatMessage[] {
  return [...STATIC_PART, { role: 'user', content: question(texts, key) }];
}

function question(texts: readonly string[], key: string): string {
  return `${fenced(
    texts.map((text, i) => `${i + 1}: ${text}`),
    key,
  )}\nWhich text is the intruder? Answer with the JSON object.`;
}
