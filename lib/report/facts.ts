import { formatCount } from '#lib/format/number.ts';
import { settingText } from '#lib/run/setting-text.ts';
import type { RunReport } from './schema.ts';

/** `Run 12: presidents-4m@sae-8k`. */
export const reportTitle = ({ run }: RunReport): string => `Run ${run.id}: ${run.model}@${run.coder}`;

/** What a report is of, as names and values. */
export function reportFacts({ run }: RunReport): [name: string, value: string][] {
  const facts: [name: string, value: string | null][] = [
    ['model', run.model],
    ['sparse coder', run.coder],
    ['text', run.text],
    ['tokens', run.tokens === null ? null : formatCount(run.tokens)],
    ['protocol', run.protocol],
    ['state', run.state],
    ['started', run.startedAt],
    ['took', run.seconds === null ? null : `${formatCount(run.seconds)} s`],
    ...rest(run.config),
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [[name, value] as [string, string]]));
}

const SAID = ['model', 'coder', 'text', 'tokens', 'protocol'];

/** The rest of its configuration, as its YAML names it. */
function rest(config: RunReport['run']['config']): [name: string, value: string][] {
  return Object.entries(config).flatMap(([name, value]) => (SAID.includes(name) ? [] : [[name, settingText(value)]]));
}
