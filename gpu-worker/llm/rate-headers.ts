/**
 * Milliseconds for which nothing should be begun, from what an answer's headers say is left of the account's limits; 0
 * where enough is left or nothing is said. Understood are OpenAI's `x-ratelimit-remaining-requests` and `-tokens` with
 * `x-ratelimit-reset-…` as a duration (`6m0s`, `120ms`), which vLLM gateways, Groq and Together copy; Anthropic's
 * `anthropic-ratelimit-…` with a time (RFC 3339); and the plain `x-ratelimit-remaining` and `-reset` in epoch seconds,
 * epoch milliseconds or seconds from now.
 *
 * @param tokens what the next call is likely to take
 * @param now epoch milliseconds
 */
export function holdAskedFor(headers: Pick<Headers, 'get'>, tokens: number, now: number): number {
  let hold = 0;
  for (const { prefix, kind, needed } of [
    { prefix: 'x-ratelimit', kind: '-requests', needed: 1 },
    { prefix: 'x-ratelimit', kind: '-tokens', needed: tokens },
    { prefix: 'x-ratelimit', kind: '', needed: 1 },
  ]) {
    const reset = headers.get(`${prefix}-reset${kind}`);
    hold = Math.max(hold, share(headers.get(`${prefix}-remaining${kind}`), headers.get(`${prefix}-limit${kind}`), needed, untilReset(reset, now)));
  }
  for (const [kind, needed] of [
    ['requests', 1],
    ['tokens', tokens],
    ['input-tokens', tokens],
    ['output-tokens', 1],
  ] as const) {
    const of = (what: string): string | null => headers.get(`anthropic-ratelimit-${kind}-${what}`);
    hold = Math.max(hold, share(of('remaining'), of('limit'), needed, untilTime(of('reset'), now)));
  }
  return hold;
}

/** The part of the time to a full reset after which `needed` is there again: limits fill evenly. */
function share(remaining: string | null, limit: string | null, needed: number, reset: number): number {
  if (remaining === null || remaining.trim() === '' || reset <= 0) return 0;
  const left = Number(remaining);
  if (Number.isNaN(left) || left >= needed) return 0;
  const full = limit === null ? NaN : Number(limit);
  // A call larger than the whole limit waits for all of it.
  return full > left ? reset * Math.min(1, (needed - left) / (full - left)) : reset;
}

function untilReset(text: string | null, now: number): number {
  if (text === null) return 0;
  if (/^\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    if (number > 1e12) return number - now;
    return number > 1e9 ? number * 1000 - now : number * 1000;
  }
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  if (parts.length > 0 && parts.map(([part]) => part).join('') === text) {
    return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (unit === 'h' ? 3_600_000 : unit === 'm' ? 60_000 : unit === 's' ? 1000 : 1), 0);
  }
  return untilTime(text, now);
}

function untilTime(text: string | null, now: number): number {
  const time = text === null ? NaN : Date.parse(text);
  return Number.isNaN(time) ? 0 : time - now;
}
