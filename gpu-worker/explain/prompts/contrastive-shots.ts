import type { ExplainShot } from './default-shots.ts';

/** A worked example with texts that leave the unit silent. */
export interface ContrastiveShot extends ExplainShot {
  silent: readonly string[];
}

/**
 * Our own: a sense told from another of the same word, and a form told from its neighbours. Part of the template: a
 * change here is a new `CONTRASTIVE_TEMPLATE`.
 */
export const CONTRASTIVE_SHOTS: readonly ContrastiveShot[] = [
  {
    excerpts: [
      { text: 'the orchestra rose, and the «conductor» laid his baton on the stand before', listed: [{ token: 'conductor', strength: 10 }] },
      { text: 'under the direction of its new «maestro» the choir gave a «performance» that', listed: [{ token: 'maestro', strength: 9 }, { token: 'performance', strength: 5 }] },
      { text: 'rehearsed the second «movement» twice more, because the «strings» came in late', listed: [{ token: 'movement', strength: 6 }, { token: 'strings', strength: 8 }] },
    ],
    silent: [
      'copper is a better conductor than iron, and for that reason the wires were',
      'the conductor punched our tickets somewhere between Leeds and York, and asked',
      'a popular movement for the reform of the franchise, which began in the',
    ],
    notes:
      'Marked: conductor, maestro, performance, movement, strings: all about an orchestra. In the silent texts conductor is a metal and a railwayman, movement is political. So the sense decides, not the word: people and parts of classical music.',
    explanation: 'Orchestras and choirs in rehearsal or concert: conductors, players, pieces; not the same words in another sense',
  },
  {
    excerpts: [
      { text: 'had walked farther than any of them, and was the «tiredest» of the party, though', listed: [{ token: 'tiredest', strength: 8 }] },
      { text: 'the «oldest» house in the street, with the «narrowest» windows and a door that', listed: [{ token: 'oldest', strength: 9 }, { token: 'narrowest', strength: 10 }] },
      { text: 'It was by far the «coldest» January in living memory, the paper said, and', listed: [{ token: 'coldest', strength: 10 }] },
    ],
    silent: [
      'an older house would have been cheaper to heat, he thought, and quieter',
      'the most beautiful of the sisters sat by herself and read, while the',
      'The rest of the guests arrived in the west wing after a long test of',
    ],
    notes:
      'Marked: tiredest, oldest, narrowest, coldest: superlatives in -est. Silent: older, a comparative; most beautiful, a superlative without the ending; rest, west, test, which only end alike. So the pattern is the superlative ending.',
    explanation: 'Superlative adjectives formed with the ending “-est”, not comparatives, “most”, or words that merely end alike',
  },
]; // prettier-ignore
