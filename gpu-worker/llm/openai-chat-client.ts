import OpenAI from 'openai';
import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { callFailure, describeFailure, isTransient, settingAtFault, type CallFailure } from './call-failure.ts';
import { UNRECORDED, type ChatClient, type ChatReply, type ChatRequest } from './chat-client.ts';
import { FULL_DIALECT, simplerDialect, type Dialect } from './dialect.ts';
import { MAX_ATTEMPTS, retryWait, sleep as realSleep, type Sleep } from './retry.ts';
import { Slots } from './slots.ts';

export interface OpenAiChatOptions {
  /** Where `/chat/completions` is, e.g. `http://localhost:11434/v1`. */
  baseUrl: string;
  /** Null: no Authorization header, as local servers have it. */
  apiKey: string | null;
  model: string;
  /** Calls at once. */
  slots?: number;
  /** Longest time for one attempt, to the answer's last byte. */
  timeoutMs?: number;
  sleep?: Sleep;
  random?: () => number;
}

/** Eight keep a hosted endpoint busy without tripping the limits of a new account. */
const DEFAULT_SLOTS = 8;
/** A 70B model on a laptop needs this for 500 tokens; two attempts of it fit a job many times over. */
const DEFAULT_TIMEOUT_MS = 120_000;
/** A hang has cost its whole time-out already; six would take as long as a job may. */
const MAX_TIMED_OUT_ATTEMPTS = 2;
const MAX_DETAIL_CHARACTERS = 200;

const completionSchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }), finish_reason: z.string().nullish() })).min(1),
  usage: z.object({ prompt_tokens: z.number().nullish(), completion_tokens: z.number().nullish() }).nullish(),
});
/** OpenRouter reports a provider's failure with status 200 and the real one inside. */
const wrappedErrorSchema = z.object({ error: z.object({ code: z.union([z.number(), z.string()]).nullish(), message: z.string() }) });

/**
 * Any OpenAI-compatible endpoint through the `openai` package.
 *
 * Retries are ours, not the package's (6.49): it would sleep as long as `Retry-After` says, deaf to the abort signal,
 * its time-out ends with the headers, and it gives up on a connection cut inside the body.
 */
export function createOpenAiChatClient(options: OpenAiChatOptions): ChatClient {
  return new OpenAiChatClient(options);
}

class OpenAiChatClient implements ChatClient {
  readonly model: string;
  readonly endpoint: string;
  readonly slots: number;
  readonly #api: OpenAI;
  readonly #key: string | null;
  readonly #timeoutMs: number;
  readonly #sleep: Sleep;
  readonly #random: () => number;
  readonly #slots: Slots;
  /** Learnt from refusals, so that only the first calls pay for finding out. */
  #dialect: Dialect = FULL_DIALECT;

  constructor({ baseUrl, apiKey, model, slots = DEFAULT_SLOTS, timeoutMs = DEFAULT_TIMEOUT_MS, sleep = realSleep, random = Math.random }: OpenAiChatOptions) {
    this.model = model;
    this.endpoint = new URL(baseUrl).host;
    this.slots = slots;
    this.#key = apiKey;
    this.#timeoutMs = timeoutMs;
    this.#sleep = sleep;
    this.#random = random;
    this.#slots = new Slots(slots);
    this.#api = new OpenAI({
      baseURL: baseUrl,
      // The package insists on a key, and takes whatever else it finds in the environment unless told otherwise:
      // another account's organisation must not travel to this endpoint.
      apiKey: apiKey ?? 'none',
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      defaultHeaders: apiKey === null ? { Authorization: null } : {},
      maxRetries: 0,
      timeout: timeoutMs,
      logLevel: 'off',
    });
  }

  async chat(request: ChatRequest): Promise<ChatReply> {
    const { signal } = request;
    try {
      return await this.#slots.run(() => this.#answer(request), signal);
    } catch (error) {
      if (signal?.aborted) throw new AppError('cancelled', 'The call to the language model was stopped.', { retryable: true, cause: signal.reason });
      throw error;
    }
  }

  async #answer(request: ChatRequest): Promise<ChatReply> {
    const began = performance.now();
    let dialect = this.#dialect;
    for (let attempt = 1; ;) {
      const outcome = await this.#attempt(request, dialect);
      if ('reply' in outcome) {
        this.#learn(dialect);
        return { ...outcome.reply, durationMs: Math.round(performance.now() - began) };
      }
      const { failure } = outcome;
      const simpler = simplerDialect(dialect, failure, request.schema !== undefined);
      if (simpler !== null) {
        dialect = simpler;
        continue;
      }
      const wait =
        isTransient(failure) && attempt < (failure.kind === 'timeout' ? MAX_TIMED_OUT_ATTEMPTS : MAX_ATTEMPTS)
          ? retryWait(attempt, failure.headers, this.#random(), Date.now())
          : null;
      if (wait === null) throw this.#error(failure, attempt);
      await this.#sleep(wait, request.signal);
      attempt += 1;
    }
  }

  /** One HTTP request; its clock runs until the last byte of the body. */
  async #attempt(request: ChatRequest, dialect: Dialect): Promise<{ reply: Omit<ChatReply, 'durationMs'> } | { failure: CallFailure }> {
    const { signal } = request;
    signal?.throwIfAborted();
    const controller = new AbortController();
    const stop = (): void => controller.abort();
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      stop();
    }, this.#timeoutMs);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const body: unknown = await this.#api.chat.completions.create(requestBody(this.model, request, dialect), { signal: controller.signal });
      return readCompletion(body, request, dialect);
    } catch (error) {
      signal?.throwIfAborted();
      return { failure: callFailure(error, timedOut) };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }

  #learn(used: Dialect): void {
    this.#dialect = {
      schema: this.#dialect.schema && used.schema,
      tokenLimit: used.tokenLimit === 'max_completion_tokens' ? used.tokenLimit : this.#dialect.tokenLimit,
      temperature: this.#dialect.temperature && used.temperature,
    };
  }

  /** The package's own error is not passed on as the cause: it may quote the key, and logs print causes. */
  #error(failure: CallFailure, attempts: number): AppError {
    const said = this.#redact(failure.detail).replace(/\s+/g, ' ').slice(0, MAX_DETAIL_CHARACTERS);
    const what = describeFailure(failure, attempts, this.#timeoutMs);
    const field = settingAtFault(failure);
    return new AppError('upstream_failed', `The language model ${this.model} at ${this.endpoint} ${what}.${said && ` It said: ${said}`}`, {
      retryable: isTransient(failure),
      ...(field !== null && { field }),
    });
  }

  #redact(text: string): string {
    return this.#key === null ? text : text.replaceAll(this.#key, '[key]');
  }
}

function requestBody(model: string, { messages, maxTokens, temperature, schema }: ChatRequest, dialect: Dialect): ChatCompletionCreateParamsNonStreaming {
  return {
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    [dialect.tokenLimit]: maxTokens,
    ...(dialect.temperature && { temperature }),
    ...(schema &&
      dialect.schema && { response_format: { type: 'json_schema', json_schema: { name: schema.name, strict: true, schema: jsonSchema(schema.schema) } } }),
  };
}

function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema);
  return rest;
}

function readCompletion(body: unknown, request: ChatRequest, dialect: Dialect): { reply: Omit<ChatReply, 'durationMs'> } | { failure: CallFailure } {
  const wrapped = wrappedErrorSchema.safeParse(body);
  if (wrapped.success) {
    const { code, message } = wrapped.data.error;
    const status = typeof code === 'number' ? code : 500;
    return { failure: { kind: 'status', status, code: typeof code === 'string' ? code : null, param: null, headers: undefined, detail: message } };
  }
  const parsed = completionSchema.safeParse(body);
  if (!parsed.success) return { failure: { kind: 'not_chat', status: null, code: null, param: null, headers: undefined, detail: '' } };
  const { choices, usage } = parsed.data;
  const choice = choices[0] as (typeof choices)[number];
  return {
    reply: {
      text: choice.message.content ?? '',
      tokensIn: usage?.prompt_tokens ?? null,
      tokensOut: usage?.completion_tokens ?? null,
      finishReason: choice.finish_reason ?? null,
      structured: request.schema !== undefined && dialect.schema,
      temperature: dialect.temperature ? request.temperature : null,
      tokensCached: null,
      logprobs: null,
      ...UNRECORDED,
    },
  };
}
