import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';
import { isAlive } from '#platform/database/embedded/postmaster.ts';
import { readInstance } from '#platform/instance/instance.ts';

/**
 * Take the data folder for this process; returns what gives it back. Throws AppError `conflict` when another launcher has
 * it. What a killed one left behind is taken over.
 */
export function claimDataFolder(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true });
  const file = path.join(dataDir, 'launcher.pid');
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, String(process.pid));
  try {
    // Twice: the second time after a stale claim has been removed.
    if (!claim(draft, file) && !claim(draft, file)) throw taken(dataDir, file);
  } finally {
    rmSync(draft);
  }
  return () => rmSync(file, { force: true });
}

function claim(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  if (!isLauncher(Number(readFileSync(file, 'utf8')))) rmSync(file, { force: true });
  return false;
}

function taken(dataDir: string, file: string): AppError {
  const site = readInstance(dataDir)?.siteUrl;
  return new AppError(
    'conflict',
    `Latent Atlas already runs on ${dataDir} (process ${readFileSync(file, 'utf8').trim()}${site ? `, ${site}` : ''}): stop it first, or set ATLAS_DATA_DIR to another folder.`,
  );
}

/** Process ids are used again: on Linux its command line must be a launcher's too. */
function isLauncher(pid: number): boolean {
  if (!(pid > 0) || pid === process.pid || !isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('infra/launcher');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
