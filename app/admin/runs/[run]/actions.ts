'use server';

import { redirect } from 'next/navigation';
import { z } from 'zod';
import { adminCaller } from '#app/viewer.ts';
import { errorCode } from '#server/caller.ts';

const runSchema = z.string().regex(/^[1-9][0-9]{0,17}$/);

/** Cancels a run and shows it again; one that is over in the meantime is simply shown. */
export async function cancel(form: FormData): Promise<void> {
  const api = await adminCaller();
  const run = runSchema.parse(form.get('run'));
  try {
    await api.admin.runs.cancel({ run });
  } catch (error) {
    if (errorCode(error) !== 'conflict') throw error;
  }
  redirect(`/admin/runs/${run}`);
}
