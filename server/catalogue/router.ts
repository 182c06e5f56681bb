import { z } from 'zod';
import { catalogueOverviewSchema, latentPlaceSchema } from '#lib/catalogue/overview.ts';
import { coderSummarySchema, latentDetailSchema, latentListInputSchema, modelSummarySchema } from '#lib/catalogue/schema.ts';
import { humanTextSchema } from '#lib/explanation/human.ts';
import { enteredExplanationSchema } from '#lib/explanation/moderation.ts';
import { scoreDistributionSchema } from '#lib/score/distribution.ts';
import { precisionLineSchema } from '#lib/score/precision.ts';
import { examSchema } from '#lib/score/exam.ts';
import { signedIn } from '#server/access/actor.ts';
import { procedure, router } from '#server/api/trpc.ts';
import { getCoder, listCoders } from './coders.ts';
import { enterExplanation } from './enter-explanation.ts';
import { getExam } from './exam.ts';
import { findCoder } from './find.ts';
import { getLatent } from './latent-detail.ts';
import { latentPageSchema, listLatents } from './latent-list.ts';
import { getModel, listModels } from './models.ts';
import { listEntered, moderateExplanation, withdrawExplanation } from './moderate.ts';
import { getOverview } from './overview.ts';
import { coderPrecision } from './precisions.ts';
import { randomLatent } from './random-latent.ts';

const MAX_INT4 = 2 ** 31 - 1;

export const modelPathSchema = z.object({ model: z.string().describe('Slug of a model') });
export const coderPathSchema = modelPathSchema.extend({ coder: z.string().describe('Slug of a sparse coder of that model') });
export const latentPathSchema = coderPathSchema.extend({
  index: z.coerce.number().int('must be a whole number').min(0).max(MAX_INT4).describe('The latent’s number within its coder'),
});
/** A bigserial's text, as every answer gives it. */
export const idSchema = z.string().regex(/^[1-9][0-9]{0,17}$/, 'must be a positive whole number');

const enteredPathSchema = latentPathSchema.extend({ explanation: idSchema.describe('The explanation’s id') });

export const catalogueRouter = router({
  overview: procedure('catalogue.read', {
    method: 'GET',
    path: '/overview',
    tags: ['Catalogue'],
    summary: 'What the catalogue holds, with a few of its best explained latents',
  })
    .input(z.object({}))
    .output(catalogueOverviewSchema)
    .query(({ ctx: { server } }) => getOverview(server.pool, server.figures)),
});

export const modelsRouter = router({
  list: procedure('catalogue.read', { method: 'GET', path: '/models', tags: ['Catalogue'], summary: 'All models' })
    .input(z.object({}))
    .output(z.object({ models: z.array(modelSummarySchema) }))
    .query(async ({ ctx: { server } }) => ({ models: await listModels(server.pool, server.figures) })),

  get: procedure('catalogue.read', { method: 'GET', path: '/models/{model}', tags: ['Catalogue'], summary: 'One model' })
    .input(modelPathSchema)
    .output(modelSummarySchema)
    .query(({ ctx: { server }, input }) => getModel(server.pool, server.figures, input.model)),
});

export const codersRouter = router({
  list: procedure('catalogue.read', { method: 'GET', path: '/models/{model}/coders', tags: ['Catalogue'], summary: 'The sparse coders of a model' })
    .input(modelPathSchema)
    .output(z.object({ coders: z.array(coderSummarySchema) }))
    .query(async ({ ctx: { server }, input }) => ({ coders: await listCoders(server.pool, server.figures, input.model) })),

  get: procedure('catalogue.read', { method: 'GET', path: '/coders/{model}/{coder}', tags: ['Catalogue'], summary: 'One sparse coder' })
    .input(coderPathSchema)
    .output(coderSummarySchema)
    .query(({ ctx: { server }, input }) => getCoder(server.pool, server.figures, input.model, input.coder)),

  scoreDistribution: procedure('catalogue.read', {
    method: 'GET',
    path: '/coders/{model}/{coder}/score-distribution',
    tags: ['Catalogue'],
    summary: 'How the embedding scores of a coder’s latents spread, beside their control',
  })
    .input(coderPathSchema)
    .output(scoreDistributionSchema)
    .query(async ({ ctx: { server }, input }) => server.figures.distribution((await findCoder(server.pool, input.model, input.coder)).coderId)),

  precision: procedure('catalogue.read', {
    method: 'GET',
    path: '/coders/{model}/{coder}/precision',
    tags: ['Catalogue'],
    summary: 'How precise explanations are where latents fire as seldom as they do, over a sample of them',
  })
    .input(coderPathSchema)
    .output(z.object({ lines: z.array(precisionLineSchema) }))
    .query(async ({ ctx: { server }, input }) => ({
      lines: await coderPrecision(server.pool, (await findCoder(server.pool, input.model, input.coder)).coderId),
    })),
});

export const latentsRouter = router({
  list: procedure('catalogue.read', {
    method: 'GET',
    path: '/coders/{model}/{coder}/latents',
    tags: ['Latents'],
    summary: 'A page of a coder’s latents',
    description: 'Ask again with `cursor` set to the last answer’s `nextCursor` until that is null; keep the order and the filters as they were.',
  })
    .input(latentListInputSchema)
    .output(latentPageSchema)
    .query(({ ctx: { server }, input }) => listLatents(server.pool, input)),

  get: procedure('catalogue.read', {
    method: 'GET',
    path: '/latents/{model}/{coder}/{index}',
    tags: ['Latents'],
    summary: 'A latent with its statistics, explanations, scores and examples',
  })
    .input(latentPathSchema)
    .output(latentDetailSchema)
    .query(({ ctx: { server }, input }) => getLatent(server.pool, input.model, input.coder, input.index)),

  exam: procedure('catalogue.read', {
    method: 'GET',
    path: '/latents/{model}/{coder}/{index}/scores/{score}',
    tags: ['Latents'],
    summary: 'Every window behind a score, and whether the explanation or rule was right about it',
  })
    .input(latentPathSchema.extend({ score: idSchema.describe('A score’s id') }))
    .output(examSchema)
    .query(({ ctx: { server }, input }) => getExam(server.pool, input.model, input.coder, input.index, input.score)),

  explain: procedure('explanations.enter', {
    method: 'POST',
    path: '/latents/{model}/{coder}/{index}/explanations',
    tags: ['Latents'],
    summary: 'Enter an explanation of a latent under one’s own name',
    description: 'It stands beside those that runs made and is scored on documents that no page shows; the latent’s headline stays a run’s.',
  })
    .input(latentPathSchema.extend({ text: humanTextSchema.describe('One phrase of 3 to 400 characters') }))
    .output(z.object({ id: idSchema.describe('The explanation’s id') }))
    .mutation(({ ctx: { server, actor }, input }) => enterExplanation(server, input, signedIn(actor))),

  entered: procedure('explanations.enter', {
    method: 'GET',
    path: '/latents/{model}/{coder}/{index}/entered-explanations',
    tags: ['Latents'],
    summary: 'What one entered of a latent and what became of it; to an admin, what everybody did',
  })
    .input(latentPathSchema)
    .output(z.object({ explanations: z.array(enteredExplanationSchema) }))
    .query(async ({ ctx: { server, actor }, input }) => ({ explanations: await listEntered(server.pool, input, signedIn(actor)) })),

  withdraw: procedure('explanations.enter', {
    method: 'POST',
    path: '/latents/{model}/{coder}/{index}/explanations/{explanation}/withdraw',
    tags: ['Latents'],
    summary: 'Withdraw an explanation that one entered, for good',
  })
    .input(enteredPathSchema)
    .output(enteredExplanationSchema)
    .mutation(({ ctx: { server, actor }, input }) => withdrawExplanation(server.pool, input, signedIn(actor))),

  moderate: procedure('explanations.moderate', {
    method: 'POST',
    path: '/latents/{model}/{coder}/{index}/explanations/{explanation}/moderate',
    tags: ['Administration'],
    summary: 'Hide what somebody entered, or show it again; who did it, when and why is kept',
  })
    .input(enteredPathSchema.extend({ hidden: z.boolean(), reason: z.string().trim().max(300).default('') }))
    .output(enteredExplanationSchema)
    .mutation(({ ctx: { server, actor }, input }) => moderateExplanation(server.pool, input, signedIn(actor))),

  random: procedure('catalogue.read', {
    method: 'GET',
    path: '/random-latent',
    tags: ['Latents'],
    summary: 'Where an explained latent, drawn at random, is to be found',
  })
    .input(z.object({ model: z.string().optional(), coder: z.string().optional() }))
    .output(latentPlaceSchema)
    .query(({ ctx: { server }, input }) => randomLatent(server.pool, server.figures, input)),
});
