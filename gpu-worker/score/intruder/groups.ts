import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import { joinTokens } from '#lib/token/join.ts';
import { firingSpans, markedText, markedTokens } from '#gpu-worker/score/fuzzing/marked-text.ts';
import { placed, type MarkingOptions } from '#gpu-worker/score/fuzzing/mark-exam.ts';
import { placingWindow } from '#gpu-worker/score/fuzzing/place-spans.ts';
import { tokenTraits } from '#gpu-worker/score/fuzzing/token-traits.ts';
import type { LatentExam } from '#gpu-worker/score/scorer.ts';

/** Some firing windows of one decile and a silent one among them, all marked. */
export interface IntruderGroup {
  /** Indices into the exam, in the order shown. */
  windows: number[];
  /** Place of the silent one in `windows`. */
  intruder: number;
  quantile: number;
  texts: string[];
  /** Tokens marked in the intruder. */
  marked: number[];
}

/**
 * Groups for intruder detection (method.md §5.7): each shows `size` − 1 firing windows of one decile, deciles in turn, and
 * one random silent window, at a random place. The intruder is marked as a firing window of that decile is, one that is not
 * shown where there is one: on as many tokens, of their class, frequency and position. No silent window serves twice.
 *
 * @returns as many groups as asked for, fewer where silent windows run out, none where no decile has windows enough
 */
export function intruderGroups({ exam, latent, seed }: LatentExam, size: number, count: number, { threshold, frequency }: MarkingOptions): IntruderGroup[] {
  const byQuantile = new Map<number, number[]>();
  for (const [i, { kind, quantile }] of exam.windows.entries()) {
    if (kind === 'activating' && quantile !== null) byQuantile.set(quantile, [...(byQuantile.get(quantile) ?? []), i]);
  }
  const quantiles = [...byQuantile].filter(([, windows]) => windows.length >= size - 1).sort(([a], [b]) => a - b);
  const silent = exam.windows.flatMap(({ kind }, i) => (kind === 'random' ? [i] : []));
  if (quantiles.length === 0) return [];
  const traits = tokenTraits(frequency);
  const order = sampleIndices(rngFor(seed, 'intruder', latent), silent.length, Math.min(count, silent.length));
  return order.map((at, group) => {
    const [quantile, firing] = quantiles[group % quantiles.length]!;
    const rng = rngFor(seed, 'intruder', latent, group);
    const mixed = sampleIndices(rng, firing.length, firing.length).map((i) => firing[i]!);
    const shown = mixed.slice(0, size - 1);
    const template = mixed[size - 1] ?? shown[rng.int(shown.length)]!;
    const intruder = rng.int(size);
    const windows = shown.toSpliced(intruder, 0, silent[at]!);
    const spansOf = (i: number) => firingSpans(exam.windows[i]!, threshold);
    const piecesOf = (i: number) => joinTokens(exam.windows[i]!.tokens, exam.windows[i]!.activations);
    const own = piecesOf(silent[at]!);
    const spans = placed(placingWindow(piecesOf(template), traits), spansOf(template), placingWindow(own, traits), rng);
    return {
      windows,
      intruder,
      quantile,
      texts: windows.map((i, place) => (place === intruder ? markedText(own, spans) : markedText(piecesOf(i), spansOf(i)))),
      marked: markedTokens(own, spans),
    };
  });
}
