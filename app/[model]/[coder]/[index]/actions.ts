'use server';

import { headers } from 'next/headers';
import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { toAppError } from '#server/api/problem.ts';
import { callerFor } from '#server/caller.ts';
import { latentPath } from '#lib/url/href.ts';

export interface EnterState {
  /** What was written, for the form to keep when it was refused. */
  text: string;
  error: string | null;
  entered: boolean;
}

const placeSchema = z.object({ model: z.string(), coder: z.string(), index: z.number().int().min(0) });

/** Keeps what a visitor who is signed in says of a latent; otherwise back to the form, saying why. */
export async function enterExplanation(place: z.infer<typeof placeSchema>, _before: EnterState, form: FormData): Promise<EnterState> {
  const text = z.string().parse(form.get('text') ?? '');
  const { model, coder, index } = placeSchema.parse(place);
  try {
    await (await callerFor(await headers())).latents.explain({ model, coder, index, text });
  } catch (error) {
    const known = toAppError(error);
    if (known.code === 'internal') throw error;
    return { text, error: known.message, entered: false };
  }
  revalidatePath(latentPath(model, coder, index));
  return { text: '', error: null, entered: true };
}

export interface ModerateState {
  error: string | null;
}

const doneSchema = z.object({ explanation: z.string(), do: z.enum(['withdraw', 'hide', 'show']), reason: z.string().default('') });

/** Withdraws what the visitor entered, or hides or shows what anybody did where the visitor is an admin; otherwise says why not. */
export async function moderateExplanation(place: z.infer<typeof placeSchema>, _before: ModerateState, form: FormData): Promise<ModerateState> {
  const { model, coder, index } = placeSchema.parse(place);
  const { explanation, do: wanted, reason } = doneSchema.parse(Object.fromEntries(form));
  const at = { model, coder, index, explanation };
  try {
    const { latents } = await callerFor(await headers());
    if (wanted === 'withdraw') await latents.withdraw(at);
    else await latents.moderate({ ...at, hidden: wanted === 'hide', reason });
  } catch (error) {
    const known = toAppError(error);
    if (known.code === 'internal') throw error;
    return { error: known.message };
  }
  revalidatePath(latentPath(model, coder, index));
  return { error: null };
}
