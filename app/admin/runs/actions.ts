'use server';

import { redirect } from 'next/navigation';
import { adminCaller } from '#app/viewer.ts';
import { type RunFormState, readRunForm, runFormErrors } from '#lib/run/form.ts';
import { runConfigSchema } from '#lib/run/schema.ts';
import { fieldErrors, toAppError } from '#server/api/problem.ts';

/**
 * Starts a run from the form and leads to it, or says what it would take where that was asked for; otherwise back to the
 * form with what each field lacks.
 */
export async function start(_before: RunFormState, form: FormData): Promise<RunFormState> {
  const api = await adminCaller();
  const values = readRunForm(form);
  const parsed = runConfigSchema.safeParse(values.config);
  if (!parsed.success) return { values: values.fields, errors: runFormErrors(parsed.error), message: null, estimate: null };
  let id: string;
  try {
    if (form.get('intent') === 'estimate') {
      return { values: values.fields, errors: [], message: null, estimate: await api.admin.runs.estimate(parsed.data) };
    }
    id = (await api.admin.runs.start(parsed.data)).id;
  } catch (error) {
    const known = toAppError(error);
    if (known.code === 'internal') throw error;
    return { values: values.fields, errors: fieldErrors(known), message: known.message, estimate: null };
  }
  redirect(`/admin/runs/${id}`);
}
