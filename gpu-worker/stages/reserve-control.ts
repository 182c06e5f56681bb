import type { Pool } from 'pg';
import { controlLatent } from '#gpu-worker/score/control.ts';
import { BASELINE_METHOD } from '#gpu-worker/score/lift.ts';
import { currentExplanations, type CurrentExplanation } from './current-explanations.ts';
import { readyLatents } from './plan.ts';
import type { RunFacts } from './run-facts.ts';

/** What an explanation on the reserve is compared with. */
export interface ReserveOthers {
  /** Another latent's explanation, drawn by the run's seed as its own controls are. */
  control: CurrentExplanation | null;
  /** Why there is none, in a sentence; null where there is one. */
  controlMissing: string | null;
  /** The latent's own explanation by the lexical baseline. */
  baseline: CurrentExplanation | null;
}

/** A run's explanations for comparison. Whoever enters one is no method of the run: of the other latent's its best made one is taken, not the baseline. */
export async function reserveOthers(pool: Pool, run: RunFacts, latent: number): Promise<ReserveOthers> {
  const other = controlLatent(await readyLatents(pool, run), latent, run.config.seed);
  const found = await currentExplanations(pool, run, other === null ? [latent] : [latent, other]);
  const others = found.filter((one) => one.latent === other && one.latent !== latent);
  const control = others.find(({ method }) => method !== BASELINE_METHOD) ?? others[0] ?? null;
  return {
    control,
    controlMissing:
      control !== null ? null : other === null ? 'The run has no other latent to take it from.' : `Latent ${other}, drawn for it, has no explanation.`,
    baseline: found.find((one) => one.latent === latent && one.method === BASELINE_METHOD) ?? null,
  };
}
