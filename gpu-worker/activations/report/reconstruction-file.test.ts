import { expect, test } from 'vitest';
import { AppError } from '#lib/errors/app-error.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { reconstructionKey, storedReconstruction } from './reconstruction-file.ts';

const key = reconstructionKey({ activations: 'a', writeAt: 'layers.2', rows: 32, seed: 22 });
const failing = (code: 'unsupported' | 'out_of_memory' | 'corrupt_file') => () => Promise.reject(new AppError(code, `It is ${code}.`));

test('a coder that cannot be measured does not fail a run, and the reason is kept for the next', async () => {
  const artifacts = memoryArtifacts();
  const missing = { missing: 'It is unsupported.' };
  expect(await storedReconstruction(artifacts, key, failing('unsupported'))).toEqual(missing);
  expect(await storedReconstruction(artifacts, key, failing('corrupt_file'))).toEqual(missing);
});

test('what only this machine cannot do is not kept, and what should not happen is thrown', async () => {
  const artifacts = memoryArtifacts();
  expect(await storedReconstruction(artifacts, key, failing('out_of_memory'))).toEqual({ missing: 'It is out_of_memory.' });
  await expect(storedReconstruction(artifacts, key, failing('corrupt_file'))).rejects.toMatchObject({ code: 'corrupt_file' });
  expect(artifacts.files.size).toBe(0);
});

test('a damaged file is named', async () => {
  const artifacts = memoryArtifacts();
  await artifacts.write(key, Buffer.from('{}'));
  await expect(storedReconstruction(artifacts, key, failing('unsupported'))).rejects.toMatchObject({ code: 'corrupt_file' });
});
