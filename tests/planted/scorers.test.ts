import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatEndpoint } from '#tests/doubles/chat-endpoint.ts';
import { plantedCoder, type PlantedLatent } from './latents.ts';
import { startOracle } from './oracle-endpoint.ts';
import { EXPECTATIONS, sitAll } from './sittings.ts';

/*
 * Over 300 latents whose meaning is known, an oracle that can follow it, and everything between them real: sampler,
 * prompts, HTTP, parsing, exam, figures. `table.ts` prints what is found.
 */
const SEED = 22;

let honest: ChatEndpoint;
let careless: ChatEndpoint;
let latents: PlantedLatent[];
beforeAll(async () => {
  [honest, careless] = await Promise.all([startOracle(), startOracle({ errorRate: 0.1 })]);
  ({ latents } = plantedCoder({ seed: SEED, documents: 240 }));
});
afterAll(() => Promise.all([honest.close(), careless.close()]));

it('plants more than 300 latents of six kinds', () => {
  expect(latents.length).toBeGreaterThanOrEqual(300);
  expect([...new Set(latents.map(({ kind }) => (kind.includes('+') ? 'mixture' : kind)))].sort()).toEqual([
    'after',
    'ending',
    'mixture',
    'place',
    'topic',
    'words',
  ]);
});

describe.each(EXPECTATIONS)('$scorer, on planted latents', ({ open, nullValue, atLeast, withErrors }) => {
  it(`finds at least ${atLeast} for true explanations`, async () => {
    const { mean, missing, nFailed } = await sitAll(await open(honest, SEED), latents, ({ explanation }) => explanation, 1);
    expect(mean).toBeGreaterThanOrEqual(atLeast);
    expect([missing, nFailed]).toEqual([0, 0]);
  });

  it(`finds ${nullValue} ± .03 for the explanation of something else`, async () => {
    const { mean, missing } = await sitAll(await open(honest, SEED), latents, ({ wrong }) => wrong, nullValue);
    expect(Math.abs(mean - nullValue)).toBeLessThan(0.03);
    expect(missing).toBe(0);
  });

  it(`finds ${withErrors} ± .01 when one item in ten is judged wrongly`, async () => {
    const { mean, missing, covering } = await sitAll(await open(careless, SEED), latents, ({ explanation }) => explanation, withErrors);
    // 324 exams of 100 items: standard error .0017 and more where documents matter; .01 is more than four of them.
    expect(Math.abs(mean - withErrors)).toBeLessThan(0.01);
    expect(missing).toBe(0);
    expect(covering).toBeGreaterThan(0.93);
  });
});
