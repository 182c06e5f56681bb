import { AppError } from '#lib/errors/app-error.ts';
import { messagesSchema, USUAL_COLUMNS, type Document } from './document.ts';

/**
 * The document in a record: the named column, or the first of the usual ones. A string is text, a list of
 * `{role, content}` a conversation. Throws AppError 'invalid_config' naming the record and the columns it has.
 */
export function readColumn(record: unknown, column: string | null, key: string): Document {
  if (typeof record === 'string' && column === null) return { key, content: record };
  if (typeof record !== 'object' || record === null || Array.isArray(record)) throw refuse(`${key} is no record with columns.`);
  const fields = record as Record<string, unknown>;
  const name = column ?? USUAL_COLUMNS.find((usual) => fields[usual] !== undefined);
  if (name === undefined || !(name in fields))
    throw refuse(`${key} has no column ${column ?? USUAL_COLUMNS.join(', ')}; it has ${Object.keys(fields).join(', ') || 'none'}: name one with ?column=…`);
  const value = fields[name];
  if (typeof value === 'string') return { key, content: value };
  const messages = messagesSchema.safeParse(value);
  if (messages.success) return { key, content: messages.data };
  throw refuse(`The column ${name} of ${key} is neither text nor a list of messages with role (system, user or assistant) and content.`);
}

function refuse(sentence: string): AppError {
  return new AppError('invalid_config', sentence, { field: 'text' });
}
