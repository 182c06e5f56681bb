import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatEndpoint } from '#tests/doubles/chat-endpoint.ts';
import { meaninglessLatents, plantedCoder, type PlantedLatent } from './latents.ts';
import { startOracle } from './oracle-endpoint.ts';
import { expectations, sitAll } from './sittings.ts';

/*
 * Over 300 latents whose meaning is known, an oracle that can follow it, and everything between them real: sampler,
 * prompts, HTTP, parsing, exam, figures. Here a part of the latents sits each exam, so that the suite stays fast;
 * `table.ts` sits all of them and prints what is found.
 */
const SEED = 22;

let honest: ChatEndpoint;
let careless: ChatEndpoint;
const CODER = plantedCoder({ seed: SEED, documents: 240 });
const { latents } = CODER;
const meaningless = meaninglessLatents(CODER, 90, SEED);
/** Exams that ask about each window alone cost five times as much. */
const every = (n: number): PlantedLatent[] => latents.filter(({ index }) => index % n === 0);
const TIMEOUT_MS = 300_000;
beforeAll(async () => {
  [honest, careless] = await Promise.all([startOracle(), startOracle({ errorRate: 0.1 })]);
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

describe.each(expectations(CODER))('$scorer ($oracle), on planted latents', (expectation) => {
  const { open, nullValue, atLeast, withErrors, ofExplanation, windows } = expectation;
  const sitting = windows === null ? every(4) : every(24);

  it(
    `finds at least ${atLeast} for true explanations`,
    async () => {
      const { mean, missing, nFailed } = await sitAll(await open(honest, SEED), sitting, ({ explanation }) => explanation, 1);
      expect(mean).toBeGreaterThanOrEqual(atLeast);
      expect([missing, nFailed]).toEqual([0, 0]);
    },
    TIMEOUT_MS,
  );

  it(
    `finds ${nullValue} for ${ofExplanation ? 'the explanation of something else' : 'latents that mean nothing'}`,
    async () => {
      const of = ofExplanation ? sitting : meaningless;
      const { mean, interval, missing, nFailed } = await sitAll(await open(honest, SEED), of, ({ wrong }) => wrong, nullValue);
      // Over all 324 it is within .03; over fewer, within .03 or four standard errors, half the width of an interval being two.
      expect(Math.abs(mean - nullValue)).toBeLessThan(Math.max(0.03, interval.high - interval.low));
      expect(nFailed).toBe(0);
      // A correlation with silence throughout is not defined.
      if (expectation.metric !== 'pearson_r') expect(missing).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    `finds ${withErrors} when one item in ten is judged wrongly`,
    async () => {
      const { mean, interval, missing, covering } = await sitAll(await open(careless, SEED), sitting, ({ explanation }) => explanation, withErrors);
      expect(Math.abs(mean - withErrors)).toBeLessThan(Math.max(0.015, interval.high - interval.low));
      expect(missing).toBe(0);
      expect(covering).toBeGreaterThan(0.85);
    },
    TIMEOUT_MS,
  );
});
