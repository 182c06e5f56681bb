import { formatCount } from '#lib/format/number.ts';
import type { RunReport } from './schema.ts';

/** `Run 12: presidents-4m@sae-8k`. */
export const reportTitle = ({ run }: RunReport): string => `Run ${run.id}: ${run.model}@${run.coder}`;

/** What a report is of, as names and values. */
export function reportFacts({ run }: RunReport): [name: string, value: string][] {
  const facts: [string, string | null][] = [
    ['model', run.model],
    ['sparse coder', run.coder],
    ['text', run.text],
    ['tokens', run.tokens === null ? null : formatCount(run.tokens)],
    ['protocol', run.protocol],
    ['state', run.state],
    ['started', run.startedAt],
    ['took', run.seconds === null ? null : `${formatCount(run.seconds)} s`],
    ['configuration', JSON.stringify(run.config)],
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [[name, value] as [string, string]]));
}
