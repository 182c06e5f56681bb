import { createHash } from 'node:crypto';
import type { ChatClient, ChatRequest } from './chat-client.ts';
import type { ReadOptions } from './completion-client.ts';
import { jsonSchemaOf } from './json-schema.ts';

/** Raised when the same request would no longer be answered alike, though its parts are the same. */
const VERSION = 1;

/** A request as it is kept beside its answer. */
export interface RequestRecord {
  version: number;
  model: string;
  endpoint: string;
  messages: [role: string, content: string][];
  maxTokens: number;
  temperature: number;
  schema: { name: string; schema: Record<string, unknown> } | null;
  logprobs: number | null;
  seed: number | null;
  attempt: number;
}

/** Everything that determines the answer to a request, as JSON in a fixed order: model, endpoint, words, parameters. */
export function requestText({ model, endpoint }: Pick<ChatClient, 'model' | 'endpoint'>, request: ChatRequest): string {
  const record: RequestRecord = {
    version: VERSION,
    model,
    endpoint,
    messages: request.messages.map(({ role, content }) => [role, content]),
    maxTokens: request.maxTokens,
    temperature: request.temperature,
    schema: request.schema ? { name: request.schema.name, schema: jsonSchemaOf(request.schema.schema) } : null,
    logprobs: request.logprobs?.top ?? null,
    seed: request.seed ?? null,
    attempt: request.attempt ?? 0,
  };
  return JSON.stringify(record);
}

/** The same of a prompt that is read and not answered: what stands in it, how many alternatives, from where on. */
export function readingText({ model, endpoint }: Pick<ChatClient, 'model' | 'endpoint'>, prompt: string, { top = 0, since }: ReadOptions): string {
  return JSON.stringify({ version: VERSION, model, endpoint, read: prompt, top, since: since ?? null });
}

/** SHA-256 of `requestText` or `readingText`, hex. */
export function requestHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
