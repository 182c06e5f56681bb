import type { Exam } from '#gpu-worker/score/exam.ts';
import { rngFor, type Rng } from '#lib/random/rng.ts';
import { clusterBootstrap, type ClusteredExam } from '#lib/stats/cluster-bootstrap.ts';
import { normalQuantile } from '#lib/stats/normal.ts';
import { gauss } from './latents.ts';

/** A judge of known quality, better in some documents than in others. */
export interface Judge {
  /** Balanced accuracy of yes and no, or AUROC of a score. */
  kind: 'verdicts' | 'scores';
  /** Its value over all documents there could be. */
  truth: number;
  /** Correlation of two windows of one document: of being judged rightly, or of the score. */
  within: number;
}

export interface Coverage {
  /** Shares of the repetitions whose interval holds the truth, lies wholly above it, and wholly below. */
  covered: number;
  above: number;
  below: number;
  meanWidth: number;
  /** Of the estimates, which must be the truth where nothing is wrong with them. */
  meanEstimate: number;
}

/**
 * How often the interval of a score holds its true value, over exams as the sampler deals them (whose documents give some
 * one window and some many), each judged anew.
 */
export function coverageOf(judge: Judge, exams: readonly Exam[], repetitions: number, resamples = 1000): Coverage {
  const out: Coverage = { covered: 0, above: 0, below: 0, meanWidth: 0, meanEstimate: 0 };
  for (let i = 0; i < repetitions; i++) {
    const rng = rngFor('coverage', judge.kind, judge.truth, judge.within, i);
    const { estimate, interval } = clusterBootstrap(judged(judge, exams[i % exams.length]!, rng), rng, { resamples })!;
    if (interval === null) throw new Error('a planted exam has one document');
    out.covered += Number(interval.low <= judge.truth && judge.truth <= interval.high) / repetitions;
    out.above += Number(interval.low > judge.truth) / repetitions;
    out.below += Number(interval.high < judge.truth) / repetitions;
    out.meanWidth += (interval.high - interval.low) / repetitions;
    out.meanEstimate += estimate / repetitions;
  }
  return out;
}

/** One exam's scores; the same document on both sides has its own effect on each, as the estimand has it. */
function judged({ kind, truth, within }: Judge, { positive, documents }: Exam, rng: Rng): ClusteredExam {
  const effects = new Map<string, number>();
  const effectOf = (i: number, draw: () => number): number => {
    const key = `${positive[i]} ${documents[i]}`;
    const known = effects.get(key) ?? draw();
    effects.set(key, known);
    return known;
  };
  const scores = documents.map((_, i) => {
    if (kind === 'verdicts') {
      const right = rng.next() < effectOf(i, () => beta(truth, within, rng));
      return Number(right === positive[i]);
    }
    const shift = effectOf(i, () => Math.sqrt(within) * gauss(rng));
    return Number(positive[i]) * normalQuantile(truth) * Math.SQRT2 + shift + Math.sqrt(1 - within) * gauss(rng);
  });
  return { labels: positive, scores, documents };
}

/** Beta of a mean, with variance mean · (1 − mean) · within: two windows of a document then correlate by that. */
function beta(mean: number, within: number, rng: Rng): number {
  const size = 1 / within - 1;
  const [a, b] = [gamma(mean * size, rng), gamma((1 - mean) * size, rng)];
  return a / (a + b);
}

/** Marsaglia and Tsang (2000), with their power for shapes below 1. */
function gamma(shape: number, rng: Rng): number {
  if (shape < 1) return gamma(shape + 1, rng) * (1 - rng.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const x = gauss(rng);
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - rng.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
