import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { doctor } from './doctor.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'doctor-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function report(source: Record<string, string>): Promise<Record<string, unknown> & { services: { name: string; state: string; detail: string }[] }> {
  const lines: string[] = [];
  await doctor({ json: true }, (line) => lines.push(line), loadEnvironment({ ATLAS_DATA_DIR: dir, ...source }));
  return JSON.parse(lines.join('\n')) as Awaited<ReturnType<typeof report>>;
}
const state = ({ services }: Awaited<ReturnType<typeof report>>): Record<string, string> =>
  Object.fromEntries(services.map(({ name, state }) => [name, state]));

test('an empty folder is described, not an error', async () => {
  const found = await report({ ATLAS_DEVICE: 'cpu', ATLAS_THREADS: '3' });
  expect(found).toMatchObject({ node: process.version, cpu: { threads: 3 }, device: { asked: 'cpu', used: 'cpu' } });
  expect(found['providers']).toContainEqual({ device: 'cpu', usable: true, why: 'always there' });
  expect(state(found)).toEqual({ database: 'not set up', worker: 'not set up', 'language model': 'not set up', search: 'answers' });
});

test('services are asked; what does not answer or refuses the key is said', async () => {
  const server = createServer((request, response) => response.writeHead(request.headers.authorization === 'Bearer right' ? 200 : 401).end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const llm = { LLM_BASE_URL: `${url}/v1`, LLM_MODEL: 'm' };
  expect(state(await report({ ...llm, LLM_API_KEY: 'right' }))['language model']).toBe('answers');
  const refused = await report({ ...llm, LLM_API_KEY: 'hush' });
  expect(state(refused)['language model']).toBe('fails');
  expect(JSON.stringify(refused)).not.toContain('hush');
  expect(state(await report({ WORKER_URL: 'http://127.0.0.1:1' })).worker).toBe('fails');
  server.closeAllConnections();
  server.close();
});

test('the same in lines for people', async () => {
  const lines: string[] = [];
  await doctor({ json: false }, (line) => lines.push(line), loadEnvironment({ ATLAS_DATA_DIR: dir, ATLAS_DEVICE: 'cpu' }));
  expect(lines.join('\n')).toMatch(/onnxruntime +\d+\.\d+[\s\S]*would be used +cpu with \d+ threads/);
});
