import Anthropic from '@anthropic-ai/sdk';
import type { MessageCreateParamsNonStreaming, MessageParam, TextBlockParam } from '@anthropic-ai/sdk/resources/messages';
import { z } from 'zod';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import type { CallFailure } from './call-failure.ts';
import { UNRECORDED, type ChatClient, type ChatReply, type ChatRequest } from './chat-client.ts';
import { EndpointCalls, type EndpointOptions, type Outcome } from './endpoint-calls.ts';
import { looseJsonSchemaOf } from './json-schema.ts';
import { guessTokens } from './token-guess.ts';

/** Where Anthropic's models differ among one another. */
interface AnthropicDialect {
  /** Takes `output_config.format`; models before 4.5 do not. */
  schema: boolean;
  /** From Opus 4.7 on, models only have their own temperature. */
  temperature: boolean;
}

type BareReply = Omit<ChatReply, 'durationMs'>;

const messageSchema = z.object({
  type: z.literal('message'),
  content: z.array(z.object({ type: z.string(), text: z.string().optional() })),
  stop_reason: z.string().nullish(),
  usage: z.object({
    input_tokens: z.number(),
    output_tokens: z.number(),
    cache_read_input_tokens: z.number().nullish(),
    cache_creation_input_tokens: z.number().nullish(),
  }),
});

/** Anthropic's word → the one that the rest of the house knows. */
const FINISH: Readonly<Record<string, string>> = { end_turn: 'stop', stop_sequence: 'stop', max_tokens: 'length', model_context_window_exceeded: 'length' };

/**
 * Anthropic's own API through the official package: instructions apart from the conversation, the part that all latents
 * share marked for its prefix cache, answers held to a JSON schema where the model can. It gives no log-probabilities
 * and takes no seed. Retries are ours, not the package's: it would sleep as long as `Retry-After` says, deaf to the
 * abort signal, and its time-out ends with the headers.
 */
export function createAnthropicChatClient(options: EndpointOptions): ChatClient {
  const api = new Anthropic({
    baseURL: options.baseUrl,
    // As with OpenAI's: nothing of another account may travel to this endpoint.
    apiKey: 'none',
    authToken: null,
    webhookKey: null,
    maxRetries: 0,
    timeout: 24 * 3_600_000,
    logLevel: 'off',
  });
  const calls = new EndpointCalls<ChatRequest, BareReply, AnthropicDialect>(options, {
    full: { schema: true, temperature: true },
    learn: (known, used) => ({ schema: known.schema && used.schema, temperature: known.temperature && used.temperature }),
    simpler,
    async send(request, dialect, key, signal) {
      const { data, response } = await api.messages
        .create(requestBody(options.model, request, dialect), { signal, headers: { Authorization: key === null ? null : `Bearer ${key}` } })
        .withResponse();
      return readMessage(data, request, dialect, response.headers);
    },
  });
  return {
    model: calls.model,
    endpoint: calls.endpoint,
    slots: calls.slots,
    chat: (request) => calls.call(request, guessTokens(request.messages) + request.maxTokens),
  };
}

function simpler(dialect: AnthropicDialect, failure: CallFailure, { schema }: ChatRequest): AnthropicDialect | null {
  if (failure.status !== 400) return null;
  if (dialect.temperature && failure.detail.includes('temperature')) return { ...dialect, temperature: false };
  return schema && dialect.schema && /output_config|output_format|json_schema|schema/.test(failure.detail) ? { ...dialect, schema: false } : null;
}

function requestBody(model: string, { messages, maxTokens, temperature, schema }: ChatRequest, dialect: AnthropicDialect): MessageCreateParamsNonStreaming {
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  return {
    model,
    max_tokens: maxTokens,
    ...(dialect.temperature && { temperature }),
    ...(system.length > 0 && { system: [cacheable(system.join('\n\n'))] }),
    messages: turns(messages.filter(({ role }) => role !== 'system')),
    ...(schema && dialect.schema && { output_config: { format: { type: 'json_schema', schema: looseJsonSchemaOf(schema.schema) } } }),
  };
}

/** Everything before the last question is the same for every latent: the cache is told to end there, and after the instructions. */
function turns(messages: readonly ChatMessage[]): MessageParam[] {
  return messages.map(({ role, content }, i) => ({
    role: role === 'assistant' ? 'assistant' : 'user',
    content: i === messages.length - 2 ? [cacheable(content)] : content,
  }));
}

const cacheable = (text: string): TextBlockParam => ({ type: 'text', text, cache_control: { type: 'ephemeral' } });

function readMessage(body: unknown, request: ChatRequest, dialect: AnthropicDialect, headers: Headers): Outcome<BareReply> {
  const parsed = messageSchema.safeParse(body);
  if (!parsed.success) return { failure: { kind: 'not_chat', status: null, code: null, param: null, headers: undefined, detail: '' } };
  const { content, stop_reason: reason, usage } = parsed.data;
  const tokensCached = usage.cache_read_input_tokens ?? 0;
  // `input_tokens` counts only what no cache had to do with.
  const tokensIn = usage.input_tokens + tokensCached + (usage.cache_creation_input_tokens ?? 0);
  return {
    headers,
    tokens: tokensIn + usage.output_tokens,
    reply: {
      text: content.map(({ type, text }) => (type === 'text' ? (text ?? '') : '')).join(''),
      tokensIn,
      tokensOut: usage.output_tokens,
      tokensCached,
      finishReason: reason ? (FINISH[reason] ?? reason) : null,
      structured: request.schema !== undefined && dialect.schema,
      temperature: dialect.temperature ? request.temperature : null,
      logprobs: null,
      ...UNRECORDED,
    },
  };
}
