import { expect, it } from 'vitest';
import { scoreProvenance } from './score-provenance.ts';

it('a score made here costs nothing; one from an endpoint’s vectors costs nobody knows what', () => {
  const began = performance.now() - 100;
  expect(scoreProvenance({ seed: 22 }, began)).toMatchObject({ seed: 22, calls: 0, cost: 0, tokensIn: 0 });
  expect(scoreProvenance({ seed: 22 }, began).durationMs).toBeGreaterThanOrEqual(100);
  expect(scoreProvenance({ seed: 22 }, began, 'api.example.com')).toMatchObject({ endpoint: 'api.example.com', calls: null, cost: null, tokensIn: null });
});
