import { protocolNamed } from '#lib/example/protocol.ts';
import { rngFor } from '#lib/random/rng.ts';
import type { PrecisionFigures, PrecisionScorer } from '#lib/score/precision.ts';
import { ALGORITHM_VERSIONS } from '#gpu-worker/activations/keys.ts';
import { originOf } from '#gpu-worker/examples/shown-span.ts';
import { chatForRun } from '#gpu-worker/llm/chat-for-run.ts';
import { embeddingFigures } from '#gpu-worker/score/embedding/embedding-score.ts';
import { forAttempt } from '#gpu-worker/score/for-attempt.ts';
import { naturalPrecision, rankedPrecision } from '#gpu-worker/score/natural-precision.ts';
import { shuffledExam } from '#gpu-worker/score/shuffled-exam.ts';
import type { CurrentExplanation } from './current-explanations.ts';
import { lexicalResources } from './explain-lexical.ts';
import type { PrecisionWindows } from './precision-windows.ts';
import type { RunFacts } from './run-facts.ts';
import { runScorers } from './run-scorers.ts';
import { runWindowEmbeddings } from './sample-windows.ts';
import type { WorkerServices } from './services.ts';

/** Whose yes is looked at. */
export interface PrecisionJudge {
  scorer: PrecisionScorer;
  /** What of it determines the figures: a part of their key and of their provenance. */
  identity: Record<string, string | number>;
  judge(explanation: CurrentExplanation, windows: PrecisionWindows): Promise<PrecisionFigures>;
}

/** The embedder as it scores: yes to the windows nearest to the explanation. Throws AppError `not_found` where the run embedded no windows. */
export async function embeddingJudge(services: WorkerServices, run: RunFacts): Promise<PrecisionJudge> {
  const embedder = await services.embedder();
  const vectors = await runWindowEmbeddings(services, run, embedder.id);
  const { data } = await lexicalResources(services, run);
  const { windowLength } = protocolNamed(run.config.protocol);
  return {
    scorer: 'embedding',
    identity: { embedder: embedder.queryId },
    async judge({ latent, text }, { exam, rate }) {
      const own = await embedder.embed([text], 'query');
      const embedded = exam.windows.map((window) => vectors.vector(originOf(data, window, windowLength)));
      const { verdicts } = embeddingFigures({ latent, seed: run.config.seed, exam, maxActivation: 1 }, own, embedded, 'precision', { withParts: false });
      const scores = verdicts.map(({ score }) => score);
      return rankedPrecision(exam, scores, rate, rngFor(run.config.seed, 'precision', latent));
    },
  };
}

/** Detection by the run's language model. Throws AppError `invalid_config` without one. */
export async function detectionJudge(services: WorkerServices, run: RunFacts, signal: AbortSignal): Promise<PrecisionJudge> {
  const { seed, itemsPerPrompt, protocol } = run.config;
  const chat = forAttempt(chatForRun(services, run), { purpose: 'precision', attempt: 0, seed });
  const material = { run, frequency: () => Promise.reject(new Error('Detection marks nothing.')) };
  const [scorer] = await runScorers(material, ['detection']);
  return {
    scorer: 'detection',
    identity: {
      ...{ model: chat.model, endpoint: chat.endpoint, itemsPerPrompt: itemsPerPrompt ?? protocolNamed(protocol).itemsPerPrompt },
      ...{ scorersVersion: ALGORITHM_VERSIONS.scorers, template: scorer!.template, parameters: JSON.stringify(scorer!.parameters) },
    },
    async judge({ latent, text }, { exam: drawn, rate }) {
      const exam = shuffledExam(drawn, seed, latent);
      const { verdicts } = await scorer!.score({ latent, seed, exam, maxActivation: 1 }, text, { chat, completions: null, embed: null }, signal);
      const byWindow = new Map(verdicts.map(({ row, start, positive, right }) => [`${row}:${start}`, right === null ? null : right === positive]));
      const yes = exam.windows.map(({ row, start }) => byWindow.get(`${row}:${start}`) ?? null);
      return naturalPrecision(exam, yes, rate);
    },
  };
}
