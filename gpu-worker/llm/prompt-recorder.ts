import { AppError } from '#lib/errors/app-error.ts';
import type { ChatClient, ChatRequest } from './chat-client.ts';

/** A client that asks nobody: it keeps what would be asked. Methods take it for an endpoint that gives no answers. */
export function promptRecorder(of: Pick<ChatClient, 'model' | 'endpoint'>): ChatClient & { requests: ChatRequest[] } {
  const requests: ChatRequest[] = [];
  return {
    ...of,
    slots: 64,
    requests,
    chat(request) {
      requests.push(request);
      return Promise.reject(new AppError('upstream_failed', 'Nobody is asked: only the prompts are wanted.'));
    },
  };
}

/** A conversation as one text, for what prompts have in common. */
export function promptText({ messages }: Pick<ChatRequest, 'messages'>): string {
  return messages.map(({ role, content }) => `${role}\n${content}\n`).join('');
}

/** How many characters all texts begin with in common; all of it for one text, 0 for none. */
export function commonPrefix(texts: readonly string[]): number {
  const [first, ...others] = texts;
  if (first === undefined) return 0;
  let length = first.length;
  for (const other of others) {
    let same = 0;
    while (same < length && first[same] === other[same]) same++;
    length = same;
  }
  return length;
}
