import { describe, expect, it } from 'vitest';
import { rocAuc } from '#lib/stats/roc-auc.ts';
import { joinTokens } from '#lib/token/join.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import { shuffledExam } from '#gpu-worker/score/shuffled-exam.ts';
import type { LatentExam } from '#gpu-worker/score/scorer.ts';
import { boostedTrees } from '#tests/doubles/boosted-trees.ts';
import { bookCounts, textLatents } from '#tests/doubles/text-latents.ts';
import { markExam } from './mark-exam.ts';
import { firingSpans, type Span } from './marked-text.ts';
import { countTokenFrequency, TOKEN_CLASSES, tokenClass, type TokenFrequency } from './token-traits.ts';

/*
 * What a reader who has no explanation could tell marks by: a classifier that sees their number, lengths, classes,
 * frequencies, places and the window's place in the prompt, taught on some latents and tried on others.
 */
const SEED = 22;
const frequency: TokenFrequency = countTokenFrequency(bookCounts());
const latents = textLatents(81, SEED).map(({ index, examples }): LatentExam => ({
  latent: index,
  seed: SEED,
  exam: shuffledExam(examOf(examples), SEED, index),
  maxActivation: 10,
}));

interface Row {
  latent: number;
  positive: boolean;
  features: number[];
}

function rowsOf({ exam, latent }: LatentExam, marks: readonly (readonly Span[])[]): Row[] {
  return exam.windows.map(({ tokens, activations }, place) => {
    const pieces = joinTokens(tokens, activations);
    const spans = marks[place]!;
    const marked = spans.flatMap(({ start, length }) => pieces.slice(start, start + length).map((piece, i) => ({ text: piece.text, at: start + i })));
    const logs = marked.map(({ text }) => frequency(text));
    const places = marked.map(({ at }) => at / pieces.length);
    const mean = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / Math.max(1, list.length);
    const gaps = spans.slice(1).map(({ start }, i) => start - spans[i]!.start - spans[i]!.length);
    return {
      latent,
      positive: exam.positive[place]!,
      features: [
        spans.length,
        marked.length,
        mean(spans.map(({ length }) => length)),
        ...TOKEN_CLASSES.map((name) => mean(marked.map(({ text }) => Number(tokenClass(text) === name)))),
        ...[mean(logs), Math.min(...logs), Math.max(...logs)],
        ...[mean(places), Math.min(...places), Math.max(...places)],
        mean(gaps),
        mean(marked.map(({ text }) => text.trim().length)),
        ...[place, place % 5],
      ],
    };
  });
}

/** AUROC on latents that the classifier was not taught on, each latent held out once in three. */
function heldOut(rows: readonly Row[]): number {
  const labels: boolean[] = [];
  const scores: number[] = [];
  for (let fold = 0; fold < 3; fold++) {
    const taught = rows.filter(({ latent }) => latent % 3 !== fold);
    const classify = boostedTrees(
      taught.map(({ features }) => features),
      taught.map(({ positive }) => positive),
    );
    for (const { features, positive } of rows.filter(({ latent }) => latent % 3 === fold)) {
      labels.push(positive);
      scores.push(classify(features));
    }
  }
  return rocAuc(labels, scores)!;
}

describe('marks of a fuzzing exam', () => {
  const rows = latents.flatMap((latentExam) => rowsOf(latentExam, markExam(latentExam, { threshold: 0.3, frequency })));

  it('say nothing to who has not read the explanation', () => {
    const auroc = heldOut(rows);
    expect(Math.abs(auroc - 0.5)).toBeLessThan(0.03);
  }, 60_000);

  it('of the reference’s kind give themselves away to the same classifier', () => {
    // As many tokens as fire on average, at the same places in every silent window (method.md §5.3).
    const reference = latents.flatMap((latentExam) => {
      const { exam } = latentExam;
      const firing = exam.windows.filter(({ kind }) => kind === 'activating');
      const count = Math.ceil(firing.reduce((sum, { activations }) => sum + activations.filter((a) => a > 0).length, 0) / firing.length);
      const places = [24, 31, 30, 4, 7, 0, 14, 19].slice(0, count).sort((a, b) => a - b);
      return rowsOf(
        latentExam,
        exam.windows.map((window) => (window.kind === 'activating' ? firingSpans(window, 0.3) : places.map((start) => ({ start, length: 1 })))),
      );
    });
    const auroc = heldOut(reference);
    expect(auroc).toBeGreaterThan(0.8);
  }, 60_000);
});
