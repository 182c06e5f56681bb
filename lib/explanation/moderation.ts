import { z } from 'zod';

/** What is done to an explanation that somebody entered. A withdrawn one stays withdrawn. */
export const EXPLANATION_ACTIONS = ['entered', 'withdrawn', 'hidden', 'shown'] as const;

export const explanationEventSchema = z.object({
  action: z.enum(EXPLANATION_ACTIONS),
  reason: z.string(),
  by: z.string().describe('Name of the account'),
  at: z.iso.datetime(),
});
export type ExplanationEvent = z.infer<typeof explanationEventSchema>;

export type EnteredState = 'public' | 'withdrawn' | 'hidden';

/** An entered explanation as its author or an admin sees it, whatever became of it. */
export const enteredExplanationSchema = z.object({
  id: z.string(),
  text: z.string(),
  explainer: z.string(),
  own: z.boolean().describe('Whether whoever asks entered it'),
  state: z.enum(['public', 'withdrawn', 'hidden']),
  events: z.array(explanationEventSchema).describe('Oldest first'),
});
export type EnteredExplanation = z.infer<typeof enteredExplanationSchema>;

/** Explanations that one account may enter in an hour: more than anybody writes with thought, few enough to clear away. */
export const ENTRIES_AN_HOUR = 30;

/** What became of an entered explanation, from what was done to it, oldest first. */
export function enteredState(events: readonly Pick<ExplanationEvent, 'action'>[]): EnteredState {
  if (events.some(({ action }) => action === 'withdrawn')) return 'withdrawn';
  const last = events.findLast(({ action }) => action === 'hidden' || action === 'shown');
  return last?.action === 'hidden' ? 'hidden' : 'public';
}
