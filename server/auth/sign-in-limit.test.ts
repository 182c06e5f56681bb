import { expect, test } from 'vitest';
import { createSignInLimit } from './sign-in-limit.ts';

function limitAt(capacity?: number) {
  const clock = { now: 1_000_000_000_000 };
  return { clock, limit: createSignInLimit({ now: () => clock.now, ...(capacity !== undefined && { capacity }) }) };
}

test('one address pauses, twice as long each time and a quarter of an hour at most; others do not notice', () => {
  const { clock, limit } = limitAt();
  for (let i = 0; i < 5; i++) expect(limit.attempt('1.1.1.1', 'admin')).toEqual({ held: 0 });
  const pauses: number[] = [];
  for (let i = 0; i < 10; i++) {
    const verdict = limit.attempt('1.1.1.1', 'admin');
    if (!('refused' in verdict)) throw new Error('not refused');
    pauses.push(verdict.refused);
    clock.now += 1000 * verdict.refused;
    expect(limit.attempt('1.1.1.1', 'admin')).not.toHaveProperty('refused');
  }
  expect(pauses).toEqual([8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
  expect(limit.attempt('2.2.2.2', 'admin')).toEqual({ held: 0 });
  expect(limit.attempt('1.1.1.1', 'somebody else')).toEqual({ held: 0 });
});

test('a right password clears its address, and that address is not held however many others try', () => {
  const { limit } = limitAt();
  for (let i = 0; i < 4; i++) limit.attempt('1.1.1.1', 'admin');
  limit.succeeded('1.1.1.1', 'admin');
  for (let i = 0; i < 4; i++) expect(limit.attempt('1.1.1.1', 'admin')).toEqual({ held: 0 });
  limit.succeeded('1.1.1.1', 'admin');
  for (let i = 0; i < 60; i++) limit.attempt(`9.9.9.${i}`, 'admin');
  expect(limit.attempt('1.1.1.1', 'admin')).toEqual({ held: 0 });
});

test('an account that many addresses try is answered late and never refused', () => {
  const { limit } = limitAt();
  const held = Array.from({ length: 30 }, (_, i) => limit.attempt(`9.9.9.${i}`, 'admin')).map((verdict) => ('held' in verdict ? verdict.held : -1));
  expect(held.slice(0, 12)).toEqual(Array.from({ length: 12 }, () => 0));
  expect(held.slice(20)).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000, 8000, 8000]);
  expect(limit.attempt('2.2.2.2', 'another account')).toEqual({ held: 0 });
});

test('only so many attempts wait at a time', () => {
  const { limit } = limitAt();
  const ask = (i: number) => limit.attempt(`${i}`, 'admin');
  for (let i = 0; i < 520; i++) expect(ask(i)).toHaveProperty('held');
  expect(ask(1000)).toEqual({ refused: 8 });
  limit.released();
  expect(ask(1001)).toEqual({ held: 8000 });
});

test('right passwords count for nothing, from however many addresses, and undo nobody else’s wrong ones', () => {
  const { limit } = limitAt();
  for (let i = 0; i < 30; i++) {
    expect(limit.attempt(`1.1.1.${i}`, 'admin')).toEqual({ held: 0 });
    limit.succeeded(`1.1.1.${i}`, 'admin');
  }
  for (let i = 0; i < 20; i++) limit.attempt(`9.9.9.${i}`, 'admin');
  expect(limit.attempt('2.2.2.2', 'admin')).toEqual({ held: 250 });
  limit.succeeded('2.2.2.2', 'admin');
  expect(limit.attempt('3.3.3.3', 'admin')).toEqual({ held: 250 });
});

test('a flood of invented accounts from invented addresses refuses nobody else, and holds eight seconds at most', () => {
  const { limit, clock } = limitAt(100);
  limit.attempt('1.1.1.1', 'admin');
  limit.succeeded('1.1.1.1', 'admin');
  for (let i = 0; i < 20_000; i++) {
    clock.now += 1;
    const verdict = limit.attempt(`9.${i % 1000}`, `invented ${i % 1000}`);
    if ('held' in verdict && verdict.held > 0) limit.released();
  }
  for (const address of ['2.2.2.2', '3.3.3.3']) {
    for (let i = 0; i < 5; i++) {
      const verdict = limit.attempt(address, 'admin');
      expect(verdict).toHaveProperty('held');
      expect('held' in verdict && verdict.held).toBeLessThanOrEqual(8000);
    }
    expect(limit.attempt(address, 'admin'), 'its own failures count as ever').toEqual({ refused: 8 });
  }
  expect(limit.attempt('1.1.1.1', 'admin'), 'who signed in before does not notice').toEqual({ held: 0 });
});
