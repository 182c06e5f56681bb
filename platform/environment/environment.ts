import { isIP } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { QUEUES, type QueueName } from '#lib/jobs/job.ts';

/** An OpenAI-compatible endpoint; or, with the address `local:`, a checkpoint that this machine runs, `model` its folder or its name on the hub. */
export interface Endpoint {
  baseUrl: string;
  apiKey: string | null;
  model: string;
}

/** A sentence embedder, and what is put before texts: null leaves it to the model's own files, or nothing to an endpoint. */
export interface EmbedderSetting extends Endpoint {
  prompts: { query: string | null; document: string | null };
}

export const LLM_PROVIDERS = ['openai', 'anthropic', 'local'] as const;
export type LlmProvider = (typeof LLM_PROVIDERS)[number];

/** A language model at an endpoint, and how hard it may be asked. */
export interface ModelEndpoint extends Endpoint {
  /** Calls at once; null: as many as the client takes for a new account. */
  slots: number | null;
  /** Limits per minute, of requests and of tokens in and out together; null: none but what the endpoint says. */
  requestsPerMinute: number | null;
  tokensPerMinute: number | null;
  /** Longest time for one attempt; null: the client's. */
  timeoutSeconds: number | null;
}

/** The language model of a run. */
export interface LlmEndpoint extends ModelEndpoint {
  /** Whose API it speaks; `local`: a checkpoint that this machine runs. */
  provider: LlmProvider;
}

/** Everything a process takes from its surroundings. Parsed once by each `main.ts`; nothing else reads `process.env`. */
export interface Environment {
  /** Absolute folder of all local state: embedded database, artifacts, secrets, instance file. */
  dataDir: string;
  /** Absolute folder of the artifact store, or `s3://bucket/prefix`. */
  artifactsDir: string;
  /** Another server than Amazon's for artifacts in a bucket, such as MinIO, and the region; credentials are taken as Amazon's tools take them. */
  s3: { endpoint: string | null; region: string | null };
  /** Null: the embedded PostgreSQL. */
  databaseUrl: string | null;
  /** Null: the embedded search engine. */
  meiliUrl: string | null;
  /** May write; never leaves the server side. */
  meiliKey: string | null;
  /** May only search. */
  meiliSearchKey: string | null;
  /**
   * Null: no language model; the lexical baseline and the local scorers only. `LLM_BASE_URL=local:` with
   * `LLM_MODEL=<folder or org/name>` makes an instruct checkpoint of this machine the language model, no server needed.
   */
  llm: LlmEndpoint | null;
  /** Prices that go before the built-in ones: a JSON or YAML file, or the JSON itself; null: none. */
  llmPrices: string | null;
  /** What keys in the database are sealed under; null: the secret in the data folder. */
  keysSecret: string | null;
  /**
   * Null: the bundled embedder in the worker. With the address `local:`, which `EMBEDDER_MODEL` alone means too, another
   * sentence encoder in the worker, `model` its folder or its name on the hub.
   */
  embedder: EmbedderSetting | null;
  /**
   * The model whose surprise scores explanations, best a base model: with the address `local:`, which `SURPRISAL_MODEL`
   * alone means too, a checkpoint that this machine runs. Null: the language model, where it gives log-probabilities.
   */
  surprisal: ModelEndpoint | null;
  /** Null: where the instance in the data folder says, or the default port. */
  workerUrl: string | null;
  workerHost: string;
  workerPort: number;
  /** Shared by the site and the worker's HTTP API; null until an instance has one. */
  workerSecret: string | null;
  authSecret: string | null;
  siteHost: string;
  sitePort: number;
  /** The address visitors use; null: where the instance says, or localhost and the default port. */
  siteUrl: string | null;
  /** Addresses and CIDR ranges of the proxies in front of the site; only what they write into `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[];
  adminEmail: string | null;
  adminPassword: string | null;
  logLevel: LogLevel;
  /** Threads of the numeric runtime; null: as many as the machine has cores. */
  threads: number | null;
  /** Queues a worker takes jobs from. */
  queues: readonly QueueName[];
  /** Told apart by it on one machine; a worker that restarts under the same name takes back at once what it held. */
  workerName: string;
  /** What the numeric runtime computes on; `auto`: a GPU where its libraries lie, else the CPU. */
  device: DeviceChoice;
  /** Where models and coders are fetched from; the token reads what is private or gated. */
  hub: { endpoint: string; token: string | null };
}

export const DEVICE_CHOICES = ['auto', 'cpu', 'cuda', 'webgpu'] as const;
export type DeviceChoice = (typeof DEVICE_CHOICES)[number];

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const port = z.coerce.number('must be a whole number').int('must be a whole number').min(1, 'must be at least 1').max(65_535, 'must be at most 65535');
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });
/** The address of a language model that this machine runs itself. */
export const LOCAL_MODEL = 'local:';
const localOrHttp = z.union([z.literal(LOCAL_MODEL), httpUrl], 'must be an http:// or https:// URL, or local:');
const wholeNumber = (most: number) =>
  z.coerce.number('must be a whole number').int('must be a whole number').min(1, 'must be at least 1').max(most, `must be at most ${most}`);
const secret = z.string().min(32, 'must have at least 32 characters, e.g. from `openssl rand -hex 32`');

/** An IP address, or a range of them in CIDR notation. */
function isNetwork(text: string): boolean {
  const [, address = '', prefix = '0'] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(prefix) <= (version === 4 ? 32 : 128);
}

const sourceSchema = z.object({
  ATLAS_DATA_DIR: z.string().default('.data'),
  ATLAS_ARTIFACTS_DIR: z.string().optional(),
  AWS_ENDPOINT_URL: httpUrl.optional(),
  AWS_ENDPOINT_URL_S3: httpUrl.optional(),
  AWS_REGION: z.string().optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgresql:// URL' }).optional(),
  MEILI_URL: httpUrl.optional(),
  MEILI_MASTER_KEY: z.string().optional(),
  MEILI_SEARCH_KEY: z.string().optional(),
  LLM_BASE_URL: localOrHttp.optional(),
  LLM_API_KEY: z.string().optional(),
  LLM_MODEL: z.string().optional(),
  LLM_PROVIDER: z.enum(['openai', 'anthropic'], 'must be openai or anthropic').optional(),
  LLM_SLOTS: wholeNumber(4096).optional(),
  LLM_REQUESTS_PER_MINUTE: wholeNumber(1e7).optional(),
  LLM_TOKENS_PER_MINUTE: wholeNumber(1e10).optional(),
  LLM_TIMEOUT_SECONDS: wholeNumber(3600).optional(),
  LLM_PRICES: z.string().optional(),
  ATLAS_KEYS_SECRET: secret.optional(),
  EMBEDDER_BASE_URL: localOrHttp.optional(),
  EMBEDDER_API_KEY: z.string().optional(),
  EMBEDDER_MODEL: z.string().optional(),
  EMBEDDER_QUERY_PROMPT: z.string().optional(),
  EMBEDDER_DOCUMENT_PROMPT: z.string().optional(),
  SURPRISAL_BASE_URL: localOrHttp.optional(),
  SURPRISAL_API_KEY: z.string().optional(),
  SURPRISAL_MODEL: z.string().optional(),
  SURPRISAL_SLOTS: wholeNumber(4096).optional(),
  SURPRISAL_REQUESTS_PER_MINUTE: wholeNumber(1e7).optional(),
  SURPRISAL_TOKENS_PER_MINUTE: wholeNumber(1e10).optional(),
  SURPRISAL_TIMEOUT_SECONDS: wholeNumber(3600).optional(),
  WORKER_URL: httpUrl.optional(),
  WORKER_HOST: z.string().default('127.0.0.1'),
  WORKER_PORT: port.default(3100),
  WORKER_SECRET: secret.optional(),
  AUTH_SECRET: secret.optional(),
  SITE_HOST: z.string().default('127.0.0.1'),
  PORT: port.default(3000),
  SITE_URL: httpUrl.optional(),
  TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((list) => list.split(',').flatMap((entry) => entry.trim() || []))
    .pipe(z.array(z.string().refine(isNetwork, 'must be addresses or ranges such as 10.0.0.1,172.16.0.0/12, separated by commas'))),
  ATLAS_ADMIN_EMAIL: z.email('must be an e-mail address').optional(),
  ATLAS_ADMIN_PASSWORD: z.string().min(10, 'must have at least 10 characters').optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  ATLAS_QUEUES: z
    .string()
    .default(QUEUES.join(','))
    .transform((list) => list.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(QUEUES, `must be some of ${QUEUES.join(', ')}, separated by commas`)).min(1)),
  WORKER_NAME: z.string().default('worker'),
  ATLAS_THREADS: z.coerce
    .number('must be a whole number')
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(1024, 'must be at most 1024')
    .optional(),
  ATLAS_DEVICE: z.enum(DEVICE_CHOICES, `must be one of ${DEVICE_CHOICES.join(', ')}`).default('auto'),
  HF_ENDPOINT: httpUrl.default('https://huggingface.co'),
  HF_TOKEN: z.string().startsWith('hf_', 'must begin with hf_').optional(),
});

/**
 * Parse environment variables. An empty value counts as absent, as compose files write `NAME=` for “not set”.
 * Throws AppError `invalid_config` naming the first variable at fault.
 */
export function loadEnvironment(source: Record<string, string | undefined>): Environment {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value.trim() !== ''));
  const parsed = sourceSchema.safeParse(present);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = String(issue?.path[0] ?? '');
    throw new AppError('invalid_config', `The environment variable ${field} ${issue?.message ?? 'is not valid'}.`, { field });
  }
  const env = parsed.data;
  // Without the remarks the site's bundler takes these for files that it must ship, and follows the whole project.
  const dataDir = path.resolve(/* turbopackIgnore: true */ env.ATLAS_DATA_DIR);
  return Object.freeze({
    dataDir,
    artifactsDir: env.ATLAS_ARTIFACTS_DIR?.startsWith('s3://')
      ? env.ATLAS_ARTIFACTS_DIR
      : path.resolve(/* turbopackIgnore: true */ env.ATLAS_ARTIFACTS_DIR ?? path.join(dataDir, 'artifacts')),
    s3: Object.freeze({ endpoint: env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL ?? null, region: env.AWS_REGION ?? null }),
    databaseUrl: env.DATABASE_URL ?? null,
    meiliUrl: env.MEILI_URL ?? null,
    meiliKey: env.MEILI_MASTER_KEY ?? null,
    meiliSearchKey: env.MEILI_SEARCH_KEY ?? null,
    llm: llmEndpoint(env),
    llmPrices: env.LLM_PRICES ?? null,
    keysSecret: env.ATLAS_KEYS_SECRET ?? null,
    embedder: embedderSetting(env),
    surprisal: surprisalEndpoint(env),
    workerUrl: env.WORKER_URL ?? null,
    workerHost: env.WORKER_HOST,
    workerPort: env.WORKER_PORT,
    workerSecret: env.WORKER_SECRET ?? null,
    authSecret: env.AUTH_SECRET ?? null,
    siteHost: env.SITE_HOST,
    sitePort: env.PORT,
    siteUrl: env.SITE_URL ?? null,
    trustedProxies: env.TRUSTED_PROXIES,
    adminEmail: env.ATLAS_ADMIN_EMAIL ?? null,
    adminPassword: env.ATLAS_ADMIN_PASSWORD ?? null,
    logLevel: env.LOG_LEVEL,
    threads: env.ATLAS_THREADS ?? null,
    queues: env.ATLAS_QUEUES,
    workerName: env.WORKER_NAME,
    device: env.ATLAS_DEVICE,
    hub: Object.freeze({ endpoint: env.HF_ENDPOINT.replace(/\/+$/, ''), token: env.HF_TOKEN ?? null }),
  });
}

/** The address of a model that may be named alone: then this machine runs it. */
const localUnlessSaid = (baseUrl: string | undefined, model: string | undefined): string | undefined =>
  baseUrl ?? (model === undefined ? undefined : LOCAL_MODEL);

function embedderSetting(env: z.infer<typeof sourceSchema>): EmbedderSetting | null {
  const found = endpoint('EMBEDDER', localUnlessSaid(env.EMBEDDER_BASE_URL, env.EMBEDDER_MODEL), env.EMBEDDER_API_KEY, env.EMBEDDER_MODEL);
  const prompts = { query: env.EMBEDDER_QUERY_PROMPT ?? null, document: env.EMBEDDER_DOCUMENT_PROMPT ?? null };
  if (found !== null) return { ...found, prompts };
  if (prompts.query === null && prompts.document === null) return null;
  const field = prompts.query === null ? 'EMBEDDER_DOCUMENT_PROMPT' : 'EMBEDDER_QUERY_PROMPT';
  throw new AppError('invalid_config', `The environment variable ${field} is set without EMBEDDER_MODEL: the bundled embedder takes no prompts.`, { field });
}

function surprisalEndpoint(env: z.infer<typeof sourceSchema>): ModelEndpoint | null {
  const found = endpoint('SURPRISAL', localUnlessSaid(env.SURPRISAL_BASE_URL, env.SURPRISAL_MODEL), env.SURPRISAL_API_KEY, env.SURPRISAL_MODEL);
  return found && { ...found, ...limitsOf(env, 'SURPRISAL') };
}

function limitsOf(env: z.infer<typeof sourceSchema>, prefix: 'LLM' | 'SURPRISAL'): Omit<ModelEndpoint, keyof Endpoint> {
  return {
    slots: env[`${prefix}_SLOTS`] ?? null,
    requestsPerMinute: env[`${prefix}_REQUESTS_PER_MINUTE`] ?? null,
    tokensPerMinute: env[`${prefix}_TOKENS_PER_MINUTE`] ?? null,
    timeoutSeconds: env[`${prefix}_TIMEOUT_SECONDS`] ?? null,
  };
}

/** Anthropic's address needs not be given; elsewhere the address says whose API it is, unless LLM_PROVIDER does. */
function llmEndpoint(env: z.infer<typeof sourceSchema>): LlmEndpoint | null {
  const own = env.LLM_PROVIDER === 'anthropic' ? ANTHROPIC_URL : undefined;
  const found = endpoint('LLM', env.LLM_BASE_URL ?? (env.LLM_MODEL === undefined ? undefined : own), env.LLM_API_KEY, env.LLM_MODEL);
  if (found === null) return null;
  const isAnthropic = env.LLM_PROVIDER === undefined ? new URL(found.baseUrl).host === new URL(ANTHROPIC_URL).host : env.LLM_PROVIDER === 'anthropic';
  return {
    ...found,
    // The package puts `/v1` before its paths; other tools' settings have it in the address.
    ...(isAnthropic && { baseUrl: found.baseUrl.replace(/\/v1\/*$/, '') }),
    provider: found.baseUrl === LOCAL_MODEL ? 'local' : isAnthropic ? 'anthropic' : 'openai',
    ...limitsOf(env, 'LLM'),
  };
}

const ANTHROPIC_URL = 'https://api.anthropic.com';

function endpoint(prefix: string, baseUrl: string | undefined, apiKey: string | undefined, model: string | undefined): Endpoint | null {
  if (baseUrl === undefined && model === undefined) return null;
  if (baseUrl === undefined || model === undefined) {
    const [set, missing] = baseUrl === undefined ? [`${prefix}_MODEL`, `${prefix}_BASE_URL`] : [`${prefix}_BASE_URL`, `${prefix}_MODEL`];
    throw new AppError('invalid_config', `The environment variable ${set} is set without ${missing}: set both, or neither.`, { field: missing });
  }
  return { baseUrl, apiKey: apiKey ?? null, model };
}
