import { z } from 'zod';
import { UNRECORDED, type ChatClient, type ChatReply, type ChatRequest, type TokenLogprob } from './chat-client.ts';
import { FULL_DIALECT, learnt, simplerDialect, type Dialect } from './dialect.ts';
import { EndpointCalls, type EndpointOptions, type Outcome } from './endpoint-calls.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { jsonPoster, type HeadersRead } from './post-json.ts';
import { guessTokens } from './token-guess.ts';

export type OpenAiChatOptions = EndpointOptions;

const tokenSchema = z.object({
  token: z.string(),
  logprob: z.number(),
  top_logprobs: z.array(z.object({ token: z.string(), logprob: z.number() })).nullish(),
});
const completionSchema = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish() }),
        finish_reason: z.string().nullish(),
        // Older servers answer in the form of the completions API; that is as good as none.
        logprobs: z
          .object({ content: z.array(tokenSchema).nullish() })
          .nullish()
          .catch(null),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: z.number().nullish(),
      completion_tokens: z.number().nullish(),
      prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
      // DeepSeek's word for it.
      prompt_cache_hit_tokens: z.number().nullish(),
    })
    .nullish(),
});
/** OpenRouter reports a provider's failure with status 200 and the real one inside. */
const wrappedErrorSchema = z.object({ error: z.object({ code: z.union([z.number(), z.string()]).nullish(), message: z.string() }) });

type BareReply = Omit<ChatReply, 'durationMs'>;

/** Any OpenAI-compatible endpoint: OpenAI, OpenRouter, vLLM, SGLang, Ollama, llama.cpp, TGI and what speaks like them. */
export function createOpenAiChatClient(options: OpenAiChatOptions): ChatClient {
  const post = jsonPoster(options.baseUrl);
  const calls = new EndpointCalls<ChatRequest, BareReply, Dialect>(options, {
    full: FULL_DIALECT,
    learn: learnt,
    simpler: (dialect, failure, request) =>
      simplerDialect(dialect, failure, { schema: request.schema !== undefined, logprobs: request.logprobs !== undefined, seed: request.seed !== undefined }),
    async send(request, dialect, key, signal) {
      const { data, headers } = await post('chat/completions', requestBody(options.model, request, dialect), { key, signal });
      return readCompletion(data, request, dialect, headers);
    },
  });
  return {
    model: calls.model,
    endpoint: calls.endpoint,
    slots: calls.slots,
    chat: (request) => calls.call(request, guessTokens(request.messages) + request.maxTokens),
  };
}

function requestBody(model: string, { messages, maxTokens, temperature, schema, logprobs, seed }: ChatRequest, dialect: Dialect): Record<string, unknown> {
  return {
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    [dialect.tokenLimit]: maxTokens,
    ...(dialect.temperature && { temperature }),
    ...(schema &&
      dialect.schema && { response_format: { type: 'json_schema', json_schema: { name: schema.name, strict: true, schema: jsonSchemaOf(schema.schema) } } }),
    ...(logprobs && dialect.logprobs && { logprobs: true, ...(logprobs.top > 0 && { top_logprobs: logprobs.top }) }),
    ...(seed !== undefined && dialect.seed && { seed }),
  };
}

/** A failure that came with status 200, or with a body that is none of ours. */
export function failureInBody(body: unknown): { failure: Extract<Outcome<never>, { failure: unknown }>['failure'] } {
  const wrapped = wrappedErrorSchema.safeParse(body);
  if (!wrapped.success) return { failure: { kind: 'not_chat', status: null, code: null, param: null, headers: undefined, detail: '' } };
  const { code, message } = wrapped.data.error;
  const status = typeof code === 'number' ? code : 500;
  return { failure: { kind: 'status', status, code: typeof code === 'string' ? code : null, param: null, headers: undefined, detail: message } };
}

function readCompletion(body: unknown, request: ChatRequest, dialect: Dialect, headers: HeadersRead): Outcome<BareReply> {
  const parsed = completionSchema.safeParse(body);
  if (!parsed.success) return failureInBody(body);
  const { choices, usage } = parsed.data;
  const choice = choices[0] as (typeof choices)[number];
  const tokensIn = usage?.prompt_tokens ?? null;
  const tokensOut = usage?.completion_tokens ?? null;
  return {
    headers,
    tokens: tokensIn === null || tokensOut === null ? null : tokensIn + tokensOut,
    reply: {
      text: choice.message.content ?? '',
      tokensIn,
      tokensOut,
      tokensCached: usage?.prompt_tokens_details?.cached_tokens ?? usage?.prompt_cache_hit_tokens ?? null,
      finishReason: choice.finish_reason ?? null,
      structured: request.schema !== undefined && dialect.schema,
      temperature: dialect.temperature ? request.temperature : null,
      logprobs: request.logprobs === undefined ? null : (choice.logprobs?.content?.map(tokenLogprob) ?? null),
      ...UNRECORDED,
    },
  };
}

const LOWEST_LOGPROB = -9999;

function tokenLogprob({ token, logprob, top_logprobs: top }: z.infer<typeof tokenSchema>): TokenLogprob {
  const bounded = (value: number): number => Math.max(LOWEST_LOGPROB, value);
  return { token, logprob: bounded(logprob), top: (top ?? []).map((other) => ({ token: other.token, logprob: bounded(other.logprob) })) };
}
