import { NEGATIVE_CLASSES } from '#lib/example/protocol.ts';
import type { LexicalRule } from '#lib/explanation/lexical-rule.ts';
import type { Rng } from '#lib/random/rng.ts';
import type { Figure, ScoreParts } from '#lib/score/schema.ts';
import { clusterDelongOfLevels } from '#lib/stats/cluster-delong.ts';
import { levelsOf } from '#lib/stats/mid-ranks.ts';
import { rocAuc } from '#lib/stats/roc-auc.ts';
import type { Interval } from '#lib/stats/interval.ts';
import { scoreTokens, windowDecision } from '#gpu-worker/explain/lexical/score-tokens.ts';
import type { TokenTable } from '#gpu-worker/explain/lexical/types.ts';
import type { Exam } from '#gpu-worker/score/exam.ts';
import { binnedAuroc } from './binned-auroc.ts';

/** An exam's windows as token ids with the tokens before each, parallel to its windows. */
export interface ExamTokens {
  tokens: Int32Array;
  before: Int32Array;
}

/** A figure with the items it was taken on: tokens or windows. */
export interface RuleFigure {
  value: number;
  interval: Interval | null;
  nPositives: number;
  nNegatives: number;
}

/**
 * The rule score: the lexical baseline's executable rule run over unseen test windows. It judges the rule and not the
 * sentence, so it stands apart from explanation scores.
 */
export interface RuleJudgement {
  /** Whether each window fires by the threshold learnt on train windows, and the greatest score of its tokens. */
  windows: { fires: boolean; score: number }[];
  /** Each token's score [tokens], those of one window after those of the one before it. */
  tokens: Float32Array[];
}

/** Runs a rule over an exam's windows; `texts` is parallel to them. */
export function judgeByRule(texts: readonly ExamTokens[], rule: LexicalRule, table: TokenTable): RuleJudgement {
  const tokens = texts.map(({ tokens: ids, before }) => scoreTokens(rule, ids, table, before));
  return { tokens, windows: tokens.map((scores) => windowDecision(rule, scores)) };
}

/**
 * Does the rule rank firing tokens above silent ones? AUROC over all tokens of the windows that are asked for, which are
 * what is counted.
 *
 * @param wanted places of those windows in the exam
 * @param rng null: the value without an interval, which is all a control needs
 */
export function ruleOverTokens(exam: Exam, judged: RuleJudgement, wanted: readonly number[], rng: Rng | null): RuleFigure | null {
  const { labels, scores, documents, nPositives } = tokensOf(exam, judged, wanted);
  const value = rng === null ? rocAuc(labels, scores) : null;
  const figure = rng !== null ? binnedAuroc(labels, scores, documents, rng) : value === null ? null : { value, interval: null };
  return figure && { ...figure, nPositives, nNegatives: labels.length - nPositives };
}

/** The tokens of some windows: whether the latent fires there, the rule's score, and the document. */
function tokensOf({ windows, documents: ids }: Exam, judged: RuleJudgement, wanted: readonly number[]) {
  const total = wanted.reduce((sum, i) => sum + judged.tokens[i]!.length, 0);
  const [labels, documents, scores] = [new Uint8Array(total), new Uint16Array(total), new Float32Array(total)];
  let [at, nPositives] = [0, 0];
  for (const i of wanted) {
    scores.set(judged.tokens[i]!, at);
    const { activations } = windows[i]!;
    for (let j = 0; j < judged.tokens[i]!.length; j++, at++) {
      documents[at] = ids[i]!;
      if (activations[j]! <= 0) continue;
      labels[at] = 1;
      nPositives++;
    }
  }
  return { labels, scores, documents, nPositives };
}

/** Where each window's tokens begin among those of all, and behind the last one their number. */
function startsOf({ tokens }: RuleJudgement): Uint32Array {
  const out = new Uint32Array(tokens.length + 1);
  for (const [i, { length }] of tokens.entries()) out[i + 1] = out[i]! + length;
  return out;
}

/**
 * The figure over tokens for each class of silent windows and each tenth of the firing ones, as `examFigures` has them
 * over windows; their intervals by DeLong with placements summed by document (`clusterDelong`).
 */
export function ruleTokenParts(exam: Exam, judged: RuleJudgement, headline: RuleFigure): ScoreParts {
  const of = (kind: string): number[] => exam.windows.flatMap((window, i) => (window.kind === kind ? [i] : []));
  const [firing, random] = [of('activating'), of('random')];
  const every = tokensOf(exam, judged, [...exam.windows.keys()]);
  // Fourteen parts of one exam: its tokens are put in order once.
  const { levels, count } = levelsOf(every.scores);
  const starts = startsOf(judged);
  const figure = (wanted: readonly number[]): Figure[] => {
    const total = wanted.reduce((sum, i) => sum + judged.tokens[i]!.length, 0);
    const [labels, documents, own] = [new Uint8Array(total), new Uint16Array(total), new Uint32Array(total)];
    let [at, nPositives] = [0, 0];
    for (const i of wanted) {
      for (let token = starts[i]!; token < starts[i + 1]!; token++, at++) {
        labels[at] = every.labels[token]!;
        documents[at] = every.documents[token]!;
        own[at] = levels[token]!;
        nPositives += labels[at]!;
      }
    }
    const found = clusterDelongOfLevels({ labels, documents, levels: own, count });
    if (found === null) return [];
    const { estimate, interval } = found;
    return [{ value: estimate, lower: interval?.low ?? null, upper: interval?.high ?? null, nPositives, nNegatives: labels.length - nPositives }];
  };
  const { value, interval, nPositives, nNegatives } = headline;
  const whole: Figure = { value, lower: interval?.low ?? null, upper: interval?.high ?? null, nPositives, nNegatives };
  const tenths = [...new Set(firing.flatMap((i) => exam.windows[i]!.quantile ?? []))].sort((a, b) => a - b);
  return {
    classes: NEGATIVE_CLASSES.flatMap((name) => {
      const silent = of(name);
      if (silent.length === 0) return [];
      // One figure has one interval, wherever it is shown.
      return (name === 'random' ? [whole] : figure([...firing, ...silent])).map((one) => ({ class: name, ...one }));
    }),
    quantiles: tenths.flatMap((quantile) =>
      figure([...firing.filter((i) => exam.windows[i]!.quantile === quantile), ...random]).map((one) => ({ quantile, ...one })),
    ),
    metrics: [],
  };
}

/** Balanced accuracy of a rule's decisions on the windows that are asked for, without an interval; null when a class is missing. */
export function ruleOverWindows({ positive }: Exam, judged: RuleJudgement, wanted: readonly number[]): RuleFigure | null {
  const labels = wanted.map((i) => positive[i]!);
  // Decisions given as 0 and 1 make the AUROC the balanced accuracy (see ClusteredExam.scores).
  const value = rocAuc(
    labels,
    wanted.map((i) => Number(judged.windows[i]!.fires)),
  );
  const nPositives = labels.filter(Boolean).length;
  return value === null ? null : { value, interval: null, nPositives, nNegatives: labels.length - nPositives };
}
