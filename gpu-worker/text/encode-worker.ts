import { parentPort, workerData } from 'node:worker_threads';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { errorMessage, isAppError } from '#lib/errors/app-error.ts';
import { encodeTexts } from './encode-texts.ts';

// A thread of encoder-pool.ts: answers each list of texts with their encodings, in the order they come.
const port = parentPort;
if (port === null) throw new Error('this file is a worker thread');
const tokenizer = openTokenizer((workerData as { dir: string }).dir);
port.on('message', (texts: string[]) => {
  void tokenizer
    .then((ready) => encodeTexts(ready, texts))
    .then(
      (encoded) =>
        port.postMessage(
          { encoded },
          encoded.flatMap(({ ids, signature }) => [ids.buffer as ArrayBuffer, signature.buffer as ArrayBuffer]),
        ),
      (error: unknown) => port.postMessage({ code: isAppError(error) ? error.code : 'internal', message: errorMessage(error) }),
    );
});
