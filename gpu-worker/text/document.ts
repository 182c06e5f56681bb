import { z } from 'zod';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';

/** Of English, roughly: for estimates before anything is tokenised. */
export const LETTERS_PER_TOKEN = 4;

/** A conversation, to be written out by the reading model's own chat template. */
export const messagesSchema: z.ZodType<ChatMessage[]> = z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })).min(1);

/** A document of a text source; `key` is its permanent name there. */
export interface Document {
  key: string;
  content: string | readonly ChatMessage[];
}

/** Documents that any order can be read of at little cost. */
export interface DocumentPool {
  count: number;
  /** Letters, or bytes where letters are not known without reading. */
  letters: number;
  read(index: number): Promise<Document>;
}

/** The columns taken when none is named, the first that is there. */
export const USUAL_COLUMNS = ['text', 'content', 'messages', 'conversations'];
