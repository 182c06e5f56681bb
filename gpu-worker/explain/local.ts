import type { Example } from '#lib/example/schema.ts';
import { windowIds } from './ask.ts';
import type { ExplainSettings, Prepared } from './explainer.ts';

/** The question of a method that asks nobody: its sentence follows from the evidence. `key`: what the sentence was made from. */
export function sayLocally(
  text: string,
  { template, firing, facts }: { template: string; firing: readonly Example[]; facts: Record<string, unknown> },
  { seed }: ExplainSettings,
): Prepared {
  return {
    kind: 'prepared',
    key: { template, text },
    shown: firing,
    explain: () => Promise.resolve({ kind: 'explained', text, provenance: { template, windows: windowIds(firing), seed, ...facts } }),
  };
}
