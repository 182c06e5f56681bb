import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { steppedClock } from '#tests/doubles/clocks.ts';
import { RateLimiter, type Permit } from './rate-limiter.ts';

const MINUTE = 60_000;

/** Lets promises settle; the clock stands meanwhile. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

/** Most of `amount` in any minute that begins with an event. */
function most(events: readonly { at: number; amount: number }[]): number {
  return Math.max(
    0,
    ...events.map(({ at }) => events.filter((other) => other.at >= at && other.at < at + MINUTE).reduce((sum, { amount }) => sum + amount, 0)),
  );
}

describe('limits per minute', () => {
  it('no minute, wherever it begins, sees more requests or more tokens than allowed; all are served in the end, in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          requestsPerMinute: fc.option(fc.integer({ min: 1, max: 300 })),
          tokensPerMinute: fc.option(fc.integer({ min: 2000, max: 50_000 })),
          slots: fc.integer({ min: 1, max: 20 }),
          calls: fc.array(
            fc.record({ pause: fc.integer({ min: 0, max: 3000 }), tokens: fc.integer({ min: 1, max: 800 }), takes: fc.integer({ min: 1, max: 5000 }) }),
            {
              minLength: 1,
              maxLength: 60,
            },
          ),
        }),
        async ({ requestsPerMinute, tokensPerMinute, slots, calls }) => {
          const clock = steppedClock();
          const limiter = new RateLimiter({ slots, limits: { requestsPerMinute, tokensPerMinute }, clock });
          const begun: { at: number; tokens: number; call: number }[] = [];
          let [underWay, peak] = [0, 0];
          for (const [call, { pause, tokens, takes }] of calls.entries()) {
            clock.advance(pause);
            await settle();
            void limiter.acquire(tokens).then((permit) => {
              begun.push({ at: clock.now(), tokens, call });
              peak = Math.max(peak, ++underWay);
              clock.after(takes, () => {
                underWay--;
                permit.end({ kind: 'answered', tokens });
              });
            });
            await settle();
          }
          for (let i = 0; i < 6000 && begun.length < calls.length; i++) {
            clock.advance(1000);
            await settle();
          }
          expect(begun.map(({ call }) => call)).toEqual(calls.map((_, call) => call));
          expect(peak).toBeLessThanOrEqual(slots);
          if (requestsPerMinute !== null) expect(most(begun.map(({ at }) => ({ at, amount: 1 })))).toBeLessThanOrEqual(requestsPerMinute);
          // A call larger than one second's worth may go out once that is there; the minute sees no more than that one too much.
          const largest = Math.max(...calls.map(({ tokens }) => tokens));
          const room = tokensPerMinute === null ? Infinity : tokensPerMinute + (largest > tokensPerMinute / 60 ? largest : 0);
          expect(most(begun.map(({ at, tokens }) => ({ at, amount: tokens })))).toBeLessThanOrEqual(room + 1e-6);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('uses what it may: a minute of a full queue is nine tenths full', async () => {
    const clock = steppedClock();
    const limiter = new RateLimiter({ slots: 1000, limits: { requestsPerMinute: 600, tokensPerMinute: null }, clock });
    let begun = 0;
    for (let i = 0; i < 2000; i++) void limiter.acquire(1).then(() => begun++);
    for (let i = 0; i < 60; i++) {
      clock.advance(1000);
      await settle();
    }
    expect(begun).toBeGreaterThanOrEqual(540);
    expect(begun).toBeLessThanOrEqual(600);
  });

  it('gives back the tokens that a call was thought to take and did not', async () => {
    const clock = steppedClock();
    const limiter = new RateLimiter({ slots: 10, limits: { requestsPerMinute: null, tokensPerMinute: 6000 }, clock });
    const first = await limiter.acquire(100);
    let second = false;
    void limiter.acquire(100).then(() => (second = true));
    await settle();
    expect(second).toBe(false);
    first.end({ kind: 'answered', tokens: 0 });
    await settle();
    expect(second).toBe(true);
  });
});

describe('after an overload', () => {
  const take = (limiter: RateLimiter, count: number): Promise<Permit[]> => Promise.all(Array.from({ length: count }, () => limiter.acquire(1)));

  it('halves what is under way, once for all that were overloaded together, and grows again by one a round', async () => {
    const clock = steppedClock();
    const limiter = new RateLimiter({ slots: 64, clock });
    const permits = await take(limiter, 64);
    clock.advance(100);
    for (const permit of permits) permit.end({ kind: 'overloaded' });
    expect(limiter.allowed).toBe(32);
    clock.advance(1);
    for (const permit of await take(limiter, 32)) permit.end({ kind: 'answered', tokens: null });
    // Σ 1/a over a round of a answers is a little less than one.
    expect(limiter.allowed).toBe(32);
    for (const permit of await take(limiter, 32)) permit.end({ kind: 'answered', tokens: null });
    expect(limiter.allowed).toBe(33);
  });

  it('stays between one and the slots, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 16 }),
        fc.array(fc.constantFrom('answered', 'overloaded', 'other'), { maxLength: 200 }),
        async (slots, ends) => {
          const clock = steppedClock();
          const limiter = new RateLimiter({ slots, clock });
          for (const kind of ends) {
            const permit = await limiter.acquire(1);
            clock.advance(1);
            permit.end(kind === 'answered' ? { kind, tokens: 1 } : { kind });
            permit.end({ kind: 'overloaded' });
            expect(limiter.allowed).toBeGreaterThanOrEqual(1);
            expect(limiter.allowed).toBeLessThanOrEqual(slots);
            expect(limiter.underWay).toBe(0);
          }
        },
      ),
    );
  });

  it('lets nothing begin before the time it was put off to', async () => {
    const clock = steppedClock();
    const limiter = new RateLimiter({ slots: 4, clock });
    limiter.hold(5000);
    let at: number | null = null;
    void limiter.acquire(1).then(() => (at = clock.now()));
    clock.advance(4999);
    await settle();
    expect(at).toBeNull();
    clock.advance(1);
    await settle();
    expect(at).toBe(5000);
  });
});

it('who gives up waiting is passed over, and does not keep those behind', async () => {
  const limiter = new RateLimiter({ slots: 1, clock: steppedClock() });
  const held = await limiter.acquire(1);
  const leaving = new AbortController();
  const left = limiter.acquire(1, leaving.signal);
  const after = limiter.acquire(1);
  leaving.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  held.end({ kind: 'other' });
  await expect(after).resolves.toBeDefined();
  await expect(limiter.acquire(1, AbortSignal.abort(new Error('gone before')))).rejects.toThrow('gone before');
});
