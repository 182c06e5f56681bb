import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import type { DocumentPool } from './document.ts';
import { isCompressed, readCompressed } from './decompress.ts';
import { readColumn } from './read-column.ts';

const NEWLINE = 10;

/**
 * JSON lines, one document a line, known as `<name>:<line>`. One pass finds where lines begin, 8 bytes a line; documents
 * are read from the file when they are asked for. The contents go into `hash`, where there is one.
 */
export async function openJsonLines(path: string, name: string, column: string | null, hash: Hash | null): Promise<DocumentPool> {
  const held = isCompressed(path) ? await readCompressed(path) : null;
  const { starts, ends, lines, bytes } = await findLines(held === null ? createReadStream(path, { highWaterMark: 1 << 20 }) : Readable.from([held]), hash);
  return {
    count: starts.length,
    letters: bytes,
    async read(index) {
      const [from, to] = [starts[index]!, ends[index]!];
      const key = `${name}:${lines[index]! + 1}`;
      const text = held === null ? await readRange(path, from, to - from) : held.toString('utf8', from, to);
      return readColumn(parse(text, key), column, key);
    },
  };
}

/** Where each line that is not blank begins and ends, and its number from 0. */
async function findLines(stream: Readable, hash: Hash | null): Promise<{ starts: number[]; ends: number[]; lines: number[]; bytes: number }> {
  const [starts, ends, lines]: [number[], number[], number[]] = [[], [], []];
  let [at, start, line, blank] = [0, 0, 0, true];
  const close = (end: number): void => {
    if (!blank) {
      starts.push(start);
      ends.push(end);
      lines.push(line);
    }
    line++;
    start = end + 1;
    blank = true;
  };
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    hash?.update(bytes);
    for (let i = 0; i < bytes.length;) {
      const next = bytes.indexOf(NEWLINE, i);
      const end = next < 0 ? bytes.length : next;
      // Blank lines, a byte of a Windows line end included, are none.
      for (let j = i; blank && j < end; j++) blank = bytes[j]! <= 32;
      if (next >= 0) close(at + next);
      i = end + 1;
    }
    at += bytes.length;
  }
  close(at);
  return { starts, ends, lines, bytes: at };
}

async function readRange(path: string, from: number, length: number): Promise<string> {
  const handle = await open(path);
  try {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await handle.read(buffer, 0, length, from);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function parse(text: string, key: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('corrupt_file', `${key} is not JSON: ${errorMessage(cause)}`, { cause, field: 'text' });
  }
}
