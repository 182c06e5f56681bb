import type { Pool } from 'pg';
import { storedProfileSchema, type StoredProfile } from '#lib/latent/profile.ts';
import { concentrationOf } from '#gpu-worker/explain/concentration.ts';
import type { LatentProfile } from '#gpu-worker/explain/profile.ts';
import type { RunFacts } from './run-facts.ts';

/** What explainers need of some latents' statistics, by latent: as the run profiled them, else the little that the latent's own row says. */
export async function loadExplainProfiles(pool: Pool, run: RunFacts, latents: readonly number[]): Promise<Map<number, LatentProfile>> {
  const { rows } = await pool.query<{ latent: number; frequency: number; profile: unknown }>(
    `SELECT l.index AS latent, l.frequency, p.profile FROM latents l
       LEFT JOIN latent_profiles p ON p.coder_id = l.coder_id AND p.latent_index = l.index AND p.profile_key = $3
      WHERE l.coder_id = $1 AND l.index = ANY($2)`,
    [String(run.coderId), latents, run.results.profileKey ?? ''],
  );
  return new Map(
    rows.map(({ latent, frequency, profile }) => [latent, toExplainProfile(frequency, profile === null ? null : storedProfileSchema.parse(profile))]),
  );
}

function toExplainProfile(frequency: number, profile: StoredProfile | null): LatentProfile {
  const effects = profile?.logitEffects ?? null;
  return {
    frequency,
    positionInformation: profile?.positionInformation ?? 0,
    positions: profile?.positions ?? [],
    rowLength: profile?.rowLength ?? 0,
    singleToken: profile?.tokens?.singleToken ?? null,
    tokens: profile?.tokens?.byTotal ?? [],
    logits: effects && {
      promoted: effects.promoted.map(({ text }) => text),
      suppressed: effects.suppressed.map(({ text }) => text),
      concentration: concentrationOf({ greatest: effects.promoted.map(({ effect }) => effect), histogram: effects.histogram }),
    },
  };
}
