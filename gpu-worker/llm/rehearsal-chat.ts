import { UNRECORDED, type ChatClient, type ChatRequest } from './chat-client.ts';
import { jsonSchemaOf } from './json-schema.ts';

/** Twelve words: what models say of a latent, in length. */
const PHRASE = 'Sums of money with their currency, in any country and century';

/** A request as it would be made, with the answer that it was given here. */
export interface Rehearsed {
  request: ChatRequest;
  answer: string;
}

/**
 * A client that asks nobody and answers everything with the smallest answer of the form that was asked for, so that a
 * method can be gone through to its end and its prompts measured before anything is paid for.
 */
export function rehearsalChat(of: Pick<ChatClient, 'model' | 'endpoint'>): ChatClient & { rehearsed: Rehearsed[] } {
  const rehearsed: Rehearsed[] = [];
  return {
    model: of.model,
    endpoint: of.endpoint,
    slots: 64,
    rehearsed,
    chat: async (request) => {
      const text = request.schema ? JSON.stringify(smallest(jsonSchemaOf(request.schema.schema))) : 'yes';
      rehearsed.push({ request, answer: text });
      const unknown = { tokensIn: null, tokensOut: null, tokensCached: null, logprobs: null };
      return { text, ...unknown, durationMs: 0, finishReason: 'stop', structured: true, temperature: request.temperature, ...UNRECORDED };
    },
  };
}

/** What is looked at of a JSON schema. */
interface Schema {
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  minItems?: number;
  minimum?: number;
}

/** The smallest value that a JSON schema of ours allows; texts are a phrase long. */
export function smallest(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const [option] = schema.anyOf ?? schema.oneOf ?? [];
  if (option) return smallest(option);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, smallest(inner)]));
    case 'array':
      return Array.from({ length: schema.minItems ?? 1 }, () => smallest(schema.items ?? {}));
    case 'integer':
    case 'number':
      return schema.minimum ?? 0;
    case 'boolean':
      return false;
    default:
      return PHRASE;
  }
}

/** A conversation as one text, for what prompts have in common. */
export function promptText({ messages }: Pick<ChatRequest, 'messages'>): string {
  return messages.map(({ role, content }) => `${role}\n${content}\n`).join('');
}

/** How many characters all texts begin with in common; all of it for one text, 0 for none. */
export function commonPrefix(texts: readonly string[]): number {
  const [first, ...others] = texts;
  if (first === undefined) return 0;
  let length = first.length;
  for (const other of others) {
    let same = 0;
    while (same < length && first[same] === other[same]) same++;
    length = same;
  }
  return length;
}
