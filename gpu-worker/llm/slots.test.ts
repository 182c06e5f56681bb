import { describe, expect, it } from 'vitest';
import { inFlight } from './in-flight.ts';
import { Slots } from './slots.ts';

/** Work that ends when told to. */
function gate(): { work: () => Promise<void>; open: () => void; started: () => boolean } {
  let started = false;
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { work: () => ((started = true), opened), open: () => open(), started: () => started };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Slots', () => {
  it('lets as many run as there are slots, the others in order of arrival', async () => {
    const slots = new Slots(2);
    const gates = Array.from({ length: 4 }, gate);
    const runs = gates.map(({ work }) => slots.run(work));
    await settle();
    expect(gates.map(({ started }) => started())).toEqual([true, true, false, false]);
    gates[1]?.open();
    await settle();
    expect(gates.map(({ started }) => started())).toEqual([true, true, true, false]);
    for (const { open } of gates) open();
    await Promise.all(runs);
  });

  it('gives the slot back when the work fails', async () => {
    const slots = new Slots(1);
    await expect(slots.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(slots.run(() => Promise.resolve('yes'))).resolves.toBe('yes');
  });

  it('lets a waiter go when its signal aborts, and nobody else', async () => {
    const slots = new Slots(1);
    const [first, second, third] = [gate(), gate(), gate()];
    const stop = new AbortController();
    const runs = [slots.run(first.work), slots.run(second.work, stop.signal), slots.run(third.work)];
    stop.abort(new Error('stopped'));
    await expect(runs[1]).rejects.toThrow('stopped');
    first.open();
    await settle();
    expect([second.started(), third.started()]).toEqual([false, true]);
    third.open();
    await Promise.all([runs[0], runs[2]]);
  });
});

describe('inFlight', () => {
  it('keeps the limit busy and the results in order', async () => {
    let now = 0;
    let most = 0;
    const results = await inFlight([5, 1, 4, 2, 3], 2, async (item) => {
      most = Math.max(most, ++now);
      for (let i = 0; i < item; i++) await settle();
      now -= 1;
      return item * 10;
    });
    expect([results, most]).toEqual([[50, 10, 40, 20, 30], 2]);
  });

  it('starts nothing more after a failure, and waits for what is under way', async () => {
    const ended: number[] = [];
    const work = inFlight([0, 1, 2, 3], 2, async (item) => {
      if (item === 0) throw new Error('no');
      for (let i = 0; i < 3; i++) await settle();
      ended.push(item);
    });
    await expect(work).rejects.toThrow('no');
    expect(ended).toEqual([1]);
  });
});
