import { Worker } from 'node:worker_threads';
import { AppError, type ErrorCode } from '#lib/errors/app-error.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { encodeTexts, type EncodedText } from './encode-texts.ts';

export interface EncoderPool {
  /** Lists of texts that may be under way at once without waiting for one another. */
  width: number;
  encode(texts: readonly string[]): Promise<EncodedText[]>;
  close(): Promise<void>;
}

type Answer = { encoded: EncodedText[] } | { code: ErrorCode; message: string };

/**
 * Encodes texts by a checkpoint's tokenizer in `threads` worker threads, or in this one when 0. A thread takes half a
 * second to start, so that little text is sooner done without.
 */
export async function openEncoderPool(dir: string, threads: number): Promise<EncoderPool> {
  // Here as well, so that a missing or unsupported tokenizer is told before threads start.
  const tokenizer = await openTokenizer(dir);
  if (threads === 0) return { width: 1, encode: (texts) => Promise.resolve(encodeTexts(tokenizer, texts)), close: () => Promise.resolve() };
  const lanes = Array.from({ length: threads }, () => openLane(dir));
  let next = 0;
  return {
    width: 2 * threads,
    encode: (texts) => lanes[next++ % lanes.length]!.encode(texts),
    async close() {
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

function openLane(dir: string): { encode: (texts: readonly string[]) => Promise<EncodedText[]>; close: () => Promise<unknown> } {
  const worker = new Worker(new URL('./encode-worker.mjs', import.meta.url), { workerData: { dir }, execArgv: [] });
  const waiting: { resolve: (encoded: EncodedText[]) => void; reject: (error: unknown) => void }[] = [];
  worker.on('message', (answer: Answer) => {
    const asked = waiting.shift();
    if ('encoded' in answer) asked?.resolve(answer.encoded);
    else asked?.reject(new AppError(answer.code, answer.message));
  });
  const end = (error: unknown): void => {
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker.on('error', end);
  worker.on('exit', () => end(new AppError('internal', 'A tokenising thread ended.', { retryable: true })));
  return {
    encode: (texts) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        worker.postMessage(texts);
      }),
    close: () => worker.terminate(),
  };
}
