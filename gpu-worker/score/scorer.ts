import type { Metric, Scorer as ScorerName, ScoreParts, Verdict } from '#lib/score/schema.ts';
import type { Interval } from '#lib/stats/interval.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import type { CompletionClient } from '#gpu-worker/llm/completion-client.ts';
import type { Usage } from '#gpu-worker/llm/usage.ts';
import type { Exam } from './exam.ts';

/** What a scorer cannot do without. `log_probs`: a model that says how likely it finds a given text. */
export type ScorerNeed = 'chat' | 'log_probs' | 'embedder' | 'nothing';

/** Why a window has no verdict: the model's answer could not be used, or the endpoint gave none. */
export const FAILURE_CAUSES = ['bad_answer', 'upstream'] as const;
export type FailureCause = (typeof FAILURE_CAUSES)[number];

/** One latent's exam, in the order in which it is judged. */
export interface LatentExam {
  latent: number;
  /** The run's. Every draw of a scorer takes `rngFor(seed, its name, purpose, latent, …)`. */
  seed: number;
  /** Firing windows and silent ones of every class that is asked about, in an order that depends on seed and latent alone. */
  exam: Exam;
  /** The latent's largest activation over all text; > 0. */
  maxActivation: number;
}

/** What a scorer may ask; null where the worker has none. A scorer checks for what it `needs` and for nothing else. */
export interface ScorerServices {
  chat: ChatClient | null;
  /** Tells how likely it finds the tokens of a text. */
  completions: CompletionClient | null;
  /** Unit vectors of texts, in their order. */
  embed: ((texts: readonly string[]) => Promise<Float32Array[]>) | null;
}

/** A score's numbers. `n…` count the headline's items alone: firing windows and silent ones of class `random`. */
export interface ScoreResult {
  /** Null when too few windows have a verdict, or the figure is not defined (a correlation without variance). */
  value: number | null;
  /** 95 %, respecting documents; null where they are too few to show how they differ. */
  interval: Interval | null;
  nPositives: number;
  nNegatives: number;
  nFailed: number;
  /** Why there is no value, in a sentence; null exactly where there is one. */
  failure: string | null;
  /** Windows without a verdict by cause, those of all classes. */
  failures: Record<FailureCause, number>;
  /** All windows of the exam in its order; a failed one has neither score nor right. */
  verdicts: Verdict[];
  /** By decile, by class of negatives, and in further metrics. */
  parts: ScoreParts;
  usage: Usage;
  /** What is known only afterwards: `temperature`, `structured`, `askedAlone` and the like. */
  provenance: Record<string, unknown>;
}

/** A way to score; the one interface of detection, fuzzing, intruder, simulation, surprisal and whatever comes. */
export interface Scorer {
  readonly name: ScorerName;
  readonly metric: Metric;
  /** What a scorer that knows nothing of the latent scores on average. */
  readonly nullValue: number;
  readonly needs: ScorerNeed;
  /** Whether it judges an explanation; intruder detection judges the latent. */
  readonly ofExplanation: boolean;
  /** Raised when any word of a prompt changes: `detection-3`. */
  readonly template: string;
  /** Everything else that determines the answers: part of a score's key and provenance. */
  readonly parameters: Record<string, string | number | boolean>;
  /**
   * What is asked, as one hash over all that is sent: two exams with one hash are one exam, and paid for once. Must not
   * ask anybody.
   *
   * @param explanation empty for the blank control, and for a scorer that is not of an explanation
   */
  examHash(latentExam: LatentExam, explanation: string): string;
  /**
   * Sits the exam. A window whose answer cannot be used, asked about again alone, counts as failed and never as wrong.
   *
   * @throws what `ChatClient.chat` throws when a setting must be changed first, or the signal aborts; an endpoint that
   *   fails single calls is counted under `failures.upstream` instead
   */
  score(latentExam: LatentExam, explanation: string, services: ScorerServices, signal: AbortSignal): Promise<ScoreResult>;
}
