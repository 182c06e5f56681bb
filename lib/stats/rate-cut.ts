import { AppError } from '#lib/errors/app-error.ts';
import type { Rng } from '#lib/random/rng.ts';
import { ascendingOrder } from './mid-ranks.ts';
import { checkScores } from './roc-auc.ts';

/**
 * Where to begin saying yes so that a ranking says it about as often as positives occur: the score whose windows and those
 * above it make up the share nearest to `rate` of all, when positives weigh `rate` together and negatives the rest. There
 * precision and recall are about equal (the break-even point; van Rijsbergen 1979, ch. 7). Equal scores stay together, and
 * the highest always get a yes.
 *
 * @param labels truthy is positive
 * @param rate of positives where the ranking is meant to be used, in (0, 1)
 * @returns the lowest score that gets a yes; null when a class is missing
 * @throws bad_request for a NaN score, arrays of different lengths, or a rate outside (0, 1)
 */
export function rateCut(labels: ArrayLike<number | boolean>, scores: ArrayLike<number>, rate: number): number | null {
  checkScores(labels, scores);
  if (!(rate > 0 && rate < 1)) throw new AppError('bad_request', `A rate lies between 0 and 1, both excluded: ${rate} does not.`, { field: 'rate' });
  const positives = Array.from(labels).filter(Boolean).length;
  const negatives = labels.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const order = ascendingOrder(scores).reverse();
  let [share, best, cut] = [0, Infinity, scores[order[0]!]!];
  for (let i = 0; i < order.length;) {
    const level = scores[order[i]!]!;
    for (; i < order.length && scores[order[i]!] === level; i++) share += labels[order[i]!] ? rate / positives : (1 - rate) / negatives;
    const off = Math.abs(share - rate);
    if (off >= best) break;
    [best, cut] = [off, level];
  }
  return cut;
}

/**
 * Precisions at the rate, each at the cut of its own resample of documents, drawn within each class: how much it moves that
 * both the cut and what it cuts are known from a sample. As for `rateCut`.
 *
 * @param documents parallel ids; windows of one id were cut from one document
 * @returns one a resample; empty when a class is missing
 */
export function cutReplicates(
  { labels, scores, documents }: { labels: ArrayLike<number | boolean>; scores: ArrayLike<number>; documents: ArrayLike<number> },
  rate: number,
  rng: Rng,
  resamples = 1000,
): Float64Array {
  const order = ascendingOrder(scores).reverse();
  const [positives, negatives] = [sizes(labels, documents, true), sizes(labels, documents, false)];
  if (positives.size === 0 || negatives.size === 0) return new Float64Array(0);
  const keys = { positives: [...positives.keys()], negatives: [...negatives.keys()] };
  const slots = { positives: new Map(keys.positives.map((id, i) => [id, i])), negatives: new Map(keys.negatives.map((id, i) => [id, i])) };
  const windows = Array.from(order, (i) => ({
    positive: Boolean(labels[i]),
    slot: (labels[i] ? slots.positives : slots.negatives).get(documents[i]!)!,
    level: scores[i]!,
  }));
  const draw = (ids: readonly number[], of: ReadonlyMap<number, number>): { times: Int32Array; windows: number } => {
    const times = new Int32Array(ids.length);
    let total = 0;
    for (let i = 0; i < ids.length; i++) {
      const drawn = rng.int(ids.length);
      times[drawn]!++;
      total += of.get(ids[drawn]!)!;
    }
    return { times, windows: total };
  };
  return Float64Array.from({ length: resamples }, () => {
    const [firing, silent] = [draw(keys.positives, positives), draw(keys.negatives, negatives)];
    let [right, wrong, off, found] = [0, 0, Infinity, 0];
    for (let i = 0; i < windows.length;) {
      const { level } = windows[i]!;
      for (; i < windows.length && windows[i]!.level === level; i++) {
        const { positive, slot } = windows[i]!;
        if (positive) right += (rate * firing.times[slot]!) / firing.windows;
        else wrong += ((1 - rate) * silent.times[slot]!) / silent.windows;
      }
      // Of documents that were not drawn: no yes yet.
      if (right + wrong === 0) continue;
      const now = Math.abs(right + wrong - rate);
      if (now > off) break;
      [off, found] = [now, right / (right + wrong)];
    }
    return found;
  });
}

function sizes(labels: ArrayLike<number | boolean>, documents: ArrayLike<number>, positive: boolean): Map<number, number> {
  const out = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) if (Boolean(labels[i]) === positive) out.set(documents[i]!, (out.get(documents[i]!) ?? 0) + 1);
  return out;
}
