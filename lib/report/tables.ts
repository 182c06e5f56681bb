import { formatCount, formatScore, formatShare } from '#lib/format/number.ts';
import { METRIC_NAMES, SCORER_NAMES } from '#lib/score/naming.ts';
import type { Estimate, RunReport, Spread } from './schema.ts';

/** A table of a report, ready to be set in any markup. */
export interface ReportTable {
  title: string;
  /** What stands in it and how it was taken; empty where the title says all. */
  note: string;
  columns: string[];
  rows: string[][];
}

/** Scores over thousands of latents have intervals of a few thousandths. */
const DIGITS = 3;
const number = (value: number): string => formatScore(value, DIGITS);

/** `0.621 [0.583, 0.660]`. */
export function formatEstimate({ value, lower, upper }: Estimate): string {
  return lower === null || upper === null ? number(value) : `${number(value)} [${number(lower)}, ${number(upper)}]`;
}

const middle = (spread: Spread | null): string => (spread === null ? '–' : `${formatEstimate(spread.median)}, ${number(spread.q1)}–${number(spread.q3)}`);
const of = (method: string | null): string => method ?? '(the latent)';
const percent = ({ value, lower, upper }: Estimate): string =>
  lower === null || upper === null ? formatShare(value) : `${formatShare(value)} [${formatShare(lower)}, ${formatShare(upper)}]`;

/** The tables of a report that have rows, in reading order. */
export function reportTables(report: RunReport): ReportTable[] {
  const all = [
    ...[coverage(report), scores(report), quantiles(report), classes(report), precision(report), delphi(report)],
    ...[correlations(report), comparisons(report), failures(report), cost(report)],
  ];
  return all.filter(({ rows }) => rows.length > 0);
}

function coverage({ coverage: { latents, explained } }: RunReport): ReportTable {
  return {
    title: 'Coverage',
    note: 'Latents that the run looked at, by what became of them; then those that each method explained.',
    columns: ['', 'latents'],
    rows: [
      ...Object.entries(latents).map(([status, n]) => [status.replaceAll('_', ' '), formatCount(n)]),
      ...explained.map(({ method, explainers, latents: n }) => [`explained by ${method} (${explainers.join(', ')})`, formatCount(n)]),
    ],
  };
}

function scores({ lines }: RunReport): ReportTable {
  return {
    title: 'Scores',
    note: 'Median over latents with its 95 % interval, then the quartiles. The control is another latent’s explanation on the same exams; “above chance” counts latents whose own 95 % interval lies above it. Weighted by frequency, the mean is that of an activation drawn at random.',
    columns: [
      'explainer',
      'scorer',
      'metric',
      'chance',
      'latents',
      'median [95 %], quartiles',
      'control',
      'over control',
      'above chance',
      'weighted by frequency',
      'failed',
    ],
    rows: lines.map((line) => [
      of(line.method),
      SCORER_NAMES[line.scorer].name,
      METRIC_NAMES[line.metric],
      formatScore(line.nullValue),
      formatCount(line.score?.n ?? 0),
      line.score === null ? '–' : middle(line.score),
      line.control === null ? '–' : `${formatEstimate(line.control.median)} (${formatCount(line.control.n)})`,
      line.overControl === null ? '–' : formatEstimate(line.overControl.median),
      line.score === null ? '–' : percent(line.aboveNull),
      line.frequencyWeighted === null ? '–' : formatEstimate(line.frequencyWeighted),
      line.failedScores === 0 && line.failedItems === 0 ? '0' : `${formatCount(line.failedScores)} scores, ${formatCount(line.failedItems)} items`,
    ]),
  };
}

function quantiles({ quantiles: all }: RunReport): ReportTable {
  return {
    title: 'From the strongest windows to the weakest',
    note: 'Each tenth of the firing windows against the same random silent windows.',
    columns: ['explainer', 'scorer', 'tenth', 'latents', 'median [95 %], quartiles'],
    rows: all.map(({ method, scorer, quantile, score }) => [of(method), SCORER_NAMES[scorer].name, String(quantile + 1), formatCount(score.n), middle(score)]),
  };
}

function classes({ classes: all }: RunReport): ReportTable {
  return {
    title: 'By kind of silent window',
    note: 'Random windows are the headline; figures of different kinds are never averaged with one another.',
    columns: ['explainer', 'scorer', 'silent windows', 'latents', 'median [95 %], quartiles'],
    rows: all.map((one) => [of(one.method), SCORER_NAMES[one.scorer].name, one.class.replaceAll('_', ' '), formatCount(one.score.n), middle(one.score)]),
  };
}

function precision({ precision: all }: RunReport): ReportTable {
  const share = (of: RunReport['precision'][number]['precision']): string =>
    of === null ? '–' : `${formatEstimate({ ...of, value: of.median })}, ${number(of.q1)}–${number(of.q3)}`;
  return {
    title: 'At the rate at which latents fire',
    note: 'The exams above are half firing; text is not. For a random sample of latents: among many random silent windows, what share of the windows with a yes the latent really fires in, were they to come as often as they do in text. The median over latents with its 95 % interval, then the quartiles. Of the embedding, which only ranks, a yes is to be among the nearest windows, as many as it fires in.',
    columns: ['explainer', 'judge', 'latents', 'fire in (median)', 'precision', 'firing windows found', 'firing windows', 'silent windows', 'failed'],
    rows: all.map((line) => [
      ...[line.method, SCORER_NAMES[line.scorer].name],
      line.withValue === line.latents ? formatCount(line.latents) : `${formatCount(line.withValue)} of ${formatCount(line.latents)}`,
      ...[formatShare(line.medianRate), share(line.precision), share(line.firing)],
      ...[formatCount(line.nFiring), formatCount(line.nSilent), formatCount(line.nFailed)],
    ]),
  };
}

function delphi({ delphiPooled }: RunReport): ReportTable {
  return {
    title: 'As delphi sums it up',
    note: 'Of the imported verdicts. delphi puts the windows of all latents into one confusion table, so that a latent with more windows weighs more and the spread between latents is lost; the median over latents is ours.',
    columns: ['scorer', 'balanced accuracy, pooled', 'F1', 'precision', 'recall', 'windows', 'without a verdict', 'median over latents, ours', 'latents'],
    rows: (delphiPooled ?? []).map(({ scorer, latents, median, failed, pooled }) => [
      SCORER_NAMES[scorer].name,
      ...(pooled === null
        ? ['–', '–', '–', '–', '–']
        : [...[pooled.balancedAccuracy, pooled.f1, pooled.precision, pooled.recall].map(number), formatCount(pooled.windows)]),
      ...[formatCount(failed), median === null ? '–' : number(median), formatCount(latents)],
    ]),
  };
}

function correlations({ correlations: all }: RunReport): ReportTable {
  return {
    title: 'Scorers against one another',
    note: 'Over the latents that both scored, with 95 % intervals by resampling latents.',
    columns: ['explainer', 'scorers', 'latents', 'Pearson', 'Spearman'],
    rows: all.map(({ method, a, b, n, pearson, spearman }) => [
      method,
      `${SCORER_NAMES[a].name}, ${SCORER_NAMES[b].name.toLowerCase()}`,
      formatCount(n),
      formatEstimate(pearson),
      formatEstimate(spearman),
    ]),
  };
}

function comparisons({ comparisons: all }: RunReport): ReportTable {
  return {
    title: 'Comparisons',
    note: 'The first less the second, with 95 % intervals by resampling latents. Paired: latent by latent; within a run both sat the same exams, two runs may have drawn their own.',
    columns: ['first', 'second', 'scorer', 'metric', 'kind', 'latents', 'mean difference', 'median difference', 'first higher'],
    rows: all.map((one) => [
      ...[one.a, one.b, SCORER_NAMES[one.scorer].name, METRIC_NAMES[one.metric], one.kind, formatCount(one.n)],
      ...[difference(one.meanDifference), difference(one.medianDifference), one.aHigher === null ? '–' : percent(one.aHigher)],
    ]),
  };
}

/** Signed. */
function difference({ value, lower, upper }: Estimate): string {
  const signed = (of: number): string => `${of < 0 ? '−' : '+'}${number(Math.abs(of))}`;
  return lower === null || upper === null ? signed(value) : `${signed(value)} [${signed(lower)}, ${signed(upper)}]`;
}

function failures({ failures: all }: RunReport): ReportTable {
  return {
    title: 'Failures',
    note: 'Explanations that could not be made; of scores, the windows or questions of their exams that got no usable answer.',
    columns: ['stage', 'what', 'cause', 'n'],
    rows: all.map(({ stage, what, cause, n }) => [stage, what, cause, formatCount(n)]),
  };
}

function cost({ cost: { calls, tokensIn, tokensOut, usd } }: RunReport): ReportTable {
  const rows = [
    ['calls', formatCount(calls)],
    ['tokens in', formatCount(tokensIn)],
    ['tokens out', formatCount(tokensOut)],
    ['US dollars', usd === null ? 'not known: no price for the model' : usd.toFixed(2)],
  ];
  return { title: 'Language model', note: '', columns: ['', ''], rows: calls === 0 ? [] : rows };
}
