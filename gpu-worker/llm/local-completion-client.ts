import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import type { TokenLikelihood } from '#gpu-worker/model/likelihood-graph.ts';
import type { Device } from '#gpu-worker/model/onnx.ts';
import { openTextLikelihood, type TextLikelihood } from '#gpu-worker/model/text-likelihood.ts';
import { openTokenizer, type Tokenizer } from '#gpu-worker/model/tokenizer.ts';
import { UNRECORDED } from './chat-client.ts';
import { tokensSince, type CompletionClient, type PromptToken } from './completion-client.ts';
import { Slots } from './slots.ts';

export interface LocalCompletionOptions {
  /** What the setting names: a folder, or a model of the hub. */
  model: string;
  /** Its folder, fetched first if need be. */
  locate(model: string): Promise<string>;
  /** The setting that names it, for messages. */
  setting: 'LLM_MODEL' | 'SURPRISAL_MODEL';
  threads?: number;
  device?: Device;
}

export interface LocalCompletionClient extends CompletionClient {
  /** Closes the model, if it was opened. */
  close(): Promise<void>;
}

/** As many prompts as fill the runtime's batches; an abort waits for no more. */
const TOGETHER = 16;
/** As many alternatives as anybody asks for; each costs a text in memory. */
const MAX_TOP = 100;

/**
 * A checkpoint of this machine, base or instruct, as a model that is read. It is opened by the first call; calls are
 * answered one after another, and what prompts share with one another and with the call before is read once. Begins
 * prompts with the token that the checkpoint's own template puts before a text, if any.
 */
export function createLocalCompletionClient(options: LocalCompletionOptions): LocalCompletionClient {
  const slots = new Slots(1);
  let opened: Promise<{ tokenizer: Tokenizer; reader: TextLikelihood }> | null = null;
  const open = async (): Promise<{ tokenizer: Tokenizer; reader: TextLikelihood }> => {
    opened ??= openModel(options);
    try {
      return await opened;
    } catch (cause) {
      // The next run may find what was missing now.
      opened = null;
      throw new AppError('upstream_failed', `The language model ${options.model} cannot be opened: ${errorMessage(cause)}`, { field: options.setting, cause });
    }
  };
  return {
    model: options.model,
    endpoint: 'local',
    slots: 1,
    together: TOGETHER,
    capabilities: () => Promise.resolve({ promptLogprobs: true, maxTop: MAX_TOP }),
    async promptLogprobs(prompts, { top = 0, since, signal } = {}) {
      try {
        return await slots.run(async () => {
          const { tokenizer, reader } = await open();
          const began = performance.now();
          const texts = prompts.map((prompt) => tokenizer.encodeWithSpecials(prompt));
          const read = await reader.read(texts, Math.min(top, MAX_TOP), signal);
          // A call's time, shared out: its prompts are read together.
          const durationMs = Math.round((performance.now() - began) / prompts.length);
          return texts.map((ids, i) => ({
            tokens: tokensSince(promptTokens(tokenizer, ids, read[i]!), since),
            ...{ tokensIn: ids.length, tokensOut: 0, tokensCached: null, durationMs },
            ...UNRECORDED,
          }));
        }, signal);
      } catch (cause) {
        if (signal?.aborted) throw new AppError('cancelled', 'Reading with the language model was stopped.', { retryable: true, cause: signal.reason });
        if (cause instanceof AppError && cause.code === 'upstream_failed') throw cause;
        throw new AppError('upstream_failed', `The language model ${options.model} gave no log-probabilities: ${errorMessage(cause)}`, { cause });
      }
    },
    async close() {
      const model = await opened?.catch(() => null);
      opened = null;
      await model?.reader.close();
    },
  };
}

async function openModel({ model, locate, threads, device }: LocalCompletionOptions): Promise<{ tokenizer: Tokenizer; reader: TextLikelihood }> {
  const dir = await locate(model);
  const checkpoint = await openCheckpoint(dir);
  const tokenizer = await openTokenizer(dir);
  return { tokenizer, reader: await openTextLikelihood({ checkpoint, threads, device }) };
}

function promptTokens(tokenizer: Tokenizer, ids: Int32Array, read: readonly TokenLikelihood[]): PromptToken[] {
  const texts = tokenizer.tokenStrings(ids);
  return read.map(({ logprob, top }, i) => ({
    token: texts[i]!,
    logprob,
    top: top.map((other) => ({ token: tokenizer.decode([other.id]), logprob: other.logprob })),
  }));
}
