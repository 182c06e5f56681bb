import type { Command } from 'commander';
import { errorMessage } from '#lib/errors/app-error.ts';
import { inspectMachine, type MachineReport } from '#gpu-worker/model/machine.ts';
import { loadEnvironment, LOCAL_MODEL, type Environment } from '#platform/environment/environment.ts';
import { openDatabase } from '#platform/database/database.ts';
import { resolveInstance } from '#platform/instance/instance.ts';

/** Adds `doctor`. */
export function registerDoctor(program: Command, print: (line: string) => void): void {
  program
    .command('doctor')
    .description('what this machine has, what would be used, and which services answer')
    .option('--json', 'as JSON', false)
    .action((options: { json: boolean }) => doctor(options, print));
}

/** A service of the instance: where, and whether it answers. */
export interface ServiceReport {
  name: 'database' | 'worker' | 'language model' | 'search';
  state: 'answers' | 'fails' | 'not set up';
  detail: string;
}

/** Prints the report; nothing that is missing is an error. */
export async function doctor(
  { json }: { json: boolean },
  print: (line: string) => void,
  environment: Environment = loadEnvironment(process.env),
): Promise<void> {
  const machine = inspectMachine(environment);
  const services = await inspectServices(environment);
  if (json) {
    print(JSON.stringify({ ...machine, services }, null, 2));
    return;
  }
  for (const [label, value] of machineLines(machine)) print(`${label.padEnd(16)} ${value}`);
  for (const { name, state, detail } of services) print(`${name.padEnd(16)} ${state}: ${detail}`);
}

function machineLines({ node, platform, cpu, memory, runtime, providers, device, gpus }: MachineReport): [string, string][] {
  const gb = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GB`;
  return [
    ['Node', `${node} on ${platform}`],
    ['CPU', `${cpu.model}, ${cpu.cores} cores, ${cpu.features.join(' ') || 'features unknown'}`],
    ['memory', `${gb(memory.freeBytes)} of ${gb(memory.totalBytes)} free; a batch may take ${gb(memory.batchBytes)}`],
    ...gpus.map(({ name, totalBytes, freeBytes }): [string, string] => ['GPU', `${name}, ${gb(freeBytes)} of ${gb(totalBytes)} free`]),
    ['onnxruntime', runtime],
    ...providers.map(({ device: name, usable, why }): [string, string] => [`  ${name}`, `${usable ? 'usable' : 'not usable'}: ${why}`]),
    ['would be used', device.used === null ? device.why : `${device.used} with ${cpu.threads} threads (ATLAS_DEVICE=${device.asked})`],
  ];
}

async function inspectServices(environment: Environment): Promise<ServiceReport[]> {
  return Promise.all([inspectDatabase(environment), inspectWorker(environment), inspectLanguageModel(environment), inspectSearch(environment)]);
}

async function inspectDatabase(environment: Environment): Promise<ServiceReport> {
  const name = 'database';
  let url: string;
  try {
    url = resolveInstance(environment).databaseUrl;
  } catch (error) {
    return { name, state: 'not set up', detail: errorMessage(error) };
  }
  try {
    const database = await openDatabase(url, { max: 1 });
    const { rows } = await database.pool.query<{ version: string }>(`SELECT current_setting('server_version') AS version`);
    await database.close();
    return { name, state: 'answers', detail: `PostgreSQL ${rows[0]?.version ?? '?'} at ${withoutSecrets(url)}` };
  } catch (error) {
    return { name, state: 'fails', detail: errorMessage(error) };
  }
}

async function inspectWorker(environment: Environment): Promise<ServiceReport> {
  let url = environment.workerUrl;
  try {
    url ??= resolveInstance(environment).workerUrl;
  } catch (error) {
    return { name: 'worker', state: 'not set up', detail: errorMessage(error) };
  }
  return probe('worker', new URL('/healthz', url));
}

async function inspectLanguageModel({ llm }: Environment): Promise<ServiceReport> {
  const name = 'language model';
  if (llm === null) return { name, state: 'not set up', detail: 'none; the lexical baseline and the local scorers only' };
  if (llm.baseUrl === LOCAL_MODEL) return { name, state: 'answers', detail: `${llm.model}, run by the worker itself` };
  const found = await probe(name, new URL('models', `${llm.baseUrl.replace(/\/$/, '')}/`), llm.apiKey);
  return { ...found, detail: `${llm.model}: ${found.detail}` };
}

async function inspectSearch({ meiliUrl }: Environment): Promise<ServiceReport> {
  return meiliUrl === null ? { name: 'search', state: 'answers', detail: 'embedded, in the database' } : probe('search', new URL('/health', meiliUrl));
}

const PROBE_MS = 3000;

/** Any answer but a refusal of the key counts: some endpoints have no such page. */
async function probe(name: ServiceReport['name'], url: URL, key: string | null = null): Promise<ServiceReport> {
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(PROBE_MS), headers: key === null ? {} : { authorization: `Bearer ${key}` } });
    const refused = status === 401 || status === 403 || status >= 500;
    return { name, state: refused ? 'fails' : 'answers', detail: `${url.host} answered ${status}` };
  } catch (error) {
    const reason = error instanceof Error && error.cause !== undefined ? errorMessage(error.cause) : errorMessage(error);
    return { name, state: 'fails', detail: `${url.host}: ${reason}` };
  }
}

function withoutSecrets(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}
