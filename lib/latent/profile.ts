import { z } from 'zod';

const whole = z.number().int().nonnegative();

/** A token that a latent fires on. Its mean over the text is `total / occurrences`. */
export const topTokenSchema = z.object({
  text: z.string(),
  active: whole.describe('Times the latent fires there'),
  occurrences: whole.describe('Times the token stands in the text'),
  total: z.number().describe('Sum of its activations there'),
});
export type TopTokenView = z.infer<typeof topTokenSchema>;

/** What a latent does on the tokens themselves; all shares are of its activations. */
export const tokenProfileSchema = z.object({
  entropy: z.number().describe('Shannon entropy of the tokens it fires on, in bits: 0 for a single token'),
  mostFrequent: z.string().describe('The token it fires on most often'),
  mostFrequentShare: z.number(),
  strongestShare: z.number().describe('Share of the most frequent token among the 50 strongest activations'),
  strongerHalfShare: z.number().describe('… and among the stronger half of all'),
  singleToken: z
    .enum(['strong', 'weak'])
    .nullable()
    .describe('Whether it is one token’s latent: `strong` when both shares say so (above 0.9 and 0.75), `weak` when one does; null below 50 activations'),
  documents: whole.describe('Documents it fires in'),
  byTotal: z.array(topTokenSchema).describe('Tokens that hold most of its activation, most first'),
  byMean: z.array(topTokenSchema).describe('Tokens of the greatest mean activation over all places where they stand, greatest first'),
});
export type TokenProfileView = z.infer<typeof tokenProfileSchema>;

const effectSchema = z.object({ text: z.string(), effect: z.number() });

/** What one unit of a latent adds to the logits of all tokens by the direct path. */
export const logitEffectsSchema = z.object({
  promoted: z.array(effectSchema).describe('Tokens whose logit it raises most, most first'),
  suppressed: z.array(effectSchema).describe('Tokens whose logit it lowers most, most first'),
  histogram: z.object({ from: z.number(), to: z.number(), counts: z.array(whole) }).describe('All tokens’ effects in bins of equal width'),
});
export type LogitEffectsView = z.infer<typeof logitEffectsSchema>;

const neighbourSchema = z.object({ index: whole, similarity: z.number() });

/** Neighbours by the tokens they share, counted over `rows.counted` of `rows.all` rows: with fewer than all they are an estimate. */
const coOccurrenceOf = <Entry extends z.ZodType>(entry: Entry) => z.object({ nearest: z.array(entry), rows: z.object({ counted: whole, all: whole }) });
const sideOf = <Entry extends z.ZodType>(entry: Entry) => z.object({ nearest: z.array(entry) }).nullable();

const neighboursOf = <Entry extends z.ZodType>(entry: Entry) =>
  z.object({
    coOccurrence: coOccurrenceOf(entry).describe(
      'By the share of tokens on which both fire (Jaccard); an estimate where fewer rows were counted than there are',
    ),
    decoder: sideOf(entry).describe('By the cosine of what they write; null for a coder without a decoder'),
    encoder: sideOf(entry).describe('By the cosine of what they read; null for a coder without an encoder'),
  });

/** What a latent does, as it is stored: one JSON value a latent, figures rounded to six digits. */
export const storedProfileSchema = z.object({
  windows: whole.describe('Windows of 32 tokens in which it fires'),
  windowFrequency: z.number(),
  quantiles: z.array(z.number()).describe('Minimum, deciles and maximum of its activations; zeros for a dead latent'),
  histogram: z
    .object({ from: z.number(), to: z.number(), counts: z.array(whole), below: whole })
    .nullable()
    .describe('Activations in bins of equal ratio from a 1024th of the maximum to the maximum, and how many lie below; null without positive activations'),
  rowLength: whole.describe('Tokens a row'),
  positions: z.array(whole).describe('Activations in 16 equal parts of the row'),
  positionInformation: z.number().describe('Mutual information of firing and the position in the row, in bits a token'),
  tokens: tokenProfileSchema.nullable().describe('Null for a dead latent'),
  logitEffects: logitEffectsSchema.nullable().describe('Null for a coder that does not write into the residual stream'),
  neighbours: neighboursOf(neighbourSchema),
});
export type StoredProfile = z.infer<typeof storedProfileSchema>;

/** A neighbour with what its own page says; without an explanation where it has none, and without a page where no run has looked at it. */
export const shownNeighbourSchema = neighbourSchema.extend({
  explanation: z.string().nullable(),
  hasPage: z.boolean().describe('Whether a run has looked at it'),
});
export type ShownNeighbour = z.infer<typeof shownNeighbourSchema>;

/** The same as the API gives it. */
export const latentProfileSchema = storedProfileSchema.extend({ neighbours: neighboursOf(shownNeighbourSchema) });
export type LatentProfileView = z.infer<typeof latentProfileSchema>;
export type LatentNeighboursView = LatentProfileView['neighbours'];
