import { AppError, errorMessage, isAppError } from '#lib/errors/app-error.ts';
import { openCachedDecoder } from '#gpu-worker/model/cached-decoder.ts';
import { formatChat, type ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import type { Device } from '#gpu-worker/model/onnx.ts';
import { createPrefixDecoder, type PrefixDecoder } from '#gpu-worker/model/prefix-decoder.ts';
import { stopTokens } from '#gpu-worker/model/stop-tokens.ts';
import { openTokenizer, type Tokenizer } from '#gpu-worker/model/tokenizer.ts';
import { UNRECORDED, type ChatClient, type ChatReply, type ChatRequest } from './chat-client.ts';
import { Slots } from './slots.ts';

export interface LocalChatOptions {
  /** What the setting names: a folder, or a model of the hub. */
  model: string;
  /** Its folder, fetched first if need be. */
  locate(model: string): Promise<string>;
  threads?: number;
  device?: Device;
}

export interface LocalChatClient extends ChatClient {
  /** Closes the model, if it was opened. */
  close(): Promise<void>;
}

interface OpenModel {
  dir: string;
  tokenizer: Tokenizer;
  stopIds: readonly number[];
  decoder: PrefixDecoder;
  close(): Promise<void>;
}

/**
 * An instruct checkpoint of this machine as a language model, in its own chat template. It is opened by the first call;
 * calls are answered one after another, each reading only what its prompt does not share with the one before. A schema
 * is not enforced. Draws (temperature above 0) are the same for the same conversation and seed.
 */
export function createLocalChatClient(options: LocalChatOptions): LocalChatClient {
  const slots = new Slots(1);
  let opened: Promise<OpenModel> | null = null;
  const open = async (): Promise<OpenModel> => {
    opened ??= openModel(options);
    try {
      return await opened;
    } catch (cause) {
      // The next run may find what was missing now.
      opened = null;
      throw new AppError('upstream_failed', `The language model ${options.model} cannot be opened: ${errorMessage(cause)}`, { field: 'LLM_MODEL', cause });
    }
  };
  return {
    model: options.model,
    endpoint: 'local',
    slots: 1,
    async chat(request) {
      try {
        return await slots.run(async () => answer(await open(), request), request.signal);
      } catch (error) {
        if (request.signal?.aborted)
          throw new AppError('cancelled', 'The call to the language model was stopped.', { retryable: true, cause: request.signal.reason });
        throw error;
      }
    },
    async close() {
      const model = await opened?.catch(() => null);
      opened = null;
      await model?.close();
    },
  };
}

async function openModel({ model, locate, threads, device }: LocalChatOptions): Promise<OpenModel> {
  const dir = await locate(model);
  const checkpoint = await openCheckpoint(dir);
  const tokenizer = await openTokenizer(dir);
  // A base model has no template; better told now than by the first answer.
  await formatChat(dir, [{ role: 'user', content: 'Hello' }]);
  const decoder = await openCachedDecoder({ checkpoint, threads, device });
  return { dir, tokenizer, stopIds: await stopTokens(checkpoint, tokenizer), decoder: createPrefixDecoder(decoder), close: () => decoder.close() };
}

async function answer(
  { dir, tokenizer, stopIds, decoder }: OpenModel,
  { messages, maxTokens, temperature, seed = 0, signal }: ChatRequest,
): Promise<ChatReply> {
  const began = performance.now();
  try {
    const prompt = tokenizer.encode(await format(dir, messages));
    const { tokens, ended } = await decoder.continue(prompt, { maxTokens, temperature, topP: 1, seed, stopIds, signal });
    return {
      text: tokenizer.decode(tokens),
      tokensIn: prompt.length,
      tokensOut: tokens.length,
      durationMs: Math.round(performance.now() - began),
      finishReason: ended,
      structured: false,
      temperature,
      tokensCached: null,
      logprobs: null,
      ...UNRECORDED,
    };
  } catch (cause) {
    if (signal?.aborted || (isAppError(cause) && cause.code === 'upstream_failed')) throw cause;
    throw new AppError('upstream_failed', `The language model in ${dir} gave no answer: ${errorMessage(cause)}`, { cause });
  }
}

/** By the model's template; one that knows no system role (Gemma's) gets the instructions before the first question. */
async function format(dir: string, messages: readonly ChatMessage[]): Promise<string> {
  const [first, second, ...rest] = messages;
  try {
    return await formatChat(dir, messages);
  } catch (error) {
    if (first?.role !== 'system' || second?.role !== 'user' || !isAppError(error) || error.code !== 'invalid_config') throw error;
    return formatChat(dir, [{ role: 'user', content: `${first.content}\n\n${second.content}` }, ...rest]);
  }
}
