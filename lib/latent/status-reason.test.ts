import { expect, it } from 'vitest';
import { sampleRecordSchema } from '#lib/example/sample-record.ts';
import { statusReason } from './status-reason.ts';

const counts = { tokenCount: 524_288, firingCount: 31, trainWindows: 12, testWindows: 1, trainDocuments: 2, testDocuments: 1 };

it('says why a latent has no explanation, with its own numbers', () => {
  expect(statusReason({ ...counts, status: 'ready' })).toBeNull();
  expect(statusReason({ ...counts, status: 'dead', firingCount: 0 })?.text).toContain('In 524,288 tokens of text it stayed silent');
  expect(statusReason({ ...counts, status: 'too_few_windows' })?.text).toContain(
    '31 tokens of 524,288, in 12 windows that could be evidence and 1 that could be its exam. To explain it and then test the explanation fairly takes 20 and 30,',
  );
  expect(statusReason({ ...counts, status: 'too_few_documents' })?.text).toContain(
    '2 documents that could be evidence and 1 that could be its exam. It takes 5 on each side',
  );
  // Enough of everything, but not in what was drawn.
  const enough = { ...counts, trainWindows: 300, testWindows: 308, trainDocuments: 7, testDocuments: 5 };
  expect(statusReason({ ...enough, status: 'too_few_documents' })?.text).toContain('the windows drawn are of fewer than 5');
  expect(statusReason({ ...enough, status: 'too_few_windows' })).toMatchObject({ title: 'This latent is silent in too few windows' });
});

it('says it of the protocol that the windows were drawn by', () => {
  const sample = sampleRecordSchema.parse({ protocol: 'paper' });
  expect(statusReason({ ...counts, trainWindows: 13, testWindows: 13, status: 'too_few_windows', sample })?.text).toContain(
    '31 tokens of 524,288, in 13 windows. By protocol paper a latent is explained when it fires on 200 tokens',
  );
});
