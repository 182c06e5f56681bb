import { z } from 'zod';

/** A sentence of 30 words has some 200 characters; past this it is an essay, or a quotation of the excerpts. */
const MAX_CHARACTERS = 400;
const MAX_NOTES = 4000;

/** The forms asked of the endpoint. Lengths are checked in the others only: hosted schema modes refuse `maxLength`. */
export const ANSWER_FORM = z.strictObject({ explanation: z.string() });
export const REASONED_FORM = z.strictObject({ notes: z.string(), explanation: z.string() });

const phrase = z
  .string()
  .transform((text) => text.replace(/[\p{Cc}\s]+/gu, ' ').trim())
  .pipe(
    z
      .string()
      .min(3, 'the explanation is empty')
      .max(MAX_CHARACTERS, `the explanation has more than ${MAX_CHARACTERS} characters`)
      .regex(/\p{L}/u, 'the explanation has no words')
      .regex(/^[^«»]*$/, 'the explanation holds the marks « »'),
  );

/** What an answer must be to become an explanation: one phrase, on one line, and not a quotation of what was shown. */
export const phraseSchema = z.strictObject({ explanation: phrase });
/** With notes before it, which are read by nobody but kept in the raw answer. */
export const reasonedPhraseSchema = z.strictObject({ notes: z.string().max(MAX_NOTES), explanation: phrase });
