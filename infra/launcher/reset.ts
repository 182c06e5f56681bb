import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { errorMessage } from '#lib/errors/app-error.ts';
import { findRunning, processEnd } from '#platform/database/embedded/postmaster.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { claimDataFolder } from './single-instance.ts';

// `npm run reset`: the only command that destroys anything, and it says what.
try {
  const { dataDir } = loadEnvironment(process.env);
  if (!existsSync(dataDir)) {
    process.stdout.write(`${dataDir} does not exist: nothing to remove.\n`);
  } else {
    claimDataFolder(dataDir);
    const running = findRunning(path.join(dataDir, 'postgres'));
    if (running) {
      process.kill(running.pid, 'SIGINT');
      await waitFor(running.pid);
    }
    const parts = readdirSync(dataDir).filter((name) => name !== 'launcher.pid');
    rmSync(dataDir, { recursive: true });
    process.stdout.write(`Removed ${dataDir} with ${parts.join(', ') || 'nothing'} in it. The next start begins anew; databases elsewhere were not touched.\n`);
  }
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
}

async function waitFor(pid: number): Promise<void> {
  // The poll alone would not keep this process alive.
  const alive = setInterval(() => undefined, 1000);
  await processEnd(pid);
  clearInterval(alive);
}
