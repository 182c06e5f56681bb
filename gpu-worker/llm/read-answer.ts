import { z } from 'zod';

export type Answer<T> = { ok: true; value: T } | { ok: false; reason: string };

/**
 * Reads the one JSON object that an answer must hold. Words or a code fence around it are let pass, since endpoints
 * without schemas add them; anything that leaves a choice is not: no object, more than one, a broken one, or one that
 * does not fit `schema`.
 *
 * @param reply `finishReason` `length` means that the answer was cut off, and is never read
 */
export function readAnswer<T>(reply: { text: string; finishReason: string | null }, schema: z.ZodType<T>): Answer<T> {
  if (reply.finishReason === 'length') return { ok: false, reason: 'the answer was cut off before its end' };
  const objects = jsonObjects(withoutThinking(reply.text));
  if (objects.length !== 1) {
    return {
      ok: false,
      reason: objects.length === 0 ? 'there was no complete JSON object in the answer' : 'there was more than one JSON object in the answer',
    };
  }
  const parsed = schema.safeParse(objects[0]);
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, reason: z.prettifyError(parsed.error).replaceAll('\n', ' ') };
}

/** Local servers leave a thinking model's notes in the text; they may hold drafts of the answer. */
function withoutThinking(text: string): string {
  return text.replace(/^\s*<think>[\s\S]*?<\/think>/, '');
}

/** Every outermost `{…}` of a text that is JSON. */
function jsonObjects(text: string): unknown[] {
  const found: unknown[] = [];
  for (let at = text.indexOf('{'); at >= 0;) {
    const end = closingBrace(text, at);
    const value = end === null ? null : parse(text.slice(at, end));
    if (value !== null) found.push(value);
    at = text.indexOf('{', value === null || end === null ? at + 1 : end);
  }
  return found;
}

/** Index after the brace that closes the one at `open`; null when none does. */
function closingBrace(text: string, open: number): number | null {
  let depth = 0;
  let inString = false;
  for (let at = open; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return at + 1;
  }
  return null;
}

function parse(text: string): object | null {
  try {
    return JSON.parse(text) as object;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
