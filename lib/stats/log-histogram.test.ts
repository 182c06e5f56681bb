import { expect, it } from 'vitest';
import { binOf, logEdges, logHistogram } from './log-histogram.ts';

it('cuts decades evenly and keeps an edge in the bin it begins', () => {
  expect([...logEdges(0.01, 100, 4)].map((e) => Number(e.toPrecision(12)))).toEqual([0.01, 0.1, 1, 10, 100]);
  const edges = logEdges(1, 8, 3);
  [...edges].forEach((edge, i) => expect(binOf(edges, edge)).toBe(Math.min(i, 2)));
});

it('counts everything once', () => {
  const histogram = logHistogram([0, -1, NaN, 0.5, 1, 2, 7.9, 8, 9, Infinity], 1, 8, 3);
  expect([...histogram.counts]).toEqual([1, 1, 2]);
  expect(histogram).toMatchObject({ below: 4, above: 2 });
});
