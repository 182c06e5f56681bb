import { z } from 'zod';
import { AppError, isAppError } from '#lib/errors/app-error.ts';
import { UNRECORDED } from './chat-client.ts';
import { tokensSince, type CompletionCapabilities, type CompletionClient, type PromptLogprobs, type PromptToken } from './completion-client.ts';
import { EndpointCalls, type EndpointOptions, type Outcome } from './endpoint-calls.ts';
import { failureInBody } from './openai-chat-client.ts';
import { jsonPoster, type HeadersRead } from './post-json.ts';
import { guessTokens } from './token-guess.ts';

interface ReadRequest {
  prompt: string;
  top: number;
  since?: string;
  signal?: AbortSignal;
}

/** Most alternatives that the endpoint was found to give. */
interface Dialect {
  top: number;
}

const logprobsSchema = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number().nullable()),
  top_logprobs: z.array(z.record(z.string(), z.number().nullable()).nullable()).nullish(),
});
const responseSchema = z.object({
  choices: z.array(z.object({ text: z.string().nullish(), logprobs: logprobsSchema.nullish() })).min(1),
  usage: z
    .object({
      prompt_tokens: z.number().nullish(),
      completion_tokens: z.number().nullish(),
      prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
    })
    .nullish(),
});

/** What servers allow: vLLM and SGLang 20, OpenAI's own 5; the last only says which token stands there. */
const TOPS = [20, 5, 1];
const LOWEST_LOGPROB = -9999;
/** Read to find out what an endpoint gives. */
const PROBE = 'The capital of France is Paris.';

/**
 * An OpenAI-compatible `POST /completions` that echoes the prompt with its log-probabilities (`echo` and `logprobs`, as
 * vLLM, SGLang and llama-cpp-python have them). One token is generated and thrown away, as servers refuse none.
 */
export function createOpenAiCompletionClient(options: EndpointOptions): CompletionClient {
  const post = jsonPoster(options.baseUrl);
  const calls = new EndpointCalls<ReadRequest, Omit<PromptLogprobs, 'durationMs'>, Dialect>(options, {
    full: { top: TOPS[0]! },
    learn: (_, used) => used,
    simpler: ({ top }, failure, request) => {
      const lower = TOPS.find((candidate) => candidate < Math.min(top, request.top));
      return failure.kind === 'status' && (failure.status === 400 || failure.status === 422) && lower !== undefined ? { top: lower } : null;
    },
    async send(request, dialect, key, signal) {
      const { prompt, top } = request;
      const body = { model: options.model, prompt, max_tokens: 1, temperature: 0, echo: true, logprobs: Math.max(1, Math.min(top, dialect.top)) };
      const { data, headers } = await post('completions', body, { key, signal });
      return readEcho(data, request, headers);
    },
  });
  const read = async (request: ReadRequest): Promise<PromptLogprobs> => {
    const reply = await calls.call(request, guessTokens([{ content: request.prompt }]));
    if (reply.tokens.length === 0)
      throw new AppError(
        'unsupported',
        `The endpoint ${calls.endpoint} gives no log-probabilities of prompts: choose a model that runs here (SURPRISAL_MODEL).`,
        { field: 'SURPRISAL_MODEL' },
      );
    return reply;
  };
  let found: Promise<CompletionCapabilities> | null = null;
  const probe = async (signal?: AbortSignal): Promise<CompletionCapabilities> => {
    try {
      const { tokens } = await read({ prompt: PROBE, top: TOPS[0]!, ...(signal && { signal }) });
      return { promptLogprobs: true, maxTop: Math.max(0, ...tokens.map(({ top }) => top.length)) };
    } catch (error) {
      if (isAppError(error) && error.code === 'unsupported') return { promptLogprobs: false, maxTop: 0 };
      throw error;
    }
  };
  return {
    model: calls.model,
    endpoint: calls.endpoint,
    slots: calls.slots,
    together: 1,
    capabilities: (signal) =>
      (found ??= probe(signal).catch((error: unknown) => {
        found = null;
        throw error;
      })),
    async promptLogprobs(prompts, { top = 0, since, signal } = {}) {
      const settled = await Promise.allSettled(
        prompts.map((prompt) => read({ prompt, top, ...(since !== undefined && { since }), ...(signal && { signal }) })),
      );
      const failed = settled.find((one) => one.status === 'rejected');
      if (failed) throw failed.reason;
      return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    },
  };
}

/** No tokens where the endpoint did not echo the prompt's. */
function readEcho(body: unknown, { prompt, top, since }: ReadRequest, headers: HeadersRead): Outcome<Omit<PromptLogprobs, 'durationMs'>> {
  const parsed = responseSchema.safeParse(body);
  if (!parsed.success) return failureInBody(body);
  const { choices, usage } = parsed.data;
  const { text, logprobs } = choices[0]!;
  const tokensIn = usage?.prompt_tokens ?? null;
  const tokens = text?.startsWith(prompt) && logprobs ? echoed(logprobs, usage?.completion_tokens ?? 1, top) : [];
  const tokensOut = usage?.completion_tokens ?? null;
  return {
    headers,
    tokens: tokensIn === null || tokensOut === null ? null : tokensIn + tokensOut,
    reply: { tokens: tokensSince(tokens, since), tokensIn, tokensOut, tokensCached: usage?.prompt_tokens_details?.cached_tokens ?? null, ...UNRECORDED },
  };
}

function echoed({ tokens, token_logprobs: logprobs, top_logprobs: tops }: z.infer<typeof logprobsSchema>, generated: number, top: number): PromptToken[] {
  const count = tokens.length - generated;
  if (logprobs.length !== tokens.length || count < 2) return [];
  const read = tokens.slice(0, count).map((token, i): PromptToken => {
    const logprob = logprobs[i] ?? null;
    const others = Object.entries(tops?.[i] ?? {}).map(([other, value]) => ({ token: other, logprob: bounded(value ?? LOWEST_LOGPROB) }));
    return { token, logprob: i === 0 || logprob === null ? null : bounded(logprob), top: others.sort((a, b) => b.logprob - a.logprob).slice(0, top) };
  });
  // Servers that give log-probabilities of what they write alone leave the prompt's out.
  return read.slice(1).some(({ logprob }) => logprob === null) ? [] : read;
}

const bounded = (value: number): number => Math.max(LOWEST_LOGPROB, value);
