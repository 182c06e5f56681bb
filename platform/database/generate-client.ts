import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '#lib/errors/app-error.ts';

const PRISMA_FOLDER = fileURLToPath(new URL('../../prisma', import.meta.url));

/**
 * Write Prisma's client to prisma/generated when it is missing or was made from another schema or version; returns
 * whether it did. Needs no network: the engine binary that the command would download is never run for this, so the
 * variable that names it may name any program.
 */
export function generateClient(): boolean {
  const schema = path.join(PRISMA_FOLDER, 'schema.prisma');
  const manifest = createRequire(import.meta.url).resolve('prisma/package.json');
  const hash = createHash('sha256').update(readFileSync(schema)).update(readFileSync(manifest)).digest('hex');
  const stamp = path.join(PRISMA_FOLDER, 'generated', 'made-from');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return false;
  const command = [path.join(path.dirname(manifest), 'build', 'index.js'), 'generate', '--schema', schema];
  try {
    execFileSync(process.execPath, command, {
      stdio: 'pipe',
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' },
    });
  } catch (cause) {
    const output = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
    throw new AppError('internal', `Prisma could not generate its client from ${schema}: ${output}`, { cause });
  }
  writeFileSync(stamp, hash);
  return true;
}
