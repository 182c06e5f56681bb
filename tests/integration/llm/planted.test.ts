import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultExplainer } from '#gpu-worker/explain/default.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import { inFlight } from '#gpu-worker/llm/in-flight.ts';
import { createOpenAiChatClient } from '#gpu-worker/llm/openai-chat-client.ts';
import { controlLatent } from '#gpu-worker/score/control.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import { explainWith, PLAIN } from '#tests/doubles/evidence.ts';
import { startChatEndpoint, type ChatEndpoint, type Misbehaviour } from '#tests/doubles/chat-endpoint.ts';
import { plantedLatents, type PlantedLatent } from '#tests/doubles/planted.ts';
import { wordModel } from '#tests/doubles/word-model.ts';
import { detectionScorer } from '#gpu-worker/score/detection/detection.ts';
import { JUDGE_PARAMETERS } from '#gpu-worker/score/judge/ask-verdicts.ts';
import type { ScoreResult } from '#gpu-worker/score/scorer.ts';
import { shuffledExam } from '#gpu-worker/score/shuffled-exam.ts';

/*
 * Latents whose meaning is known, a model that can only read words, and everything between them real: prompts, HTTP,
 * parsing, exam, figures. What is true must score near 1, what is false near ½.
 */
const LATENTS = plantedLatents(30, 22);
const SEED = 22;
/** A fifth of the calls goes wrong in a way that a second try mends or that words around the answer explain. */
const FAULTS: Misbehaviour[] = [
  { kind: 'prose' },
  { kind: 'short_list' },
  { kind: 'truncated' },
  { kind: 'code_fence' },
  { kind: 'status', status: 500 },
  { kind: 'cut' },
];

let honest: ChatEndpoint;
let careless: ChatEndpoint;
beforeAll(async () => {
  honest = await startChatEndpoint({ answer: wordModel() });
  careless = await startChatEndpoint({
    answer: wordModel({ errorRate: 0.1 }),
    misbehave: (call) => (call % 5 === 0 ? (FAULTS[(call / 5) % FAULTS.length] as Misbehaviour) : null),
  });
});
afterAll(() => Promise.all([honest.close(), careless.close()]));

const clientOf = ({ baseUrl, model }: ChatEndpoint): ChatClient => createOpenAiChatClient({ baseUrl, model, apiKey: null, sleep: async () => undefined });

function judge(chat: ChatClient, { index, examples }: PlantedLatent, explanation: string): Promise<ScoreResult> {
  const latentExam = { latent: index, seed: SEED, exam: shuffledExam(examOf(examples), SEED, index), maxActivation: 10 };
  return detectionScorer(JUDGE_PARAMETERS).score(latentExam, explanation, { chat, completions: null, embed: null }, new AbortController().signal);
}

const judgeAll = (endpoint: ChatEndpoint, explanationOf: (latent: PlantedLatent) => string) => {
  const chat = clientOf(endpoint);
  return inFlight(LATENTS, 4, (latent) => judge(chat, latent, explanationOf(latent)));
};
const mean = (results: ScoreResult[]): number => results.reduce((sum, { value }) => sum + (value as number), 0) / results.length;

describe('detection of planted latents', () => {
  it('finds the words when asked to explain, and scores what it said at .95 or more', async () => {
    const chat = clientOf(honest);
    const explanations = await inFlight(LATENTS, 4, async ({ examples }) => {
      const firing = examples.filter(({ split }) => split === 'train');
      return explainWith(defaultExplainer, { evidence: { latent: 0, firing, silent: [], profile: PLAIN }, chat });
    });
    for (const [i, outcome] of explanations.entries()) {
      expect(outcome.kind).toBe('explained');
      for (const word of LATENTS[i]?.words ?? []) expect(outcome.kind === 'explained' && outcome.text).toContain(`“${word}”`);
    }
    const results = await judgeAll(honest, ({ index }) => (explanations[index] as { text: string }).text);
    expect(mean(results)).toBeGreaterThanOrEqual(0.95);
    for (const { value, interval, nFailed } of results) {
      expect(nFailed).toBe(0);
      expect(interval && interval.low > 0.6 && interval.low <= (value as number) && interval.high >= (value as number)).toBe(true);
    }
  });

  it('scores another latent’s explanation at a half', async () => {
    const all = LATENTS.map(({ index }) => index);
    const results = await judgeAll(honest, ({ index }) => (LATENTS[controlLatent(all, index, SEED) as number] as PlantedLatent).explanation);
    // A chance verdict on 50 + 50 windows has a standard error of at most .05; of the mean over 30, .01.
    expect(Math.abs(mean(results) - 0.5)).toBeLessThan(0.03);
  });

  it('counts neither faults of the endpoint nor answers that cannot be read as mistakes: .90 for a model wrong one time in ten', async () => {
    const results = await judgeAll(careless, ({ explanation }) => explanation);
    expect(careless.calls.some(({ status }) => status === 500)).toBe(true);
    // 3,000 verdicts, standard error .0055: four of them.
    expect(Math.abs(mean(results) - 0.9)).toBeLessThan(0.022);
    const failed = results.reduce((sum, { nFailed }) => sum + nFailed, 0);
    expect(failed / (LATENTS.length * 100)).toBeLessThan(0.03);
    for (const { nPositives, nNegatives, nFailed } of results) expect(nPositives + nNegatives + nFailed).toBe(100);
  });
});
