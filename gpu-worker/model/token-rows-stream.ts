import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';

/** Tokens handed on at a time. */
const BLOCK_TOKENS = 65_536;
const KEY = 'input_ids';
// A row is held in memory; the longest context in use is a million tokens.
const MAX_ROW_TOKENS = 1 << 24;

const [QUOTE, BACKSLASH, COMMA, COLON, MINUS] = [0x22, 0x5c, 0x2c, 0x3a, 0x2d];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, ZERO, NINE] = [0x5b, 0x5d, 0x7b, 0x7d, 0x30, 0x39];
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

export interface TokenRowsBlock {
  /** [rows, length], row-major. */
  ids: Int32Array;
  rows: number;
  length: number;
}

/** SHA-256 of a file in hex. Throws AppError 'not_found'. */
export async function fileSum(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of readFileChunks(path)) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * Reads `{"input_ids": [[…], …]}`, rows of equal length, piece by piece: memory does not depend on the file's size. Other
 * keys are passed over. Throws AppError 'not_found', or 'bad_request' naming the row at fault.
 */
export async function* streamTokenRows(path: string): AsyncGenerator<TokenRowsBlock> {
  const reader = new RowReader(path);
  for await (const chunk of readFileChunks(path)) {
    // Rows of one chunk may fill several blocks.
    for (let at = 0; at < chunk.length;) {
      at = reader.feed(chunk, at);
      if (reader.full) yield reader.take();
    }
  }
  reader.end();
  if (reader.rows > 0) yield reader.take();
}

async function* readFileChunks(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) yield chunk as Buffer;
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new AppError('not_found', `${path} cannot be read: ${errorMessage(cause)}`, { field: 'tokens', cause });
  }
}

type State =
  'start' | 'key or end' | 'key' | 'colon' | 'value' | 'skip' | 'rows' | 'row or end' | 'row' | 'after row' | 'ids' | 'id' | 'after id' | 'after value' | 'end';

/** A state machine over the file's bytes: one pass, no text, no objects. */
class RowReader {
  /** Complete rows not yet taken. */
  rows = 0;
  private readonly path: string;
  private state: State = 'start';
  private ids = new Int32Array(BLOCK_TOKENS);
  private used = 0;
  private length = -1;
  private row = 0;
  private inRow = 0;
  private id = 0;
  private name = '';
  private wanted = false;
  private found = false;
  private depth = 0;
  private inString = false;
  private escaped = false;

  constructor(path: string) {
    this.path = path;
  }

  get full(): boolean {
    return this.rows > 0 && (this.used >= BLOCK_TOKENS || this.ids.length - this.used < this.length);
  }

  take(): TokenRowsBlock {
    const block = { ids: this.ids.slice(0, this.rows * this.length), rows: this.rows, length: this.length };
    this.used = this.rows = 0;
    return block;
  }

  /** Takes bytes from `at` up to the end or the row that fills a block; returns where it stopped. */
  feed(bytes: Buffer, at: number): number {
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (this.state === 'id') {
        if (byte >= ZERO && byte <= NINE) {
          this.id = this.id * 10 + byte - ZERO;
          if (this.id > 0x7fffffff) throw this.badId();
          continue;
        }
        this.keepId();
      }
      this.step(byte);
      if (this.state === 'after row' && this.full) return at + 1;
    }
    return at;
  }

  end(): void {
    if (this.state !== 'end') throw this.bad('is not JSON: it ends too early');
    if (!this.found) throw this.bad(`has no list ${KEY}; {"input_ids": [[1, 2, …], …]} is expected`);
  }

  private step(byte: number): void {
    if (this.state === 'key') return this.stepKey(byte);
    if (this.state === 'skip') return this.stepSkip(byte);
    if (isSpace(byte)) return;
    switch (this.state) {
      case 'start':
        this.expect(byte, OPEN_OBJECT, 'key or end');
        return;
      case 'key or end':
        if (byte === CLOSE_OBJECT) this.state = 'end';
        else {
          this.name = '';
          this.expect(byte, QUOTE, 'key');
        }
        return;
      case 'colon':
        this.wanted = this.name === KEY;
        this.expect(byte, COLON, 'value');
        return;
      case 'value':
        if (this.wanted) {
          if (byte !== OPEN_LIST || this.found) throw this.bad(`has no list ${KEY}; {"input_ids": [[1, 2, …], …]} is expected`);
          this.found = true;
          this.state = 'row or end';
        } else {
          this.state = 'skip';
          this.depth = 0;
          this.stepSkip(byte);
        }
        return;
      case 'row or end':
      case 'rows':
        if (byte === CLOSE_LIST && this.state === 'row or end') throw this.bad(`has no row of tokens in ${KEY}`);
        if (byte !== OPEN_LIST) throw this.bad(`has no list of tokens at row ${this.row}`);
        this.inRow = 0;
        this.state = 'row';
        return;
      case 'row':
        if (byte === CLOSE_LIST) this.endRow();
        else this.beginId(byte);
        return;
      case 'ids':
        this.beginId(byte);
        return;
      case 'after id':
        if (byte === COMMA) this.state = 'ids';
        else if (byte === CLOSE_LIST) this.endRow();
        else throw this.badId();
        return;
      case 'after row':
        if (byte === COMMA) this.state = 'rows';
        else this.expect(byte, CLOSE_LIST, 'after value');
        return;
      case 'after value':
        if (byte === COMMA) this.state = 'key or end';
        else this.expect(byte, CLOSE_OBJECT, 'end');
        return;
      default:
        throw this.bad('is not JSON: something follows its end');
    }
  }

  private stepKey(byte: number): void {
    if (byte === QUOTE && !this.escaped) {
      this.state = 'colon';
      return;
    }
    this.escaped = byte === BACKSLASH && !this.escaped;
    // Longer names are not the one looked for, whatever they are.
    if (this.name.length <= KEY.length) this.name += String.fromCharCode(byte);
  }

  /** Passes over a value that is not looked for. */
  private stepSkip(byte: number): void {
    if (this.inString) {
      if (byte === QUOTE && !this.escaped) this.inString = false;
      this.escaped = byte === BACKSLASH && !this.escaped;
    } else if (byte === QUOTE) this.inString = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.depth++;
    else if (this.depth > 0 && (byte === CLOSE_LIST || byte === CLOSE_OBJECT)) this.depth--;
    else if (this.depth === 0 && (byte === COMMA || byte === CLOSE_OBJECT)) this.state = byte === COMMA ? 'key or end' : 'end';
  }

  private beginId(byte: number): void {
    if (byte < ZERO || byte > NINE) throw byte === MINUS ? this.bad(`has a number below 0 in row ${this.row}, which is no token id`) : this.badId();
    this.id = byte - ZERO;
    this.state = 'id';
  }

  private keepId(): void {
    if (this.used === this.ids.length) {
      if (this.inRow >= MAX_ROW_TOKENS) throw this.bad(`has more than ${MAX_ROW_TOKENS} tokens in row ${this.row}`);
      const larger = new Int32Array(2 * this.ids.length);
      larger.set(this.ids);
      this.ids = larger;
    }
    this.ids[this.used++] = this.id;
    this.inRow++;
    this.state = 'after id';
  }

  private endRow(): void {
    if (this.inRow === 0) throw this.bad(`has no row of tokens in ${KEY}`);
    if (this.length === -1) this.length = this.inRow;
    if (this.inRow !== this.length) throw this.bad(`has ${this.inRow} tokens in row ${this.row}, but ${this.length} in row 0; rows must be of equal length`);
    this.row++;
    this.rows++;
    this.state = 'after row';
  }

  private expect(byte: number, wanted: number, next: State): void {
    if (byte !== wanted) throw this.bad(`is not JSON: ${String.fromCharCode(wanted)} is expected where ${String.fromCharCode(byte)} stands`);
    this.state = next;
  }

  private badId(): AppError {
    return this.bad(`has something in row ${this.row} that is no token id`);
  }

  private bad(what: string): AppError {
    return new AppError('bad_request', `${this.path} ${what}.`, { field: 'tokens' });
  }
}
