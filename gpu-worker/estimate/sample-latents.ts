import type { Pool } from 'pg';
import { sampleRecordSchema } from '#lib/example/sample-record.ts';
import type { Example } from '#lib/example/schema.ts';
import { NEGATIVE_CLASSES, type Protocol, type Sampler } from '#lib/example/protocol.ts';
import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import type { LatentProfile } from '#gpu-worker/explain/profile.ts';
import { loadExplainProfiles } from '#gpu-worker/stages/explain-profiles.ts';
import { loadExamples, type LoadedExamples } from '#gpu-worker/stages/load-examples.ts';
import type { RunFacts } from '#gpu-worker/stages/run-facts.ts';
import { maxActivations } from '#gpu-worker/stages/scorer-sittings.ts';

/** A latent to render prompts for. */
export interface SampleLatent {
  latent: number;
  loaded: LoadedExamples;
  profile: LatentProfile;
  peak: number;
}

/** Latents whose prompts are rendered: twelve give the mean length to a few per cent, in a second. */
const SAMPLED = 12;

/** Latents of the coder that stand sampled by the run's protocol, drawn at random; empty while there are none. */
export async function storedLatents(pool: Pool, run: RunFacts): Promise<{ latents: SampleLatent[]; sampleKey: string | null }> {
  const { rows } = await pool.query<{ latent: number; key: string }>(
    `SELECT l.index AS latent, l.sample_key AS key FROM latents l JOIN runs r ON r.id = l.run_id
      WHERE l.coder_id = $1 AND l.status = 'ready' AND l.sample_key IS NOT NULL AND r.protocol = $2
        AND l.sample_key = (SELECT sample_key FROM latents WHERE coder_id = $1 AND status = 'ready' AND sample_key IS NOT NULL ORDER BY updated_at DESC LIMIT 1)
      ORDER BY l.index`,
    [String(run.coderId), run.config.protocol],
  );
  const [first] = rows;
  if (first === undefined) return { latents: [], sampleKey: null };
  const drawn = sampleIndices(rngFor(run.config.seed, 'estimate'), rows.length, Math.min(SAMPLED, rows.length)).map((i) => rows[i]!.latent);
  const [examples, profiles, peaks] = [
    await loadExamples(pool, run.coderId, first.key, drawn),
    await loadExplainProfiles(pool, run, drawn),
    await maxActivations(pool, run, drawn),
  ];
  const latents = drawn.flatMap((latent): SampleLatent[] => {
    const [loaded, profile, peak] = [examples.get(latent), profiles.get(latent), peaks.get(latent)];
    return loaded && profile && peak ? [{ latent, loaded, profile, peak }] : [];
  });
  return { latents, sampleKey: first.key };
}

/** English has four to five letters a token with the space. */
const WORDS = [' and', ' house', ' the', ' running', ' of', ' a', ' people', ' in', ',', ' between', ' said', ' that'];

/** Latents made up by the protocol's numbers alone: as many windows of as many tokens, in words of English length. */
export function inventedLatents(protocol: Protocol, count: number): SampleLatent[] {
  return Array.from({ length: count }, (_, latent) => {
    const window = (i: number, split: Example['split'], kind: Example['kind']): Example => {
      const tokens = Array.from({ length: protocol.windowLength }, (__, t) => WORDS[(7 * latent + 3 * i + t) % WORDS.length]!);
      const activations = tokens.map((__, t) => (kind === 'activating' && t >= 14 && t < 16 ? 1 + ((i + t) % 5) : 0));
      const maxActivation = Math.max(...activations);
      return {
        ...{ row: i, start: protocol.windowLength * i, split, kind, tokens, activations, maxActivation },
        ...{
          quantile: kind === 'activating' ? i % protocol.quantiles : null,
          document: `${split}-${i}`,
          maxIndex: maxActivation > 0 ? activations.indexOf(maxActivation) : null,
        },
      };
    };
    const many = (n: number, split: Example['split'], kind: Example['kind'], from: number): Example[] =>
      Array.from({ length: n }, (__, i) => window(from + i, split, kind));
    const examples = [
      ...many(sizeOf(protocol.train, protocol), 'train', 'activating', 0),
      ...many(10, 'train', 'random', 1000),
      ...many(sizeOf(protocol.test, protocol), 'test', 'activating', 2000),
      ...NEGATIVE_CLASSES.flatMap((kind, k) => many(protocol.negatives[kind] ?? 0, 'test', kind, 3000 + 1000 * k)),
    ];
    const profile: LatentProfile = { frequency: 0.01, positionInformation: 0, positions: [], rowLength: 256, singleToken: null, tokens: [], logits: null };
    return { latent, loaded: { examples, takenDown: { train: [], test: [] }, record: sampleRecordSchema.parse({}) }, profile, peak: 5 };
  });
}

function sizeOf(sampler: Sampler, { quantiles }: Protocol): number {
  return sampler.kind === 'quantiles' ? sampler.perQuantile * quantiles : sampler.count;
}
