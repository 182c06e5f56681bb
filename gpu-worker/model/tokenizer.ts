import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { OutOfTime, withinTime } from './time-limit.ts';
import { byteDecoder, joinTokenBytes, wholeText, type TokenBytes } from './token-bytes.ts';

// The largest in use (Gemma's, 262,144 entries) takes 34 MB.
const MAX_TOKENIZER_BYTES = 256 * 1024 * 1024;
// A tokenizer from outside brings regular expressions, and one can be made to try for years. An honest one reads some
// 300,000 characters a second; a tenth of that, and ten seconds more, forgives a machine that is busy.
const LIMIT_MS = 10_000;
const LIMIT_MS_PER_CHARACTER = 0.03;
// The longest in use take a few hundred.
const MAX_PATTERN_CHARACTERS = 20_000;

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
  /** Token ids of a text, without special tokens around it. Throws AppError 'invalid_config' when the file's regular expressions take absurdly long. */
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
 * Reads `tokenizer.json` (and `tokenizer_config.json`, when there is one) of a checkpoint folder. Regular expressions in
 * it run under a limit of `limitMs`, and more for long texts. Throws AppError
 * 'not_found' or 'invalid_config'.
 */
export async function openTokenizer(dir: string, { limitMs = LIMIT_MS }: { limitMs?: number } = {}): Promise<Tokenizer> {
  const path = join(dir, 'tokenizer.json');
  const definition = await readJson(tokenizerSchema, path, true);
  const config = (await readJson(configSchema, join(dir, 'tokenizer_config.json'), false)) ?? { bos_token: null, eos_token: null };
  let tokenizer: HuggingFaceTokenizer;
  try {
    tokenizer = new HuggingFaceTokenizer(definition, config);
  } catch (cause) {
    throw new AppError('invalid_config', `${path} describes a tokenizer that is not supported: ${errorMessage(cause)}`, { cause });
  }
  const patterns = [...regularExpressions([definition.normalizer, definition.pre_tokenizer, definition.decoder])];
  if (patterns.some((pattern) => pattern.length > MAX_PATTERN_CHARACTERS))
    throw new AppError('invalid_config', `${path} holds a regular expression of more than ${MAX_PATTERN_CHARACTERS} characters.`);
  const encode = limited(path, patterns.length > 0 ? limitMs : null, (text, specials) =>
    Int32Array.from(tokenizer.encode(text, { add_special_tokens: specials }).ids),
  );
  const bytes = tokenByteTable(tokenizer, definition);
  const idOf = (text: z.infer<typeof tokenText>): number | null =>
    text ? (tokenizer.token_to_id(typeof text === 'string' ? text : text.content) ?? null) : null;
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
    encode: (text) => encode(text, false),
    encodeWithSpecials: (text) => encode(text, true),
    tokenBytes,
    tokenStrings,
    decode: (ids) => tokenStrings(ids).join(''),
  };
}

/** Encoding under a limit of time, where the file brings regular expressions of its own. */
function limited(path: string, limitMs: number | null, encode: (text: string, specials: boolean) => Int32Array): typeof encode {
  if (limitMs === null) return encode;
  return (text, specials) => {
    try {
      return withinTime(limitMs + text.length * LIMIT_MS_PER_CHARACTER, () => encode(text, specials));
    } catch (cause) {
      if (!(cause instanceof OutOfTime)) throw cause;
      throw new AppError(
        'invalid_config',
        `The regular expressions of ${path} take too long on a text of ${text.length} characters; they may be made to. ${cause.message}`,
        { cause },
      );
    }
  };
}

/** The regular expressions anywhere in a part of a tokenizer's definition: `{"Regex": "…"}`. */
function* regularExpressions(part: unknown): Generator<string> {
  if (part === null || typeof part !== 'object') return;
  for (const [key, value] of Object.entries(part)) {
    if (key === 'Regex' && typeof value === 'string') yield value;
    else yield* regularExpressions(value);
  }
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
  if (found.size > MAX_TOKENIZER_BYTES)
    throw new AppError('invalid_config', `${path} has ${found.size} bytes; a tokenizer has at most ${MAX_TOKENIZER_BYTES}.`);
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
