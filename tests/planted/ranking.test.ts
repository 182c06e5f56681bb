import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultExplainer } from '#gpu-worker/explain/default.ts';
import { EXPLAIN_SETTINGS } from '#gpu-worker/explain/explainer.ts';
import type { LatentProfile } from '#gpu-worker/explain/profile.ts';
import { createOpenAiChatClient } from '#gpu-worker/llm/openai-chat-client.ts';
import { detectionScorer } from '#gpu-worker/score/detection/detection.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import { JUDGE_PARAMETERS } from '#gpu-worker/score/judge/ask-verdicts.ts';
import type { ScoreResult } from '#gpu-worker/score/scorer.ts';
import { shuffledExam } from '#gpu-worker/score/shuffled-exam.ts';
import { ATLAS_PROTOCOL, type Sampler } from '#lib/example/protocol.ts';
import type { Example } from '#lib/example/schema.ts';
import type { ChatEndpoint } from '#tests/doubles/chat-endpoint.ts';
import { LANGUAGE } from './language.ts';
import { activationsOf, examplesOf, plantedCoder } from './latents.ts';
import type { Meaning } from './meaning.ts';
import { startOracle } from './oracle-endpoint.ts';

/*
 * Latents that fire strongly on one thing and, as often, weakly on another: what the strongest windows show is less than
 * half of what they mean. An explanation made from windows of all strengths must score above one made from the strongest
 * (Paulo et al. 2024, §4.1: top below quantiles).
 */
const SEED = 22;
const LATENTS = 12;
const CODER = plantedCoder({ seed: SEED, documents: 240, count: 1 });
const ENDINGS = [...LANGUAGE.endings.keys()];
/** Frequency, position and logits are none of the default explainer's business. */
const NO_PROFILE: LatentProfile = { frequency: 0, positionInformation: 0, positions: [], rowLength: 0, singleToken: null, tokens: [], logits: null };

let endpoint: ChatEndpoint;
beforeAll(async () => {
  endpoint = await startOracle();
});
afterAll(() => endpoint.close());

const meaningOf = (latent: number): Meaning => [
  { kind: 'words', words: LANGUAGE.synonyms[latent * 7]! },
  { kind: 'ending', ending: ENDINGS[latent * 2]! },
];

/** The exam is the same whatever the evidence was: it is drawn apart from it. */
async function scoreOf(latent: number, train: Sampler): Promise<{ text: string; result: ScoreResult }> {
  const chat = createOpenAiChatClient({ baseUrl: endpoint.baseUrl, model: endpoint.model, apiKey: null, sleep: async () => undefined });
  const { signal } = new AbortController();
  const activations = activationsOf(CODER.index, latent, meaningOf(latent), SEED, (part) => ({ strength: part === 0 ? 8 : 2, spread: 0.1 }));
  const protocol = { ...ATLAS_PROTOCOL, negatives: { random: 50 }, train };
  const examples = examplesOf(CODER.corpus, { table: CODER.table, latent: activations, protocol, seed: SEED });
  const firing = examples.filter(({ split, kind }) => split === 'train' && kind === 'activating');
  const prepared = defaultExplainer.prepare({ latent, firing, silent: [], profile: NO_PROFILE }, { ...EXPLAIN_SETTINGS, seed: SEED });
  if (prepared.kind !== 'prepared') throw new Error(prepared.reason);
  const outcome = await prepared.explain({ chat, embed: () => Promise.resolve([]), cache: 'use' }, signal);
  if (outcome.kind !== 'explained') throw new Error(outcome.kind);
  const exam = shuffledExam(examOf(examples), SEED, latent);
  const scorer = detectionScorer({ ...JUDGE_PARAMETERS, windowsPerPrompt: 50 });
  const maxActivation = Math.max(...examples.map((example: Example) => example.maxActivation));
  const result = await scorer.score({ latent, seed: SEED, exam, maxActivation }, outcome.text, { chat, completions: null, embed: null }, signal);
  return { text: outcome.text, result };
}

describe('latents whose weak activations mean more than their strong ones', () => {
  it('are explained worse from their strongest windows than from windows of all strengths', async () => {
    const top: ScoreResult[] = [];
    const quantiles: ScoreResult[] = [];
    for (let latent = 0; latent < LATENTS; latent++) {
      const fromTop = await scoreOf(latent, { kind: 'top', count: 40 });
      const fromAll = await scoreOf(latent, ATLAS_PROTOCOL.train);
      expect(fromTop.text).not.toContain('ending');
      expect(fromAll.text).toContain('ending');
      top.push(fromTop.result);
      quantiles.push(fromAll.result);
    }
    for (let latent = 0; latent < LATENTS; latent++) expect(quantiles[latent]!.value! - top[latent]!.value!).toBeGreaterThan(0.1);
    const mean = (list: readonly ScoreResult[]): number => list.reduce((sum, { value }) => sum + value!, 0) / list.length;
    expect(mean(quantiles)).toBeGreaterThan(0.99);
    expect(mean(top)).toBeLessThan(0.85);
    // On the strongest tenth both know everything; what is missed lies among the weak.
    const tenth = ({ parts }: ScoreResult, quantile: number): number => parts.quantiles.find((part) => part.quantile === quantile)!.value;
    for (const result of top) expect([tenth(result, 0) > 0.99, tenth(result, 9) < 0.7]).toEqual([true, true]);
  }, 120_000);
});
