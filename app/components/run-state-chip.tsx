import type { RunState } from '#lib/run/schema.ts';

/** How a run stands, in a word. */
export function RunStateChip({ state }: { state: RunState }) {
  return <span className={state === 'running' ? 'chip chip-on' : state === 'failed' ? 'chip chip-bad' : 'chip'}>{state}</span>;
}
