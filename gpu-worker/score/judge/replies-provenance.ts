import type { ChatReply } from '#gpu-worker/llm/chat-client.ts';

/** What is known of some answers together: how they were made, and where the raw ones lie. */
export function repliesProvenance(replies: readonly ChatReply[]): { temperature: number | null; structured: boolean; fromCache: number; raw: string[] } {
  return {
    temperature: replies[0]?.temperature ?? null,
    structured: replies.length > 0 && replies.every(({ structured }) => structured),
    fromCache: replies.filter(({ fromCache }) => fromCache).length,
    raw: replies.flatMap(({ rawKey }) => rawKey ?? []),
  };
}
