import type { Pool } from 'pg';
import { protocolNamed } from '#lib/example/protocol.ts';
import { askedOf, type StageMethod } from '#lib/explanation/methods.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import { EXPLAIN_SETTINGS, type Evidence, type ExplainSettings, type Prepared } from '#gpu-worker/explain/explainer.ts';
import { EXPLAINER_OF } from '#gpu-worker/explain/explainers.ts';
import type { LatentProfile } from '#gpu-worker/explain/profile.ts';
import { route } from '#gpu-worker/explain/router.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import type { Attempt } from './explanation-attempts.ts';
import { loadExplainProfiles } from './explain-profiles.ts';
import { loadExamples, takenDownKey, type LoadedExamples } from './load-examples.ts';
import { requireChat } from './require-chat.ts';
import { requireFact, type RunFacts } from './run-facts.ts';

/** One explainer's question about one latent, with the key its answer is kept under. */
export interface Question {
  latent: number;
  asked: StageMethod | 'auto';
  method: StageMethod;
  /** Why this method, where statistics chose it. */
  reason: string | null;
  /** Whether it is put to a language model. */
  asks: boolean;
  prepared: Prepared;
  inputKey: string;
}

/** What a run has explanations made with. */
export function explainSettings({ config }: Pick<RunFacts, 'config'>): ExplainSettings {
  const { explainTemperature, highlightThreshold } = protocolNamed(config.protocol);
  return { ...EXPLAIN_SETTINGS, ...config.explain, temperature: explainTemperature, threshold: highlightThreshold, seed: config.seed };
}

/** The questions of a batch, and what is settled without one: latents that have no method, no windows, or nothing for a method to work on. */
export async function explainQuestions(
  services: { pool: Pool; chat: ChatClient | null },
  run: RunFacts,
  latents: readonly number[],
): Promise<{ questions: Question[]; settled: Attempt[] }> {
  const [examples, profiles] = [
    await loadExamples(services.pool, run.coderId, requireFact(run, 'sampleKey'), latents),
    await loadExplainProfiles(services.pool, run, latents),
  ];
  const questions: Question[] = [];
  const settled: Attempt[] = [];
  for (const latent of latents) {
    const loaded = examples.get(latent);
    const evidence = evidenceOf(latent, loaded, profiles.get(latent));
    for (const asked of askedOf(run.config.explainers)) {
      const question =
        evidence === null || loaded === undefined
          ? failed({ latent, asked, method: null, reason: null }, 'no_windows', 'No train window is left to show.')
          : questionOf(services, run, evidence, loaded, asked);
      if ('prepared' in question) questions.push(question);
      else settled.push(question);
    }
  }
  return { questions, settled };
}

/** A latent's train windows and statistics; null when takedowns have left no firing window. */
export function evidenceOf(latent: number, loaded: LoadedExamples | undefined, profile: LatentProfile | undefined): Evidence | null {
  const train = loaded?.examples.filter(({ split }) => split === 'train') ?? [];
  const firing = train.filter(({ kind }) => kind === 'activating');
  if (firing.length === 0 || profile === undefined) return null;
  return { latent, firing, silent: train.filter(({ kind }) => kind !== 'activating'), profile };
}

/** Prepares what `asked` asks of a latent. */
export function questionOf(
  services: { chat: ChatClient | null },
  run: RunFacts,
  evidence: Evidence,
  { takenDown }: LoadedExamples,
  asked: StageMethod | 'auto',
): Question | Attempt {
  const { latent } = evidence;
  const chosen = asked === 'auto' ? route(evidence) : { method: asked, reason: null };
  const { method, reason } = chosen;
  if (method === null) return failed({ latent, asked, method, reason }, 'not_explainable', reason ?? '');
  const { prepare, asks } = EXPLAINER_OF[method];
  const prepared = prepare(evidence, explainSettings(run));
  if (prepared.kind === 'unfit') return failed({ latent, asked, method, reason }, 'unfit', prepared.reason);
  const chat = asks ? requireChat(services) : null;
  const inputKey = contentKey({
    version: ALGORITHM_VERSIONS.llm,
    method,
    sample: requireFact(run, 'sampleKey'),
    ...(chat && { model: chat.model, endpoint: chat.endpoint }),
    ...takenDownKey(takenDown.train),
    ...prepared.key,
  });
  return { latent, asked, method, reason, asks, prepared, inputKey };
}

export const failed = (
  of: Pick<Attempt, 'latent' | 'asked' | 'method' | 'reason'>,
  cause: Extract<Attempt['outcome'], { cause: unknown }>['cause'],
  message: string,
): Attempt => ({ ...of, outcome: { cause, message } });
