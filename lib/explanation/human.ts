import { z } from 'zod';

export const HUMAN_TEXT = { least: 3, most: 400 } as const;

/** What somebody may enter as an explanation: one phrase on one line, with words in it. Shown as text and never as markup. */
export const humanTextSchema = z
  .string()
  // Far above the limit, spaces included, so that nothing is worked on that could not be meant.
  .max(10 * HUMAN_TEXT.most, `has more than ${HUMAN_TEXT.most} characters`)
  .transform((text) =>
    text
      .normalize('NFC')
      .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
      .trim(),
  ) // prettier-ignore
  .pipe(
    z
      .string()
      .min(HUMAN_TEXT.least, `needs at least ${HUMAN_TEXT.least} characters`)
      .max(HUMAN_TEXT.most, `has more than ${HUMAN_TEXT.most} characters`)
      .regex(/\p{L}/u, 'needs words'),
  );
