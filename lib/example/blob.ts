import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { AppError } from '#lib/errors/app-error.ts';
import { NEGATIVE_CLASSES } from './protocol.ts';
import type { Example, Split } from './schema.ts';

/**
 * All examples of one latent as one compressed blob, so that a latent page is one row read and needs no tokenizer.
 *
 * Layout (version 1), deflated: a JSON header of shared tables (token strings, document keys), its byte length in
 * front (u32), then a packed little-endian body of one record a window:
 * `row u32, start u16, flags u8 (split | kind << 2), quantile u8 (255: none), document u16, length u8` followed by
 * `length` token table indices (u16) and `length` activations (f32). An activation of 0 is silence.
 */
const VERSION = 1;
/** A blob decodes to a few hundred kB; past this it is not one of ours (a crafted deflate bomb, say). */
const MAX_DECODED_BYTES = 16 * 2 ** 20;
/** Half the time of zlib's default for a twelfth more bytes. */
const COMPRESSION_LEVEL = 4;
const MAX_WINDOW_TOKENS = 255;
const NO_QUANTILE = 255;
const SPLITS: readonly Split[] = ['train', 'test', 'reserve'];
/** By their numbers in blobs that exist: new ones go to the end. */
const KINDS: readonly Example['kind'][] = ['activating', ...NEGATIVE_CLASSES];
const RECORD_BYTES = 4 + 2 + 1 + 1 + 2 + 1;

/** What is stored of a window; the strongest token and its value follow from the activations. */
export type StoredExample = Omit<Example, 'maxActivation' | 'maxIndex'>;

/** Encodes any number of windows of at most 255 tokens each. Throws AppError `too_large` beyond the format's limits. */
export function encodeExamples(examples: readonly StoredExample[]): Uint8Array {
  const tokens = new Map<string, number>();
  const documents = new Map<string, number>();
  const indexOf = (table: Map<string, number>, key: string): number => {
    const known = table.get(key);
    if (known !== undefined) return known;
    table.set(key, table.size);
    return table.size - 1;
  };
  const size = examples.reduce((sum, example) => sum + RECORD_BYTES + example.tokens.length * 6, 0);
  const body = Buffer.alloc(size);
  let at = 0;
  for (const example of examples) {
    const length = example.tokens.length;
    if (length > MAX_WINDOW_TOKENS || example.activations.length !== length) {
      throw new AppError('too_large', `A window holds 1 to ${MAX_WINDOW_TOKENS} tokens with one activation each, not ${length}.`);
    }
    at = body.writeUInt32LE(example.row, at);
    at = body.writeUInt16LE(example.start, at);
    at = body.writeUInt8(SPLITS.indexOf(example.split) | (KINDS.indexOf(example.kind) << 2), at);
    at = body.writeUInt8(example.quantile ?? NO_QUANTILE, at);
    at = body.writeUInt16LE(indexOf(documents, example.document), at);
    at = body.writeUInt8(length, at);
    for (const token of example.tokens) at = body.writeUInt16LE(indexOf(tokens, token), at);
    for (const activation of example.activations) at = body.writeFloatLE(activation, at);
  }
  if (tokens.size > 0xffff || documents.size > 0xffff) {
    throw new AppError('too_large', 'A latent’s examples hold more than 65,535 different tokens or documents.');
  }
  const header = Buffer.from(JSON.stringify({ version: VERSION, tokens: [...tokens.keys()], documents: [...documents.keys()], count: examples.length }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return deflateRawSync(Buffer.concat([length, header, body]), { level: COMPRESSION_LEVEL });
}

/** Decodes what `encodeExamples` wrote. Throws AppError `corrupt_file` for anything else. */
export function decodeExamples(bytes: Uint8Array): Example[] {
  try {
    return decode(inflateRawSync(bytes, { maxOutputLength: MAX_DECODED_BYTES }));
  } catch (cause) {
    throw new AppError('corrupt_file', 'This latent’s examples cannot be read; run the sample stage again.', { cause });
  }
}

function decode(data: Buffer): Example[] {
  const headerLength = data.readUInt32LE(0);
  const header = JSON.parse(data.toString('utf8', 4, 4 + headerLength)) as { version: number; tokens: string[]; documents: string[]; count: number };
  if (header.version !== VERSION) throw new RangeError(`example blob version ${header.version}`);
  const examples: Example[] = [];
  let at = 4 + headerLength;
  for (let i = 0; i < header.count; i++) {
    const row = data.readUInt32LE(at);
    const start = data.readUInt16LE(at + 4);
    const flags = data.readUInt8(at + 6);
    const quantile = data.readUInt8(at + 7);
    const document = header.documents[data.readUInt16LE(at + 8)];
    const length = data.readUInt8(at + 10);
    at += RECORD_BYTES;
    const tokens = Array.from({ length }, (_, j) => header.tokens[data.readUInt16LE(at + 2 * j)] as string);
    at += 2 * length;
    const activations = Array.from({ length }, (_, j) => data.readFloatLE(at + 4 * j));
    at += 4 * length;
    const split = SPLITS[flags & 3];
    const kind = KINDS[flags >> 2];
    if (document === undefined || split === undefined || kind === undefined) throw new RangeError('example record out of range');
    const maxActivation = Math.max(0, ...activations);
    examples.push({
      row,
      start,
      split,
      kind,
      quantile: quantile === NO_QUANTILE ? null : quantile,
      document,
      tokens,
      activations,
      maxActivation,
      maxIndex: maxActivation > 0 ? activations.indexOf(maxActivation) : null,
    });
  }
  if (at !== data.length) throw new RangeError('example blob has bytes left over');
  return examples;
}
