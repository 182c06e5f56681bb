import { z } from 'zod';
import { NEGATIVE_CLASSES, PROTOCOL_NAMES } from '#lib/example/protocol.ts';
import { EXPLAINERS } from '#lib/explanation/methods.ts';
import { QUEUES } from '#lib/jobs/job.ts';
import { SCORER_CHOICES } from '#lib/score/llm-scorers.ts';

/** The five stages of a run, in order. */
export const STAGES = ['collect', 'sample', 'explain', 'score', 'index'] as const;
export const stageSchema = z.enum(STAGES);
export type Stage = z.infer<typeof stageSchema>;

/** For how many latents the scorers whose calls may cost money are asked about another latent's explanation, and about none, too. */
export const DETECTION_CONTROLS = ['all', 'tenth', 'none'] as const;
export type DetectionControl = (typeof DETECTION_CONTROLS)[number];

/**
 * What somebody asks for: the YAML of `atlas run`, the admin's form and the API's body. Unknown keys are refused by
 * name, so that a misspelt one is not silently a default.
 */
export const runConfigSchema = z
  .strictObject({
    model: z.string().min(1).describe('Slug of a registered model, or the folder of a checkpoint'),
    coder: z.string().min(1).describe('Slug of a registered sparse coder of that model, or the folder of one'),
    hookpoint: z.string().min(1).optional().describe('Where the coder reads; by default what its own files say'),
    text: z
      .string()
      .min(1)
      .default('sotu')
      .describe('Slug of a registered text source; in a file for atlas run also where text lies: hf:org/name?column=…&split=…, npm:package, a file or folder'),
    tokens: z.number().int().min(10_000).max(100_000_000).default(524_288).describe('Tokens to read, BOS not counted'),
    seed: z
      .number()
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(22),
    protocol: z
      .enum(PROTOCOL_NAMES)
      .default('atlas')
      .describe('How evidence and exams are drawn: atlas keeps them in different documents; paper and delphi repeat what was published, where they share them'),
    latents: z
      .union([z.literal('all'), z.strictObject({ first: z.number().int().min(1) }), z.strictObject({ random: z.number().int().min(1) })])
      .default('all')
      .describe('Which latents to explain: all, the first n, or n drawn at random'),
    explainers: z
      .array(z.enum(EXPLAINERS))
      .min(1, `needs at least one of ${EXPLAINERS.join(', ')}`)
      .default(['lexical'])
      .describe('How latents are explained; auto chooses for each by its statistics, llm is the older name of default'),
    explain: z
      .strictObject({
        strengths: z.boolean().optional().describe('List how strongly highlighted tokens fire (default: yes)'),
        reasoning: z.boolean().optional().describe('Have the model take notes before its phrase (default: no)'),
        candidates: z.number().int().min(2).max(10).optional().describe('Phrases that best_of_k chooses from (default: 3)'),
        rounds: z.number().int().min(1).max(5).optional().describe('Times that refine shows its mistakes, at most (default: 2)'),
      })
      .optional()
      .describe('How the language model is asked'),
    scorers: z.array(z.enum(SCORER_CHOICES)).default(['embedding', 'rule']).describe('How explanations are judged; intruder judges the latent itself'),
    detectionControl: z
      .enum(DETECTION_CONTROLS)
      .default('tenth')
      .describe(
        'Latents whose exams a language model sits with another latent’s explanation and with none too, each at the price of the exam: a tenth drawn by seed, all, or none. Free scores have their control always',
      ),
    simulation: z
      .enum(['json', 'likelihood'])
      .default('json')
      .describe(
        'How simulation is asked for: a number for each token as JSON, or all at once from the log-probabilities of the prompt, where the model gives them',
      ),
    itemsPerPrompt: z
      .number()
      .int()
      .min(1)
      .max(20)
      .optional()
      .describe('Windows that a language model judges in one prompt; by default what the protocol says'),
    negatives: z
      .array(z.enum(NEGATIVE_CLASSES))
      .refine((classes) => classes.includes('random'), 'needs random, which the headline is taken against')
      .optional()
      .describe('Classes of silent windows that a language model is asked about, each at a price: by default all that the protocol draws'),
    budget: z
      .strictObject({
        usd: z.number().min(0).max(1e6).optional().describe('US dollars; needs a model whose price is known'),
        tokens: z.number().int().min(0).max(1e12).optional().describe('Tokens in and out together'),
      })
      .optional()
      .describe('What the run may spend on a language model: no call is made beyond it; what was paid for is kept'),
  })
  .refine(({ explainers, scorers }) => !scorers.includes('rule') || explainers.includes('lexical'), {
    path: ['scorers'],
    message: 'rule scores the lexical baseline’s rule: choose the explainer lexical as well, or leave rule out',
  });
export type RunConfig = z.infer<typeof runConfigSchema>;
export type RunConfigInput = z.input<typeof runConfigSchema>;

/** How a run stands, derived from its timestamps; never stored. */
export type RunState = 'queued' | 'running' | 'finished' | 'failed' | 'cancelled';

export function runState(run: { startedAt: Date | null; finishedAt: Date | null; cancelledAt: Date | null; failedAt: Date | null }): RunState {
  if (run.cancelledAt) return 'cancelled';
  if (run.failedAt) return 'failed';
  if (run.finishedAt) return 'finished';
  return run.startedAt ? 'running' : 'queued';
}

/** Live progress of one stage, as the terminal, the site and the API show it. */
export const stageProgressSchema = z.object({
  stage: stageSchema,
  /** `stopped` and `unreached`: of a run that failed or was cancelled. */
  state: z.enum(['waiting', 'running', 'done', 'stopped', 'unreached']),
  /** Which of its steps a running stage is in, each with a unit and a bar of its own; null for a stage of one step. */
  step: z.object({ number: z.number().int(), of: z.number().int() }).nullable(),
  unit: z.string(),
  done: z.number().int(),
  total: z.number().int().nullable(),
  /** Units per second since the stage began; null before it has begun. */
  rate: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
});
export type StageProgress = z.infer<typeof stageProgressSchema>;

export const runSummarySchema = z.object({
  id: z.string(),
  state: z.enum(['queued', 'running', 'finished', 'failed', 'cancelled']),
  /** Id of the run that is worked on first, while this one waits for it. */
  waitsFor: z.string().nullable(),
  /** The queue in which it has stopped because no worker takes tasks of it. */
  unservedQueue: z.enum(QUEUES).nullable(),
  model: z.string(),
  coder: z.string(),
  text: z.string(),
  protocol: z.string(),
  config: runConfigSchema,
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  failure: z.object({ code: z.string(), message: z.string(), stage: z.string().nullable() }).nullable(),
  stages: z.array(stageProgressSchema),
  /** Figures of a finished run: name → value, e.g. median scores, tokens a second. */
  results: z.record(z.string(), z.unknown()),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

export const runEventSchema = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  level: z.enum(['info', 'warn', 'error']),
  stage: z.string().nullable(),
  event: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type RunEventView = z.infer<typeof runEventSchema>;
