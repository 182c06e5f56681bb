import type { Pool } from 'pg';
import { AppError } from '#lib/errors/app-error.ts';
import { protocolNamed } from '#lib/example/protocol.ts';
import { budgetWarning, secondsFor, sumLines, type EstimateLine, type RunEstimate } from '#lib/llm/estimate.ts';
import { costOf, priceAt, type PriceTable } from '#lib/llm/price-of.ts';
import type { RunConfig } from '#lib/run/schema.ts';
import { llmScorers, READING_SCORERS } from '#lib/score/llm-scorers.ts';
import { commonPrefix, promptText } from '#gpu-worker/llm/rehearsal-chat.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import type { RunFacts } from '#gpu-worker/stages/run-facts.ts';
import type { LlmEndpoint } from '#platform/environment/environment.ts';
import { inventedBasis, rehearse, type Rehearsal } from './rehearse.ts';
import { inventedLatents, storedLatents } from './sample-latents.ts';

export interface EstimateServices {
  pool: Pool;
  /** Null: none is configured; then nothing is asked and nothing costs. */
  chat: ChatClient | null;
  prices: PriceTable;
  /** What the environment says of limits; null where it names no language model. */
  limits: Pick<LlmEndpoint, 'requestsPerMinute' | 'tokensPerMinute'> | null;
}

/** What calls of this model took before. */
interface Measured {
  calls: number;
  charactersPerToken: number | null;
  cachedShare: number | null;
  callMs: number | null;
}

/** Where nothing was measured: English in the tokenizers of today. */
const CHARACTERS_PER_TOKEN = 4;
/** Providers keep no shorter prefix: OpenAI 1,024 tokens, Anthropic 1,024 to 4,096 by model. */
const LEAST_CACHED_TOKENS = 1024;

/**
 * What a run is likely to take of the language model. Its prompts are rendered for a sample of the coder's latents by
 * the code that will render them, every method gone through to its end; letters are turned into tokens, and calls into
 * time, by what earlier calls of the same model took.
 *
 * Throws AppError `not_found` for a coder that is not registered.
 */
export async function estimateRun({ pool, chat, prices, limits }: EstimateServices, config: RunConfig): Promise<RunEstimate> {
  const { run, latents, latentsBasis } = await runOf(pool, config);
  const none = { calls: 0, tokensIn: 0, tokensCached: 0, tokensOut: 0, usd: 0 };
  const read = readingBasis(config);
  if (chat === null) {
    return { model: null, latents, total: none, byPurpose: [], seconds: 0, basis: ['No language model is configured: the run asks none.', ...read], warning: null }; // prettier-ignore
  }
  const stored = await storedLatents(pool, run);
  const sample = stored.latents.length > 0 ? stored.latents : inventedLatents(protocolNamed(config.protocol), 4);
  const rehearsals = await rehearse({ ...run, results: { sampleKey: stored.sampleKey ?? 'none' } }, chat, sample);
  const measured = await measuredOf(pool, chat);
  const price = priceAt(chat.endpoint, chat.model, prices);
  const lines = rehearsals.map((rehearsal): EstimateLine => {
    const line = lineOf(rehearsal, measured, latents / sample.length);
    return { ...line, usd: price && costOf(price, { in: line.tokensIn, cached: line.tokensCached, out: line.tokensOut }) };
  });
  const total = sumLines(lines);
  return {
    model: chat.model,
    latents,
    total,
    byPurpose: lines,
    seconds: total.calls === 0 ? 0 : secondsFor(total, { callMs: measured.callMs, slots: chat.slots, requestsPerMinute: limits?.requestsPerMinute ?? null, tokensPerMinute: limits?.tokensPerMinute ?? null }), // prettier-ignore
    basis: [
      latentsBasis,
      stored.latents.length > 0 ? `Prompts were rendered for ${stored.latents.length} latents of this coder, drawn at random.` : inventedBasis(run),
      measured.charactersPerToken === null
        ? `No call of ${chat.model} was counted yet: ${CHARACTERS_PER_TOKEN} letters a token were assumed.`
        : `Letters a token (${measured.charactersPerToken.toFixed(2)})${measured.callMs === null ? '' : `, time a call (${(measured.callMs / 1000).toFixed(1)} s)`}${measured.cachedShare === null ? '' : ` and share read from the provider’s cache (${Math.round(100 * measured.cachedShare)} %)`} are those of ${measured.calls} earlier calls of ${chat.model}.`,
      ...(measured.callMs === null ? ['How long a call takes is not known before the first: time is by the limits per minute, if any.'] : []),
      price === null
        ? `The price of ${chat.model} at ${chat.endpoint} is not known: give it in LLM_PRICES.`
        : `Prices per million tokens: $${price.in} in, $${price.cached} cached, $${price.out} out.`,
      ...read,
      'Answers that cannot be used are asked for again, and answers paid for before cost nothing: neither is counted.',
    ],
    warning: budgetWarning(total, config.budget),
  };
}

/** What is left out, in a sentence: prompts that a model only reads. */
function readingBasis(config: RunConfig): string[] {
  const reading = llmScorers(config).filter((name) => READING_SCORERS.includes(name) || (name === 'simulation' && config.simulation === 'likelihood'));
  return reading.length === 0
    ? []
    : [
        `Reading for ${reading.join(' and ')}, a prompt or two for each window, is in none of these figures: on this machine it costs nothing, elsewhere it counts for the budget.`,
      ];
}

/** @param scale latents of the run for each that was gone through */
function lineOf({ purpose, share, calls }: Rehearsal, { charactersPerToken, cachedShare }: Measured, scale: number): Omit<EstimateLine, 'usd'> {
  const ratio = charactersPerToken ?? CHARACTERS_PER_TOKEN;
  const texts = calls.map(({ request }) => promptText(request));
  const tokensIn = texts.reduce((sum, text) => sum + text.length, 0) / ratio;
  const prefix = commonPrefix(texts) / ratio;
  const cached = cachedShare !== null ? cachedShare * tokensIn : prefix >= LEAST_CACHED_TOKENS && texts.length > 1 ? prefix * texts.length : 0;
  const tokensOut = calls.reduce((sum, { answer }) => sum + answer.length, 0) / ratio;
  const of = (figure: number): number => Math.round(figure * share * scale);
  return { purpose, calls: of(calls.length), tokensIn: of(tokensIn), tokensCached: of(cached), tokensOut: of(tokensOut) };
}

async function measuredOf(pool: Pool, { model, endpoint }: ChatClient): Promise<Measured> {
  // The newest are enough, and a table of millions is not read for a form.
  const { rows } = await pool.query<{ calls: number; characters: number | null; tokens: number | null; cached: number | null; ms: number | null }>(
    `SELECT count(*)::int AS calls, sum(prompt_characters)::float8 AS characters, sum(tokens_in)::float8 AS tokens, sum(tokens_cached)::float8 AS cached, avg(duration_ms)::float8 AS ms
       FROM (SELECT * FROM llm_requests WHERE model = $1 AND endpoint = $2 AND answered_at IS NOT NULL AND tokens_in > 0 ORDER BY answered_at DESC LIMIT 2000) r`,
    [model, endpoint],
  );
  const { calls, characters, tokens, cached, ms } = rows[0] ?? { calls: 0, characters: null, tokens: null, cached: null, ms: null };
  if (calls === 0 || !characters || !tokens) return { calls: 0, charactersPerToken: null, cachedShare: null, callMs: null };
  return { calls, charactersPerToken: characters / tokens, cachedShare: cached === null ? null : cached / tokens, callMs: ms };
}

/** The run as its stages would see it, and how many latents it is likely to explain. */
async function runOf(pool: Pool, config: RunConfig): Promise<{ run: RunFacts; latents: number; latentsBasis: string }> {
  const { rows } = await pool.query<{
    modelId: string;
    modelLocation: string;
    coderId: string;
    coderLocation: string;
    width: number;
    hookpoints: string[];
    looked: number;
    ready: number;
  }>(
    `SELECT m.id::text AS "modelId", m.location AS "modelLocation", c.id::text AS "coderId", c.location AS "coderLocation", c.width, c.input_hookpoints AS hookpoints,
            (SELECT count(*)::int FROM latents l WHERE l.coder_id = c.id) AS looked,
            (SELECT count(*)::int FROM latents l WHERE l.coder_id = c.id AND l.status = 'ready') AS ready
       FROM models m JOIN sparse_coders c ON c.model_id = m.id WHERE m.slug = $1 AND c.slug = $2`,
    [config.model, config.coder],
  );
  const [row] = rows;
  if (row === undefined) throw new AppError('not_found', `The coder ${config.coder} of ${config.model} is not registered here.`, { field: 'coder' });
  const asked = config.latents === 'all' ? row.width : Math.min(row.width, 'first' in config.latents ? config.latents.first : config.latents.random);
  const share = row.looked === 0 ? 1 : row.ready / row.looked;
  return {
    run: {
      ...{
        id: 0n,
        config,
        results: {},
        modelId: BigInt(row.modelId),
        modelLocation: row.modelLocation,
        coderId: BigInt(row.coderId),
        coderLocation: row.coderLocation,
      },
      ...{ coderWidth: row.width, coderHookpoints: row.hookpoints, textSourceId: 0n, textLocation: '' },
    },
    latents: Math.round(asked * share),
    latentsBasis:
      row.looked === 0
        ? `All ${asked.toLocaleString('en')} latents asked for are counted: how many fire often enough to be explained is not known before the first run of this coder.`
        : `Of ${asked.toLocaleString('en')} latents asked for, ${Math.round(100 * share)} % are counted, as in the last run of this coder as many had evidence enough.`,
  };
}
