import type { ChatReply } from './chat-client.ts';

/** What some calls took together. */
export interface Usage {
  calls: number;
  /** Null as soon as one endpoint's answer did not say: a sum over the others would pass for the whole. */
  tokensIn: number | null;
  tokensOut: number | null;
  /** Of `tokensIn`, those that the provider read from its prefix cache. */
  tokensCached: number | null;
  /** US dollars, of reused answers what they once cost; null as soon as one price is not known. */
  cost: number | null;
  /** Sum over calls, not wall time: they overlap. Of reused answers what they once took. */
  durationMs: number;
}

export function usageOf(replies: readonly Pick<ChatReply, 'tokensIn' | 'tokensOut' | 'tokensCached' | 'cost' | 'durationMs'>[]): Usage {
  return {
    calls: replies.length,
    tokensIn: sum(replies.map(({ tokensIn }) => tokensIn)),
    tokensOut: sum(replies.map(({ tokensOut }) => tokensOut)),
    tokensCached: sum(replies.map(({ tokensCached }) => tokensCached)),
    cost: sum(replies.map(({ cost }) => cost)),
    durationMs: replies.reduce((total, { durationMs }) => total + durationMs, 0),
  };
}

function sum(counts: readonly (number | null)[]): number | null {
  return counts.reduce<number | null>((total, count) => (total === null || count === null ? null : total + count), 0);
}
