import { createHash } from 'node:crypto';
import type { Example } from '#lib/example/schema.ts';
import { joinTokens } from '#lib/token/join.ts';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';

/**
 * Corpus text inside a prompt is data. Each text is put on one line, so that none can pass for a further item or a
 * line of ours: line breaks become `\n`, tabs `\t`, other control characters go.
 */
export function oneLine(text: string): string {
  return text
    .replace(/\r\n|[\n\r\u0085\u2028\u2029]/g, '\\n')
    .replaceAll('\t', '\\t')
    .replace(/\p{Cc}/gu, '')
    .trim();
}

/** A window as a person would read it, on one line. */
export function windowText(example: Pick<Example, 'tokens' | 'activations'>): string {
  return oneLine(
    joinTokens(example.tokens, example.activations)
      .map(({ text }) => text)
      .join(''),
  );
}

/**
 * Puts lines of data between two lines that no text among them can contain on purpose: the code is the hash of the
 * lines themselves, so that writing it into one of them changes it. No secret and no clock: the same prompt every time.
 */
export function fenced(lines: readonly string[]): string {
  const code = sha256(lines.join('\n')).slice(0, 8);
  return [`--- ${code} begins ---`, ...lines, `--- ${code} ends ---`].join('\n');
}

/** SHA-256 of a rendered prompt, hex: roles and contents, nothing else. */
export function promptHash(messages: readonly ChatMessage[]): string {
  return sha256(JSON.stringify(messages.map(({ role, content }) => [role, content])));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
