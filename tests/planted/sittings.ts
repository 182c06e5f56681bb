import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import { createOpenAiChatClient } from '#gpu-worker/llm/openai-chat-client.ts';
import { inFlight } from '#gpu-worker/llm/in-flight.ts';
import { windowText } from '#gpu-worker/llm/prompt-text.ts';
import { detect, DETECTION_PARAMETERS } from '#gpu-worker/score/detection/detect.ts';
import { detectionResult } from '#gpu-worker/score/detection/result.ts';
import { shuffledExam } from '#gpu-worker/score/detection/shuffled-exam.ts';
import { embeddingScore } from '#gpu-worker/score/embedding/embedding-score.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import { rngFor } from '#lib/random/rng.ts';
import type { Interval } from '#lib/stats/interval.ts';
import { studentTMultiplier } from '#lib/stats/student-t.ts';
import { openOpenAiEmbedder } from '#platform/embedder/openai-embedder.ts';
import type { ChatEndpoint } from '#tests/doubles/chat-endpoint.ts';
import type { PlantedLatent } from './latents.ts';

/** What became of one exam. */
export interface Sitting {
  value: number | null;
  interval: Interval | null;
  nFailed: number;
}

/** Sits planted exams against an oracle. */
export type Sit = (latent: PlantedLatent, explanation: string) => Promise<Sitting>;

/** What a scorer should find where everything is known. */
export interface Expectation {
  scorer: string;
  metric: string;
  /** What it needs of an endpoint. */
  oracle: 'chat' | 'embedding' | 'log-probabilities';
  nullValue: number;
  /** With the true explanation, at least, by an oracle without error. */
  atLeast: number;
  /** With the true explanation, by an oracle that errs in one item of ten. */
  withErrors: number;
  open: (endpoint: ChatEndpoint, seed: number) => Promise<Sit>;
}

const chatOf = ({ baseUrl, model }: ChatEndpoint): ChatClient => createOpenAiChatClient({ baseUrl, model, apiKey: null, sleep: async () => undefined });

/** Texts an exam's prompts hold: fewer calls than runs make, the same verdicts from an oracle that judges text by text. */
const WINDOWS_A_PROMPT = 50;

export const EXPECTATIONS: readonly Expectation[] = [
  {
    scorer: 'detection',
    metric: 'balanced accuracy',
    oracle: 'chat',
    nullValue: 0.5,
    atLeast: 0.99,
    withErrors: 0.9,
    open: async (endpoint, seed) => {
      const chat = chatOf(endpoint);
      return async ({ index, examples }, explanation) => {
        const exam = shuffledExam(examOf(examples), seed, index);
        const parameters = { ...DETECTION_PARAMETERS, windowsPerPrompt: WINDOWS_A_PROMPT };
        const { predictions } = await detect(chat, { explanation, texts: exam.windows.map(windowText) }, parameters);
        return detectionResult(exam, predictions, rngFor(seed, 'planted sitting', index));
      };
    },
  },
  {
    scorer: 'embedding',
    metric: 'AUROC',
    oracle: 'embedding',
    nullValue: 0.5,
    atLeast: 0.99,
    withErrors: 0.9,
    open: async (endpoint, seed) => {
      const embedder = await openOpenAiEmbedder({ baseUrl: endpoint.baseUrl, model: endpoint.model, apiKey: null });
      const known = new Map<string, Float32Array>();
      return async ({ index, examples }, explanation) => {
        const exam = examOf(examples);
        const texts = [...new Set([explanation, ...exam.windows.map(windowText)])];
        const open = texts.filter((text) => !known.has(text));
        for (const [i, vector] of (await embedder.embed(open)).entries()) known.set(open[i]!, vector);
        const vectors = exam.windows.map((window) => known.get(windowText(window))!);
        const scored = embeddingScore(exam, known.get(explanation)!, vectors, rngFor(seed, 'planted sitting', index));
        return scored ?? { value: null, interval: null, nFailed: exam.windows.length };
      };
    },
  },
];

export type Condition = 'true' | 'wrong' | 'errors';

/** Mean over latents with its interval (Student's t over latents), and what went wrong. */
export interface Summary {
  mean: number;
  interval: Interval;
  latents: number;
  /** Latents without a value, and items without a verdict. */
  missing: number;
  nFailed: number;
  /** Share of the latents whose interval holds the value that was to be found; null where any interval is missing. */
  covering: number | null;
}

const IN_FLIGHT = 8;

export async function sitAll(sit: Sit, latents: readonly PlantedLatent[], explanationOf: (latent: PlantedLatent) => string, truth: number): Promise<Summary> {
  const sittings = await inFlight(latents, IN_FLIGHT, (latent) => sit(latent, explanationOf(latent)));
  const values = sittings.flatMap(({ value }) => (value === null ? [] : [value]));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  const half = studentTMultiplier(0.95, values.length - 1) * Math.sqrt(variance / values.length);
  const covers = sittings.flatMap(({ interval }) => (interval ? [interval.low <= truth && truth <= interval.high] : []));
  return {
    mean,
    interval: { low: mean - half, high: mean + half },
    latents: values.length,
    missing: sittings.length - values.length,
    nFailed: sittings.reduce((sum, { nFailed }) => sum + nFailed, 0),
    covering: covers.length === sittings.length ? covers.filter(Boolean).length / covers.length : null,
  };
}
