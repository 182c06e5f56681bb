import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { AppError } from '#lib/errors/app-error.ts';
import type { Environment } from '#platform/environment/environment.ts';
import { ensureSecret } from '#platform/instance/secrets.ts';
import { listProviderKeys, removeProviderKey, setProviderKey } from '#platform/keys/provider-keys.ts';
import { withInstance } from './open-instance.ts';

/** Adds `keys set|list|remove`: keys of language models, kept encrypted in the database. */
export function registerKeys(program: Command, print: (line: string) => void): void {
  const keys = program.command('keys').description('keys of language models, kept encrypted in the database; LLM_API_KEY goes before them');
  keys
    .command('set')
    .description('keep the key that is read from standard input, or from a file, for an endpoint')
    .argument('<host>', 'of the endpoint, as LLM_BASE_URL names it: api.openai.com, localhost:8000')
    .option('--file <path>', 'read it from there; as an argument other users of this machine could read it')
    .action((host: string, { file }: { file?: string }) => keysSet(host, readKey(file), print));
  keys
    .command('list')
    .description('the endpoints that have one, with its last four characters')
    .action(() => keysList(print));
  keys
    .command('remove')
    .argument('<host>')
    .action((host: string) => keysRemove(host, print));
}

export async function keysSet(host: string, key: string, print: (line: string) => void, surroundings?: Environment): Promise<void> {
  await withInstance(async ({ environment, database }) => {
    await setProviderKey(database.pool, environment.keysSecret ?? ensureSecret(environment.dataDir, 'keys'), host, key);
    print(`The key for ${host} is kept. Workers use it within a minute, where LLM_API_KEY is not set.`);
  }, surroundings);
}

export async function keysList(print: (line: string) => void, surroundings?: Environment): Promise<void> {
  await withInstance(async ({ database }) => {
    const keys = await listProviderKeys(database.pool);
    if (keys.length === 0) print('No key is kept: set one with `atlas keys set <host>`.');
    for (const { name, hint, updatedAt } of keys) print(`${name}  …${hint}  set ${updatedAt.toISOString()}`);
  }, surroundings);
}

export async function keysRemove(host: string, print: (line: string) => void, surroundings?: Environment): Promise<void> {
  await withInstance(async ({ database }) => {
    if (!(await removeProviderKey(database.pool, host))) throw new AppError('not_found', `No key is kept for ${host}: see \`atlas keys list\`.`);
    print(`The key for ${host} is gone.`);
  }, surroundings);
}

/** The key without the line break that editors and `echo` put behind it. */
function readKey(file: string | undefined): string {
  if (file === undefined && process.stdin.isTTY) process.stderr.write('Paste the key, then Enter and Ctrl-D:\n');
  try {
    return readFileSync(file ?? 0, 'utf8').trim();
  } catch (cause) {
    throw new AppError('bad_request', `The key cannot be read from ${file ?? 'standard input'}.`, { cause });
  }
}
