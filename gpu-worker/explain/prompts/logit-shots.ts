import type { ExplainShot } from './default-shots.ts';

/** A worked example with the tokens that the unit makes likelier and less likely. */
export interface LogitShot extends ExplainShot {
  promoted: readonly string[];
  suppressed: readonly string[];
}

/**
 * Our own: one whose meaning is in what it writes, and one whose promoted tokens say nothing, so that they are not
 * always followed. Part of the template: a change here is a new `LOGIT_TEMPLATE`.
 */
export const LOGIT_SHOTS: readonly LogitShot[] = [
  {
    excerpts: [
      { text: 'The committee was unable «to» reach a decision before the', listed: [{ token: 'to', strength: 8 }] },
      { text: 'all of which led the engineers «to» doubt whether the bridge', listed: [{ token: 'to', strength: 6 }] },
      { text: 'and she, for her part, «could» hardly believe that the', listed: [{ token: 'could', strength: 9 }] },
    ],
    promoted: [' agree', ' reach', ' believe', ' decide', ' doubt', ' conclude'],
    suppressed: [' the', ' of', ' years', ' Mr'],
    notes:
      'Marked: to, could: places where a verb must follow. The topics differ. The unit makes agree, believe, decide, doubt likelier: verbs of forming an opinion, and those do follow in two of the texts. Hypothesis: it prepares such a verb. It fits all three.',
    explanation: 'Places just before a verb of deciding or believing, such as “agree”, “doubt” or “conclude”, mostly after “to” or a modal',
  },
  {
    excerpts: [
      { text: 'sowed two fields of «barley» and one of «rye» before the frost', listed: [{ token: 'barley', strength: 10 }, { token: 'rye', strength: 8 }] },
      { text: 'the price of «wheat» had doubled since the spring, and', listed: [{ token: 'wheat', strength: 9 }] },
      { text: 'a barn full of last year’s «oats», still dry, which', listed: [{ token: 'oats', strength: 7 }] },
    ],
    promoted: ['ively', ' Kö', '~~', 'bsite', ' unh'],
    suppressed: ['ugh', ' Fe', '())', ' wid'],
    notes:
      'Marked: barley, rye, wheat, oats: cereals. The tokens made likelier are fragments without a common meaning, so they are left aside. Hypothesis: cereals. It fits all.',
    explanation: 'Names of cereal crops such as wheat, barley, rye and oats, in the field, the barn or the market',
  },
]; // prettier-ignore
