import { z } from 'zod';
import { errorMessage } from '#lib/errors/app-error.ts';
import type { HeadersRead } from './post-json.ts';

/** Why one attempt at a call gave no answer. */
export interface CallFailure {
  kind: 'status' | 'timeout' | 'connection' | 'not_chat';
  /** HTTP status; null when none came. */
  status: number | null;
  /** The endpoint's word and the request field it blames, where it gives them. */
  code: string | null;
  param: string | null;
  headers: HeadersRead | undefined;
  /** What the endpoint or the network said, as it came: may hold the key, so never show it unredacted. */
  detail: string;
}

/** An error with a status, as both packages throw it: `error` is the answer's body. */
const apiErrorSchema = z.object({
  status: z.number(),
  headers: z.custom<HeadersRead>((value) => typeof value === 'object' && value !== null && 'get' in value).optional(),
  error: z.unknown(),
});
/** OpenAI's error object, or Anthropic's, whose word is called `type` and whose finer one lies in `details`. */
const bodySchema = z.object({
  code: z.union([z.string(), z.number()]).nullish(),
  param: z.string().nullish(),
  type: z.string().nullish(),
  message: z.string().optional(),
  details: z.object({ error_code: z.string().nullish() }).nullish(),
});

/** Sorts whatever the package or the body's reader threw. `timedOut`: our own clock stopped the attempt. */
export function callFailure(error: unknown, timedOut: boolean): CallFailure {
  const none = { status: null, code: null, param: null, headers: undefined };
  if (timedOut) return { ...none, kind: 'timeout', detail: '' };
  const answer = apiErrorSchema.safeParse(error);
  if (answer.success && error instanceof Error) {
    const { status, headers } = answer.data;
    const body = errorBody(answer.data.error);
    const code = body?.details?.error_code ?? body?.code ?? null;
    return {
      kind: 'status',
      status,
      code: code === null ? (body?.type ?? null) : String(code),
      param: body?.param ?? null,
      headers,
      detail: body?.message === undefined ? error.message : `${status} ${body.message}`,
    };
  }
  // A connection cut inside the body is no APIError: the package has handed the body on by then.
  const cause = error instanceof Error && error.cause !== undefined ? `: ${errorMessage(error.cause)}` : '';
  return { ...none, kind: 'connection', detail: `${errorMessage(error)}${cause}` };
}

/** One package hands on the error object, the other the whole body around it. */
function errorBody(error: unknown): z.infer<typeof bodySchema> | null {
  const wrapped = z.object({ error: bodySchema }).safeParse(error);
  if (wrapped.success) return wrapped.data.error;
  const bare = bodySchema.safeParse(error);
  return bare.success ? bare.data : null;
}

/** What providers say when the money, and not the pace, is the matter: no waiting helps. */
const OUT_OF_MONEY: readonly (string | null)[] = [
  'insufficient_quota',
  'credit_balance_exhausted',
  'billing_hard_limit_reached',
  'enforced_spend_limit_reached',
  'billing_error',
];

/** Whether the endpoint has too much to do, with us or with others. */
export function isOverload(failure: CallFailure): boolean {
  return failure.kind === 'status' && isTransient(failure) && (failure.status === 429 || failure.status === 503 || failure.status === 529);
}

/** Whether the same call may succeed when made again. */
export function isTransient(failure: CallFailure): boolean {
  switch (failure.kind) {
    case 'timeout':
    case 'connection':
      return true;
    case 'not_chat':
      return false;
    case 'status': {
      // An empty account answers 429 as well; no waiting fills it.
      if (OUT_OF_MONEY.includes(failure.code)) return false;
      const status = failure.status ?? 0;
      return status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;
    }
  }
}

/** The settings that name an endpoint: of the model that is asked, or of the one that is read. */
export type EndpointSettings = 'LLM' | 'SURPRISAL';
/** The path behind the address that the endpoint is called at. */
const PATHS: Record<EndpointSettings, { path: string; answer: string }> = {
  LLM: { path: '/chat/completions', answer: 'chat completion' },
  SURPRISAL: { path: '/completions', answer: 'completion' },
};

/** The setting to change before any call can succeed; null when the failure is this call's own, or passes. */
export function settingAtFault(failure: CallFailure, of: EndpointSettings): `${EndpointSettings}_${'API_KEY' | 'BASE_URL' | 'MODEL'}` | null {
  if (failure.kind === 'not_chat') return `${of}_BASE_URL`;
  if (failure.status === 401 || failure.status === 402 || failure.status === 403 || OUT_OF_MONEY.includes(failure.code)) return `${of}_API_KEY`;
  return failure.status === 404 ? `${of}_MODEL` : null;
}

/** One sentence for a person, without host and model: what went wrong and what to do. */
export function describeFailure(failure: CallFailure, attempts: number, timeoutMs: number, of: EndpointSettings): string {
  const tries = attempts === 1 ? 'one attempt' : `${attempts} attempts`;
  const { path, answer } = PATHS[of];
  if (failure.kind === 'timeout') return `gave no whole answer within ${timeoutMs / 1000} s (${tries}); try again later, or use a faster model`;
  if (failure.kind === 'connection') return `could not be reached, or cut the connection (${tries}); check that it is running and that ${of}_BASE_URL is right`;
  if (failure.kind === 'not_chat') return `answered with something that is no ${answer}; check that ${of}_BASE_URL ends where ${path} begins, usually in /v1`;
  if (OUT_OF_MONEY.includes(failure.code) || failure.status === 402) return `has no credit left for this key; top it up, or set another ${of}_API_KEY`;
  if (failure.status === 401 || failure.status === 403) return `refused the key (HTTP ${failure.status}); check ${of}_API_KEY`;
  if (failure.status === 404) return `does not know the model or the address (HTTP 404); check ${of}_MODEL and ${of}_BASE_URL`;
  if (failure.status === 429) return `still limits the rate of requests after ${tries} (HTTP 429); try again later`;
  if (isTransient(failure)) return `failed (HTTP ${failure.status}, ${tries}); try again later`;
  return `refused the request (HTTP ${failure.status})`;
}
