import { buildSite } from '#infra/launcher/build-site.ts';
import type { Log } from '#platform/log/log.ts';
import { createLog } from '#platform/log/log.ts';

/** Where the tested build lies: beside the one that may be serving somebody right now. */
export const DIST_DIR = '.next-e2e';

/** Builds the site for the tests unless the build there is of these sources. Throws AppError `internal` with the compiler's last lines. */
export async function buildTestedSite(log: Log = createLog({ name: 'build', level: 'silent' })): Promise<void> {
  await buildSite({ ...process.env, ATLAS_DIST_DIR: DIST_DIR, NEXT_TELEMETRY_DISABLED: '1' }, log, () => undefined);
}
