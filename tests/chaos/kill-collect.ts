import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openStore } from '#gpu-worker/activations/store/open-store.ts';
import { rngFor } from '#lib/random/rng.ts';
import { createLocalArtifacts } from '#platform/artifacts/local.ts';

/**
 * Collects one store undisturbed, then collects the same again and again with the process killed (SIGKILL) at random
 * moments and started anew until it ends, and compares every finished store byte by byte. Every third kill waits for a
 * merge to begin. `node --import tsx tests/chaos/kill-collect.ts [kills = 50] [seed = 0] [rows = 1200]`; exit status 0
 * when all stores agree.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const [kills, seed, rows] = [2, 3, 4].map((at, i) => Number(process.argv[at] ?? [50, 0, 1200][i])) as [number, number, number];
const ROW_LENGTH = 128;
const GIVE_UP_MS = 60_000;

const folder = mkdtempSync(path.join(tmpdir(), 'atlas-kill-collect-'));
const tokens = path.join(folder, 'tokens.json');
const ids = rngFor('kill-collect', 'ids');
// Token 0 is the model's BOS: masked at the beginning of each row and wherever it turns up.
writeFileSync(tokens, JSON.stringify({ input_ids: Array.from({ length: rows }, () => [0, ...Array.from({ length: ROW_LENGTH - 1 }, () => ids.int(2000))]) }));

function start(store: string): { child: ChildProcess; ended: Promise<number | null> } {
  const coders = ['layers.2', 'layers.2.mlp'].map((name) => `models/presidents-4m-coders/${name}`).join(',');
  const args = [
    '--import',
    'tsx',
    'cli/main.ts',
    'collect',
    '--model',
    'models/presidents-4m',
    '--coder',
    coders,
    '--tokens',
    tokens,
    '--store',
    store,
    '--json',
  ];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  return { child, ended: new Promise((resolve) => child.once('exit', (code) => resolve(code))) };
}

/** SHA-256 of every file of a store, by path; what is being written does not count, and nothing of it may be left. */
function digests(store: string): Record<string, string> {
  const files = readdirSync(store, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [path.relative(store, file), createHash('sha256').update(readFileSync(file)).digest('hex')]),
  );
}

async function untilMerging(store: string, child: ChildProcess): Promise<void> {
  const claims = path.join(store, 'claims');
  const began = Date.now();
  while (child.exitCode === null && Date.now() - began < GIVE_UP_MS) {
    if (existsSync(claims) && readdirSync(claims).some((name) => name.startsWith('merge-'))) return;
    await delay(2);
  }
}

const rng = rngFor(seed, 'kill-collect', 'moments');
const began = Date.now();
const reference = path.join(folder, 'undisturbed');
if ((await start(reference).ended) !== 0) throw new Error('the undisturbed collection failed');
const undisturbedMs = Date.now() - began;
const expected = JSON.stringify(digests(reference));
process.stdout.write(`undisturbed: ${(undisturbedMs / 1000).toFixed(1)} s\n`);

let [killed, finished, inMerge] = [0, 0, 0];
let equal = true;
while (killed < kills) {
  const store = path.join(folder, `disturbed-${finished}`);
  for (;;) {
    const { child, ended } = start(store);
    if (killed < kills && killed % 3 === 2) {
      await untilMerging(store, child);
      await delay(rng.int(120));
    } else if (killed < kills) await Promise.race([ended, delay(rng.int(Math.ceil(0.8 * undisturbedMs)))]);
    else await ended;
    if (child.exitCode === null) {
      const merging = existsSync(path.join(store, 'claims')) && readdirSync(path.join(store, 'claims')).some((name) => name.startsWith('merge-'));
      child.kill('SIGKILL');
      await ended;
      if (child.signalCode === 'SIGKILL') {
        killed++;
        if (merging) inMerge++;
        continue;
      }
    }
    if (child.exitCode !== 0) throw new Error(`the collection into ${store} failed with status ${child.exitCode}`);
    break;
  }
  const found = digests(store);
  const same = JSON.stringify(found) === expected;
  if (!same) process.stdout.write(`store ${finished} differs: ${JSON.stringify(found, null, 1)}\n`);
  equal &&= same;
  const opened = await openStore(createLocalArtifacts(store));
  await opened.verify();
  await opened.close();
  rmSync(store, { recursive: true });
  finished++;
  process.stdout.write(
    `${killed} kills, ${inMerge} of them in a merge; ${finished} stores finished, ${equal ? 'all byte for byte the same' : 'NOT all the same'}\n`,
  );
}
if (equal) rmSync(folder, { recursive: true });
process.exitCode = equal ? 0 : 1;
