import type { z } from 'zod';
import { NEGATIVE_CLASSES } from '#lib/example/protocol.ts';
import { formatCount } from '#lib/format/number.ts';
import type { RunEstimate } from '#lib/llm/estimate.ts';

/** What the form that starts a run was filled with, as text, so that it can be shown again. */
export interface RunFormFields {
  /** `<model>/<coder>`: one list, because which coders there are depends on the model. */
  target: string;
  text: string;
  tokens: string;
  seed: string;
  protocol: string;
  latents: 'all' | 'first' | 'random';
  count: string;
  explainers: string[];
  scorers: string[];
  detectionControl: string;
  /** Classes of silent windows that a language model is asked about. */
  negatives: string[];
  itemsPerPrompt: string;
  simulation: string;
  /** US dollars; empty: no budget. */
  budget: string;
}

export interface RunFormState {
  values: RunFormFields | null;
  errors: { field: string; message: string }[];
  /** What stands above the form when the run was refused. */
  message: string | null;
  /** What the run would take of the language model, when that was asked for. */
  estimate: RunEstimate | null;
}

/** The parts of FormData this needs; a test stands in for it. */
export interface FormFields {
  get(name: string): unknown;
  getAll(name: string): unknown[];
}

/**
 * Reads the form into a run configuration for `runConfigSchema` to judge: numbers become numbers, and an empty field is
 * absent, so that the schema's default holds. A number that is none stays text, which the schema refuses by name.
 */
export function readRunForm(form: FormFields): { fields: RunFormFields; config: Record<string, unknown> } {
  const text = (name: string): string => {
    const value = form.get(name);
    return typeof value === 'string' ? value.trim() : '';
  };
  const list = (name: string): string[] => form.getAll(name).filter((value) => typeof value === 'string');
  const latents = text('latents');
  const fields: RunFormFields = {
    target: text('target'),
    text: text('text'),
    tokens: text('tokens'),
    seed: text('seed'),
    protocol: text('protocol'),
    latents: latents === 'first' || latents === 'random' ? latents : 'all',
    count: text('count'),
    explainers: list('explainers'),
    scorers: list('scorers'),
    detectionControl: text('detectionControl'),
    negatives: list('negatives'),
    itemsPerPrompt: text('itemsPerPrompt'),
    simulation: text('simulation'),
    budget: text('budget').replace(/^\$/, ''),
  };
  const slash = fields.target.indexOf('/');
  const config: Record<string, unknown> = {
    model: slash < 0 ? fields.target : fields.target.slice(0, slash),
    coder: slash < 0 ? '' : fields.target.slice(slash + 1),
    latents: fields.latents === 'all' ? 'all' : { [fields.latents]: numberOf(fields.count) },
    explainers: fields.explainers,
    scorers: fields.scorers,
    ...(fields.protocol !== '' && { protocol: fields.protocol }),
    ...(fields.detectionControl !== '' && { detectionControl: fields.detectionControl }),
    // All of them, or none shown, as without a language model, is what the protocol draws.
    ...(fields.negatives.length > 0 && NEGATIVE_CLASSES.some((name) => !fields.negatives.includes(name)) && { negatives: fields.negatives }),
    ...(fields.itemsPerPrompt !== '' && { itemsPerPrompt: numberOf(fields.itemsPerPrompt) }),
    ...(fields.simulation !== '' && { simulation: fields.simulation }),
    ...(fields.budget !== '' && { budget: { usd: Number.isNaN(Number(fields.budget)) ? fields.budget : Number(fields.budget) } }),
    ...(fields.text !== '' && { text: fields.text }),
    ...(fields.tokens !== '' && { tokens: numberOf(fields.tokens) }),
    ...(fields.seed !== '' && { seed: numberOf(fields.seed) }),
  };
  return { fields, config };
}

/** What each field lacks, in words for the person at the form; by the first part of the field's path. */
export function runFormErrors(error: z.ZodError): RunFormState['errors'] {
  return error.issues.map((issue) => ({ field: issue.path.join('.'), message: issueText(issue) }));
}

function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small' && issue.origin === 'array') return 'Choose at least one.';
  if (issue.code === 'too_small') return `At least ${formatCount(Number(issue.minimum))}.`;
  if (issue.code === 'too_big') return `At most ${formatCount(Number(issue.maximum))}.`;
  if (issue.code === 'invalid_type' && (issue.expected === 'number' || issue.expected === 'int')) return 'A whole number.';
  // The one union: all latents, the first n, or n at random.
  if (issue.code === 'invalid_union') return 'A whole number of 1 or more.';
  return issue.message;
}

function numberOf(text: string): number | string {
  const plain = text.replace(/[\s,_]/g, '');
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : text;
}
