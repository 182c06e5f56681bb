import type { Clock } from '#gpu-worker/llm/clock.ts';

/** A clock that jumps to whatever is waited for. */
export function skippingClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    after(ms, work) {
      let off = false;
      queueMicrotask(() => {
        if (off) return;
        now += ms;
        work();
      });
      return () => (off = true);
    },
  };
}

/** A clock that moves only when told, and does what falls due on the way, in order. */
export function steppedClock(): Clock & { advance(ms: number): void } {
  let now = 0;
  const due: { at: number; work: () => void }[] = [];
  return {
    now: () => now,
    after(ms, work) {
      const entry = { at: now + ms, work };
      due.push(entry);
      return () => {
        const place = due.indexOf(entry);
        if (place >= 0) due.splice(place, 1);
      };
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const next = due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        due.splice(due.indexOf(next), 1);
        now = Math.max(now, next.at);
        next.work();
      }
      now = end;
    },
  };
}
