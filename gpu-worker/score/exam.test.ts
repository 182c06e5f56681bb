import { expect, it } from 'vitest';
import { ATLAS_PROTOCOL } from '#lib/example/protocol.ts';
import { window } from '#tests/doubles/windows.ts';
import { examOf, examShortfall } from './exam.ts';

const firing = (count: number, documents: number) =>
  Array.from({ length: count }, (_, i) => window(`{tax} ${i}`, { split: 'test', row: i, document: `p${i % documents}` }));
const silent = (count: number) => Array.from({ length: count }, (_, i) => window(`tea ${i}`, { split: 'test', row: 100 + i, document: `n${i}` }));

it('takes 30 windows of each kind and 5 documents, as the protocol says', () => {
  expect(examShortfall(examOf([...firing(30, 5), ...silent(30)]), ATLAS_PROTOCOL)).toBeNull();
  expect(examShortfall(examOf([...firing(29, 5), ...silent(50)]), ATLAS_PROTOCOL)).toContain('29 firing windows of 5 documents and 50 silent windows');
  expect(examShortfall(examOf([...firing(50, 5), ...silent(29)]), ATLAS_PROTOCOL)).not.toBeNull();
  expect(examShortfall(examOf([...firing(50, 4), ...silent(50)]), ATLAS_PROTOCOL)).toContain('4 documents');
  expect(examShortfall(examOf([]), ATLAS_PROTOCOL)).not.toBeNull();
});
