import { AppError, errorMessage, isAppError } from '#lib/errors/app-error.ts';
import { rngFor } from '#lib/random/rng.ts';
import { openCachedDecoder } from '#gpu-worker/model/cached-decoder.ts';
import { formatChat, type ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import type { Device } from '#gpu-worker/model/onnx.ts';
import { createPrefixDecoder, type PrefixDecoder } from '#gpu-worker/model/prefix-decoder.ts';
import { stopTokens } from '#gpu-worker/model/stop-tokens.ts';
import { openTokenizer, type Tokenizer } from '#gpu-worker/model/tokenizer.ts';
import { answerForm, type FormPart } from './answer-form.ts';
import { UNRECORDED, type ChatClient, type ChatReply, type ChatRequest } from './chat-client.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { Slots } from './slots.ts';
import { writeForm } from './write-form.ts';

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

const ANYTHING: readonly FormPart[] = [{ kind: 'anything' }];

/**
 * An instruct checkpoint of this machine as a language model, in its own chat template. It is opened by the first call;
 * calls are answered one after another, each reading only what its prompt does not share with one of the last few. An
 * answer is held to its schema token by token (`answerForm` says which schemas); of others, and where there is none, the
 * model writes what it likes. Draws (temperature above 0) are the same for the same conversation and seed.
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

async function answer({ dir, tokenizer, stopIds, decoder }: OpenModel, request: ChatRequest): Promise<ChatReply> {
  const { messages, maxTokens, temperature, schema, logprobs, seed = 0, signal } = request;
  const began = performance.now();
  try {
    const prompt = tokenizer.encode(await format(dir, messages));
    const reading = await decoder.read(prompt, signal);
    const form = schema ? answerForm(jsonSchemaOf(schema.schema)) : null;
    const options = { maxTokens, temperature, rng: rngFor(seed, 'generate', 0), stopIds, top: logprobs?.top ?? null };
    const written = await writeForm(reading, tokenizer, form ?? ANYTHING, options);
    return {
      text: written.text,
      tokensIn: prompt.length,
      tokensOut: written.count,
      durationMs: Math.round(performance.now() - began),
      finishReason: written.ended,
      structured: form !== null,
      temperature,
      tokensCached: reading.reused,
      logprobs: written.logprobs,
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
