import { inFlight } from '#gpu-worker/llm/in-flight.ts';
import { createOpenAiChatClient } from '#gpu-worker/llm/openai-chat-client.ts';
import { createOpenAiCompletionClient } from '#gpu-worker/llm/openai-completion-client.ts';
import { windowText } from '#gpu-worker/llm/prompt-text.ts';
import { detectionScorer } from '#gpu-worker/score/detection/detection.ts';
import { embeddingFigures } from '#gpu-worker/score/embedding/embedding-score.ts';
import { examFrom, examOf } from '#gpu-worker/score/exam.ts';
import { fuzzingScorer } from '#gpu-worker/score/fuzzing/fuzzing.ts';
import type { MarkingOptions } from '#gpu-worker/score/fuzzing/mark-exam.ts';
import { countTokenFrequency } from '#gpu-worker/score/fuzzing/token-traits.ts';
import { INTRUDER_PARAMETERS, intruderScorer } from '#gpu-worker/score/intruder/intruder.ts';
import { JUDGE_PARAMETERS } from '#gpu-worker/score/judge/ask-verdicts.ts';
import type { LatentExam, Scorer, ScorerServices } from '#gpu-worker/score/scorer.ts';
import { shuffledExam } from '#gpu-worker/score/shuffled-exam.ts';
import { jsonSimulationScorer, likelihoodSimulationScorer } from '#gpu-worker/score/simulation/simulation.ts';
import { surprisalScorer } from '#gpu-worker/score/surprisal/surprisal.ts';
import type { Example } from '#lib/example/schema.ts';
import type { Metric } from '#lib/score/schema.ts';
import type { Interval } from '#lib/stats/interval.ts';
import { studentTMultiplier } from '#lib/stats/student-t.ts';
import { openOpenAiEmbedder } from '#platform/embedder/openai-embedder.ts';
import type { ChatEndpoint } from '#tests/doubles/chat-endpoint.ts';
import type { PlantedCoder, PlantedLatent } from './latents.ts';

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
  metric: Metric;
  /** What it needs of an endpoint. */
  oracle: 'chat' | 'embedding' | 'log-probabilities';
  nullValue: number;
  /** With the true explanation, at least, by an oracle without error. */
  atLeast: number;
  /** With the true explanation, by an oracle that errs in one item of ten. */
  withErrors: number;
  /** Windows of each class in an exam, for scorers that ask about each alone; null: all 50. */
  windows: number | null;
  /** Whether it judges an explanation; its null is else found on latents without a meaning. */
  ofExplanation: boolean;
  open: (endpoint: ChatEndpoint, seed: number) => Promise<Sit>;
}

/** Texts that prompts hold: fewer calls than runs make, the same verdicts from an oracle that judges text by text. */
const JUDGING = { ...JUDGE_PARAMETERS, windowsPerPrompt: 50 };
const marking = ({ corpus }: PlantedCoder): MarkingOptions => {
  const counts = new Map<string, number>();
  for (const word of corpus.words) counts.set(` ${word}`, (counts.get(` ${word}`) ?? 0) + 1);
  return { threshold: 0.3, frequency: countTokenFrequency(counts) };
};

/** Every scorer with what it should find of a planted coder. */
export function expectations(coder: PlantedCoder): Expectation[] {
  const ofScorer = (
    scorer: Scorer,
    oracle: Expectation['oracle'],
    found: Pick<Expectation, 'atLeast' | 'withErrors'> & Partial<Pick<Expectation, 'windows'>>,
  ): Expectation => ({
    scorer: scorer.name,
    metric: scorer.metric,
    oracle,
    nullValue: scorer.nullValue,
    ofExplanation: scorer.ofExplanation,
    windows: null,
    ...found,
    open: (endpoint, seed) => {
      const services = servicesOf(endpoint);
      const { signal } = new AbortController();
      return Promise.resolve((latent, explanation) => scorer.score(latentExamOf(latent, seed, found.windows), explanation, services, signal));
    },
  });
  return [
    ofScorer(detectionScorer(JUDGING), 'chat', { atLeast: 0.99, withErrors: 0.9 }),
    ofScorer(fuzzingScorer(JUDGING, marking(coder)), 'chat', { atLeast: 0.99, withErrors: 0.9 }),
    // An error is another text of the five; a mixture that is shown once beside three times the other leaves a choice.
    ofScorer(intruderScorer({ ...INTRUDER_PARAMETERS, groups: 10 }, marking(coder)), 'chat', { atLeast: 0.95, withErrors: 0.875 }),
    // Strengths vary by 15 % and are not said: r is 1 / √(1 + .15²) = .99 at best. Windows taken the wrong way round leave a
    // tenth of the firing tokens silent and let one fire in a tenth of the silent windows.
    ofScorer(jsonSimulationScorer('ceil'), 'chat', { atLeast: 0.95, withErrors: 0.89, windows: 10 }),
    ofScorer(likelihoodSimulationScorer('ceil'), 'log-probabilities', { atLeast: 0.95, withErrors: 0.89, windows: 10 }),
    ofScorer(surprisalScorer(), 'log-probabilities', { atLeast: 0.99, withErrors: 0.9, windows: 10 }),
    {
      scorer: 'embedding',
      metric: 'auroc',
      oracle: 'embedding',
      nullValue: 0.5,
      atLeast: 0.99,
      withErrors: 0.9,
      windows: null,
      ofExplanation: true,
      open: sitEmbedding,
    },
  ];
}

/** A latent's exam as runs sit it; `windows` of each class where it is to be shorter. */
function latentExamOf({ index, examples }: PlantedLatent, seed: number, windows: number | null = null): LatentExam {
  const maxActivation = Math.max(...examples.map((example) => example.maxActivation));
  const exam = shuffledExam(examOf(examples), seed, index);
  const first = (kind: string): Example[] => exam.windows.filter((window) => window.kind === kind).slice(0, windows ?? undefined);
  return { latent: index, seed, exam: windows === null ? exam : examFrom([...first('activating'), ...first('random')]), maxActivation };
}

/** Exams as fuzzing marks them: for whoever looks for what the marks give away. */
export function plantedFuzzExams(coder: PlantedCoder, seed: number): { exams: LatentExam[]; marking: MarkingOptions } {
  return { exams: coder.latents.map((latent) => latentExamOf(latent, seed)), marking: marking(coder) };
}

function servicesOf(endpoint: ChatEndpoint): ScorerServices {
  const { baseUrl, model } = endpoint;
  const chat = createOpenAiChatClient({ baseUrl, model, apiKey: null, sleep: async () => undefined });
  return { chat, completions: createOpenAiCompletionClient({ baseUrl, model, apiKey: null }), embed: null };
}

async function sitEmbedding({ baseUrl, model }: ChatEndpoint, seed: number): Promise<Sit> {
  const embedder = await openOpenAiEmbedder({ baseUrl, model, apiKey: null });
  const known = new Map<string, Float32Array>();
  return async (latent, explanation) => {
    const exam = latentExamOf(latent, seed);
    const texts = exam.exam.windows.map(windowText);
    const open = [...new Set([explanation, ...texts])].filter((text) => !known.has(text));
    for (const [i, vector] of (await embedder.embed(open)).entries()) known.set(open[i]!, vector);
    return embeddingFigures(
      exam,
      known.get(explanation)!,
      texts.map((text) => known.get(text)!),
    );
  };
}

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
