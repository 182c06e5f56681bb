import { formatCount, formatScore, plural } from '#lib/format/number.ts';
import { STATUS_NAMES } from '#lib/latent/status-reason.ts';
import { runCallsSchema, runLatentsSchema, runScoresSchema, type RunScores } from '#lib/run/results.ts';
import { METRIC_NAMES, SCORER_NAMES } from '#lib/score/naming.ts';
import { scorerSchema } from '#lib/score/schema.ts';

/** What came of a run, for a terminal; nothing for what it did not do. The report has the rest. */
export function resultLines(results: Readonly<Record<string, unknown>>): string[] {
  const latents = runLatentsSchema.safeParse(results['latents']).data;
  const scores = runScoresSchema.safeParse(results['scores']).data;
  const llm = runCallsSchema.safeParse(results['llm']).data;
  return [
    ...(latents === undefined ? [] : [`Latents: ${Object.entries(latents).map(([status, n]) => `${formatCount(n)} ${STATUS_NAMES[status as keyof typeof STATUS_NAMES]}`).join(', ')}.`]), // prettier-ignore
    ...(scores === undefined || Object.keys(scores).length === 0 ? [] : scoreLines(scores)),
    ...(llm === undefined ? [] : [callsLine(llm), ...(llm.stopped ? [llm.stopped.message] : [])]),
  ];
}

function scoreLines(scores: RunScores): string[] {
  const rows = [
    ['Scores', '', 'median', '95 %', 'control', 'latents'],
    ...Object.entries(scores).map(([scorer, { metric, score, control }]) => [
      SCORER_NAMES[scorerSchema.parse(scorer)].name,
      METRIC_NAMES[metric],
      score === null ? 'none' : formatScore(score.median),
      score === null ? '' : `${formatScore(score.lower)} to ${formatScore(score.upper)}`,
      control === null ? '–' : formatScore(control.median),
      formatCount(score?.n ?? 0),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  '));
}

function callsLine({
  calls,
  reused,
  tokensIn,
  tokensOut,
  cost,
}: {
  calls: number;
  reused: number;
  tokensIn: number;
  tokensOut: number;
  cost: number | null;
}): string {
  const paid = cost === null ? 'at a price that is not known' : `for $${cost.toFixed(4)}`;
  return `Language model: ${plural(calls, 'call')} (${formatCount(reused)} more answered before), ${formatCount(tokensIn)} tokens in and ${formatCount(tokensOut)} out, ${paid}.`;
}
