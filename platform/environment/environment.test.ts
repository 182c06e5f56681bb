import path from 'node:path';
import { expect, test } from 'vitest';
import { loadEnvironment } from './environment.ts';

test('an empty environment gives the embedded set-up on loopback', () => {
  const env = loadEnvironment({});
  expect(env).toMatchObject({
    dataDir: path.resolve('.data'),
    databaseUrl: null,
    meiliUrl: null,
    llm: null,
    embedder: null,
    siteHost: '127.0.0.1',
    sitePort: 3000,
    siteUrl: null,
    trustedProxies: [],
    workerHost: '127.0.0.1',
    workerUrl: null,
    workerPort: 3100,
    logLevel: 'info',
    threads: null,
    device: 'auto',
    hub: { endpoint: 'https://huggingface.co', token: null },
  });
  expect(Object.isFrozen(env)).toBe(true);
});

test('an empty value is an absent one', () => {
  expect(loadEnvironment({ DATABASE_URL: '', LLM_MODEL: ' ', PORT: '' })).toMatchObject({ databaseUrl: null, llm: null, sitePort: 3000 });
});

test('trusted proxies are addresses and ranges', () => {
  expect(loadEnvironment({ TRUSTED_PROXIES: '10.0.0.1, 172.16.0.0/12,fd00::/8' }).trustedProxies).toEqual(['10.0.0.1', '172.16.0.0/12', 'fd00::/8']);
});

test('the address says whose API it is, unless LLM_PROVIDER does; Anthropic’s is known', () => {
  const llm = (source: Record<string, string>) => loadEnvironment({ LLM_MODEL: 'm', ...source }).llm;
  expect(llm({ LLM_BASE_URL: 'https://api.anthropic.com/v1' })).toMatchObject({ provider: 'anthropic', baseUrl: 'https://api.anthropic.com' });
  expect(llm({ LLM_PROVIDER: 'anthropic' })).toMatchObject({ provider: 'anthropic', baseUrl: 'https://api.anthropic.com' });
  expect(llm({ LLM_PROVIDER: 'anthropic', LLM_BASE_URL: 'http://gateway:80/anthropic' })).toMatchObject({ baseUrl: 'http://gateway:80/anthropic' });
  expect(llm({ LLM_PROVIDER: 'openai', LLM_BASE_URL: 'https://api.anthropic.com/v1' })).toMatchObject({ provider: 'openai' });
  expect(loadEnvironment({ LLM_PROVIDER: 'anthropic' }).llm).toBeNull();
  expect(llm({ LLM_BASE_URL: 'http://x/v1', LLM_SLOTS: '64', LLM_TOKENS_PER_MINUTE: '200000' })).toMatchObject({ slots: 64, tokensPerMinute: 200_000 });
  expect(() => llm({ LLM_BASE_URL: 'http://x/v1', LLM_SLOTS: '0' })).toThrow('LLM_SLOTS must be at least 1');
});

test('the language model needs its address and its name', () => {
  const both = { LLM_BASE_URL: 'http://localhost:8000/v1', LLM_MODEL: 'm' };
  const limits = { slots: null, requestsPerMinute: null, tokensPerMinute: null, timeoutSeconds: null };
  expect(loadEnvironment(both).llm).toEqual({ baseUrl: 'http://localhost:8000/v1', apiKey: null, model: 'm', provider: 'openai', ...limits });
  expect(loadEnvironment({ LLM_BASE_URL: 'local:', LLM_MODEL: 'a/b' }).llm).toEqual({
    baseUrl: 'local:',
    apiKey: null,
    model: 'a/b',
    provider: 'local',
    ...limits,
  });
  expect(() => loadEnvironment({ LLM_BASE_URL: both.LLM_BASE_URL })).toThrow('LLM_BASE_URL is set without LLM_MODEL');
  expect(() => loadEnvironment({ LLM_MODEL: 'm' })).toThrow('LLM_MODEL is set without LLM_BASE_URL');
});

test('an embedder, and a model for surprisal, named alone are run here', () => {
  const prompts = { query: null, document: null };
  expect(loadEnvironment({ EMBEDDER_MODEL: 'a/b' }).embedder).toEqual({ baseUrl: 'local:', apiKey: null, model: 'a/b', prompts });
  expect(loadEnvironment({ EMBEDDER_MODEL: 'm', EMBEDDER_BASE_URL: 'http://e/v1', EMBEDDER_QUERY_PROMPT: 'query: ' }).embedder).toEqual({
    ...{ baseUrl: 'http://e/v1', apiKey: null, model: 'm' },
    prompts: { query: 'query: ', document: null },
  });
  expect(() => loadEnvironment({ EMBEDDER_BASE_URL: 'http://e/v1' })).toThrow('EMBEDDER_BASE_URL is set without EMBEDDER_MODEL');
  expect(() => loadEnvironment({ EMBEDDER_DOCUMENT_PROMPT: 'x' })).toThrow('EMBEDDER_DOCUMENT_PROMPT is set without EMBEDDER_MODEL');
  expect(loadEnvironment({ SURPRISAL_MODEL: 'a/b' }).surprisal).toMatchObject({ baseUrl: 'local:', apiKey: null, model: 'a/b', slots: null });
  expect(loadEnvironment({ SURPRISAL_MODEL: 'a/b', SURPRISAL_SLOTS: '64', SURPRISAL_TOKENS_PER_MINUTE: '9000' }).surprisal).toMatchObject({
    slots: 64,
    tokensPerMinute: 9000,
  });
  expect(loadEnvironment({}).surprisal).toBeNull();
});

test.each([
  [{ PORT: 'eighty' }, 'PORT'],
  [{ PORT: '70000' }, 'PORT'],
  [{ TRUSTED_PROXIES: 'proxy.example' }, 'TRUSTED_PROXIES'],
  [{ TRUSTED_PROXIES: '10.0.0.0/33' }, 'TRUSTED_PROXIES'],
  [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL'],
  [{ MEILI_URL: 'localhost:7700' }, 'MEILI_URL'],
  [{ WORKER_SECRET: 'short' }, 'WORKER_SECRET'],
  [{ ATLAS_ADMIN_EMAIL: 'nobody' }, 'ATLAS_ADMIN_EMAIL'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
  [{ ATLAS_THREADS: '0' }, 'ATLAS_THREADS'],
  [{ ATLAS_DEVICE: 'tpu' }, 'ATLAS_DEVICE'],
  [{ HF_TOKEN: 'secret' }, 'HF_TOKEN'],
  [{ HF_ENDPOINT: 'huggingface.co' }, 'HF_ENDPOINT'],
  [{ LLM_BASE_URL: 'local:x', LLM_MODEL: 'm' }, 'LLM_BASE_URL'],
])('%j is refused by name', (source, field) => {
  expect(() => loadEnvironment(source)).toThrow(
    expect.objectContaining({ code: 'invalid_config', field, message: expect.stringMatching(new RegExp(`^The environment variable ${field} must `)) }),
  );
});
