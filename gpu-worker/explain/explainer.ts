import type { AppError } from '#lib/errors/app-error.ts';
import type { Example } from '#lib/example/schema.ts';
import type { StageMethod } from '#lib/explanation/methods.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import type { Usage } from '#gpu-worker/llm/usage.ts';
import type { LatentProfile } from './profile.ts';

/** Everything an explainer may see of a latent. Windows are of train documents alone: none of them can be in an exam. */
export interface Evidence {
  latent: number;
  /** Windows in which it fires, strongest first; one at least. */
  firing: readonly Example[];
  /** Windows in which it is silent; may be none. */
  silent: readonly Example[];
  profile: LatentProfile;
}

export interface ExplainSettings {
  /** The run's; every draw adds what it is for and the latent. */
  seed: number;
  /** A token is highlighted where it fires above this share of its window's maximum. */
  threshold: number;
  /** Of every call but those of `best_of_k`. */
  temperature: number;
  /** Whether the strengths of highlighted tokens are listed below each window. */
  strengths: boolean;
  /** Whether the model writes notes before its phrase (chain of thought). */
  reasoning: boolean;
  /** Phrases that `best_of_k` chooses from. */
  candidates: number;
  /** Times that `refine` shows its mistakes, at most. */
  rounds: number;
}

/** What an explainer works with beside the evidence. */
export interface ExplainTools {
  /** Null when none is configured: for the explainers that ask none. */
  chat: ChatClient | null;
  /** Sentence vectors of length 1, one a text; a phrase is compared with windows as a query with documents. */
  embed(texts: readonly string[], side: 'query' | 'document'): Promise<Float32Array[]>;
  /** `bypass`: ask again what was answered before. */
  cache: 'use' | 'bypass';
}

export type WindowId = [row: number, start: number];

/** What there is to know about calls: all that is needed to ask the same again, and what it took. */
export interface CallRecord extends Usage {
  model: string;
  endpoint: string;
  maxTokens: number;
  /** Null where the endpoint only takes its own. */
  temperature: number | null;
  /** Whether the endpoint held every answer to a JSON schema. */
  structured: boolean;
  /** US dollars; null where one of the prices is not known. */
  cost: number | null;
  /** Where the raw prompts and answers lie in the artifact storage, the answer that was taken last. */
  raw: string[];
}

/** How an explanation came about, kept with it. */
export interface ExplainProvenance extends Partial<CallRecord> {
  /** Name and version of the prompt, or of the local method. */
  template: string;
  /** SHA-256 of the part of the prompt that is the same for every latent; absent where nothing is asked. */
  templateHash?: string;
  /** SHA-256 of the rendered prompt, the first where there are several. */
  promptHash?: string;
  /** Windows shown as firing and as silent. */
  windows: WindowId[];
  silentWindows?: WindowId[];
  seed: number;
  /** What else the method has to say of its choice. */
  [fact: string]: unknown;
}

export type ExplainOutcome =
  | { kind: 'explained'; text: string; provenance: ExplainProvenance }
  /** The model answered twice and neither could be used; `reasons` has one sentence for each. */
  | { kind: 'bad_answer'; reasons: string[]; usage: Usage; raw: string[] }
  /** The endpoint gave no answer for this prompt, or the run's budget allows no more. */
  | { kind: 'upstream'; error: AppError };

/** A question made ready, to be asked or found answered already. */
export interface Prepared {
  kind: 'prepared';
  /** Everything that determines the answer apart from the model: hashes of prompts and the method's own numbers. */
  key: Readonly<Record<string, string | number | boolean>>;
  /** What was shown: a takedown must find the explanations made from a document. */
  shown: readonly Example[];
  /**
   * A bad answer is asked for once more, then recorded: it is never kept as an explanation.
   *
   * @throws what `ChatClient.chat` throws when a setting must be changed first, or the signal aborts
   */
  explain(tools: ExplainTools, signal?: AbortSignal): Promise<ExplainOutcome>;
}

/** The method has nothing to work on for this latent. */
export interface Unfit {
  kind: 'unfit';
  /** A sentence. */
  reason: string;
}

/** One way to explain a latent. Preparing is pure; the same evidence and settings give the same question. */
export interface Explainer {
  readonly method: StageMethod;
  /** Whether it asks a language model. */
  readonly asks: boolean;
  prepare(evidence: Evidence, settings: ExplainSettings): Prepared | Unfit;
}

/** Settings of a run that says nothing else: the paper's, with atlas's temperature and threshold. */
export const EXPLAIN_SETTINGS: Omit<ExplainSettings, 'seed'> = {
  threshold: 0.3,
  temperature: 0,
  strengths: true,
  reasoning: false,
  candidates: 3,
  rounds: 2,
};
