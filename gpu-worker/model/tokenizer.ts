import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { byteDecoder, joinTokenBytes, wholeText, type TokenBytes } from './token-bytes.ts';

// The largest in use (Gemma's, 262,144 entries) takes 34 MB.
const MAX_TOKENIZER_BYTES = 256 * 1024 * 1024;

const tokenizerSchema = z.looseObject({
  model: z.looseObject({ type: z.string().optional() }),
  added_tokens: z.array(z.looseObject({ id: z.number().int(), content: z.string() })).default([]),
  normalizer: z.unknown().default(null),
  pre_tokenizer: z.unknown().default(null),
  post_processor: z.unknown().default(null),
  decoder: z.unknown().default(null),
});
const tokenText = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();
const configSchema = z.looseObject({ bos_token: tokenText, eos_token: tokenText });

/** A checkpoint's tokenizer. */
export interface Tokenizer {
  /** One more than the largest token id. */
  vocabSize: number;
  /** The token every row begins with, or null when the tokenizer has none. */
  bosTokenId: number | null;
  eosTokenId: number | null;
  /** Token ids of a text, without special tokens around it. */
  encode(text: string): Int32Array;
  /** Token ids with the special tokens the checkpoint's own template puts around a text. */
  encodeWithSpecials(text: string): Int32Array;
  /** The bytes of UTF-8 text that a token stands for; none for an unknown id. */
  tokenBytes(id: number): Uint8Array;
  /** What each token shows, joining to the whole text: a character split over tokens is shown whole at the first of them. */
  tokenStrings(ids: Iterable<number>): string[];
  /** The text of some tokens. */
  decode(ids: Iterable<number>): string;
}

/**
 * Reads `tokenizer.json` (and `tokenizer_config.json`, when there is one) of a checkpoint folder. Throws AppError
 * 'not_found' or 'invalid_config'.
 */
export async function openTokenizer(dir: string): Promise<Tokenizer> {
  const path = join(dir, 'tokenizer.json');
  const definition = await readJson(tokenizerSchema, path, true);
  const config = (await readJson(configSchema, join(dir, 'tokenizer_config.json'), false)) ?? { bos_token: null, eos_token: null };
  let tokenizer: HuggingFaceTokenizer;
  try {
    tokenizer = new HuggingFaceTokenizer(definition, config);
  } catch (cause) {
    throw new AppError('invalid_config', `${path} describes a tokenizer that is not supported: ${errorMessage(cause)}`, { cause });
  }
  const bytes = tokenByteTable(tokenizer, definition);
  const idOf = (text: z.infer<typeof tokenText>): number | null => (text ? (tokenizer.token_to_id(typeof text === 'string' ? text : text.content) ?? null) : null);
  const tokenBytes = (id: number): Uint8Array => bytes[id] ?? new Uint8Array();
  // Nearly every token is whole characters; only windows with a split one pay for joining bytes (20 times as much).
  const whole = bytes.map((token) => wholeText(token));
  const tokenStrings = (ids: Iterable<number>): string[] => {
    const list = [...ids];
    const texts = list.map((id) => whole[id] ?? null);
    return texts.every((text) => text !== null) ? texts : joinTokenBytes(list.map(tokenBytes));
  };
  return {
    vocabSize: bytes.length,
    bosTokenId: idOf(config.bos_token),
    eosTokenId: idOf(config.eos_token),
    encode: (text) => Int32Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids),
    encodeWithSpecials: (text) => Int32Array.from(tokenizer.encode(text).ids),
    tokenBytes,
    tokenStrings,
    decode: (ids) => tokenStrings(ids).join(''),
  };
}

function tokenByteTable(tokenizer: HuggingFaceTokenizer, definition: z.infer<typeof tokenizerSchema>): Uint8Array[] {
  const toBytes: TokenBytes = byteDecoder(definition.decoder, definition.model.type);
  const added = new Map(definition.added_tokens.map((token) => [token.id, token.content]));
  const table: Uint8Array[] = [];
  for (const [token, id] of tokenizer.get_vocab()) {
    const literal = added.get(id);
    table[id] = literal === undefined ? toBytes(token) : new TextEncoder().encode(literal);
  }
  return table;
}

async function readJson<T extends z.ZodType>(schema: T, path: string, required: true): Promise<z.infer<T>>;
async function readJson<T extends z.ZodType>(schema: T, path: string, required: false): Promise<z.infer<T> | null>;
async function readJson<T extends z.ZodType>(schema: T, path: string, required: boolean): Promise<z.infer<T> | null> {
  const found = await stat(path).catch(() => null);
  if (!found) {
    if (!required) return null;
    throw new AppError('not_found', `${path} is missing: the checkpoint has no tokenizer in the format that is read here.`);
  }
  if (found.size > MAX_TOKENIZER_BYTES) throw new AppError('invalid_config', `${path} has ${found.size} bytes; a tokenizer has at most ${MAX_TOKENIZER_BYTES}.`);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new AppError('invalid_config', `${path} is not JSON: ${errorMessage(cause)}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AppError('invalid_config', `${path} is wrong at ${issue?.path.join('.') || 'its root'}: ${issue?.message ?? 'unknown'}.`);
}
