import { join } from 'node:path';
import * as hub from '#gpu-worker/hub/locate.ts';
import type { Environment } from '#platform/environment/environment.ts';
import { warn } from './warn.ts';

/** The folder of a model that a user named: one here, or one of the hub, fetched into the data folder. */
export function locateModel(environment: Environment, name: string): Promise<hub.Located> {
  return hub.locateModel(name, hubOptions(environment));
}

/** The folder of a sparse coder that a user named, likewise. */
export function locateCoder(environment: Environment, name: string): Promise<hub.Located> {
  return hub.locateCoder(name, hubOptions(environment));
}

/** Where a text that a user named lies on this machine; one of the hub is fetched into the data folder. */
export function locateText(environment: Environment, location: string): Promise<string> {
  return hub.locateText(location, hubOptions(environment));
}

function hubOptions({ dataDir, hub: { endpoint, token } }: Environment): Parameters<typeof hub.locateModel>[1] {
  return { cacheDir: join(dataDir, 'hub'), endpoint, token, say: warn };
}
