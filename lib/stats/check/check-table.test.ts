import { expect, it } from 'vitest';
import { checkTable, tableNamed } from './check-table.ts';
import type { StatisticsTable } from './tables.ts';

const cases = [
  { name: 'in order', input: { labels: [0, 1], scores: [1, 2] }, expected: 1 },
  { name: 'ties', input: { labels: [0, 1], scores: [1, 1] }, expected: 0.5 },
];
const rocAuc = tableNamed('roc_auc') as StatisticsTable;

it('counts the cases and names the one that differs most', () => {
  expect(checkTable(rocAuc, { cases })).toEqual({ cases: 2, worst: 0, worstCase: null });
  const wrong = cases.map((one) => ({ ...one, expected: one.name === 'ties' ? 0.75 : one.expected }));
  expect(checkTable(rocAuc, { cases: wrong })).toEqual({ cases: 2, worst: 0.25, worstCase: { name: 'ties', path: '' } });
});

it('counts what a function refuses as a difference', () => {
  const check = checkTable(rocAuc, { cases: [{ name: 'uneven', input: { labels: [0, 1], scores: [1] }, expected: 1 }] });
  expect(check.worst).toBe(Infinity);
  expect(check.worstCase?.path).toContain('2 labels and 1 scores');
});

it('knows a table by the beginning of its name', () => {
  expect(tableNamed('roc_auc-more')).toBe(rocAuc);
  expect(tableNamed('roc_aucs')).toBeNull();
  expect(tableNamed('kappa')).toBeNull();
});
