import type { Environment } from '#platform/environment/environment.ts';

/** Where something named on the command line lies, and the hub's commit that it is, when it comes from there. */
export interface Located {
  dir: string;
  commit: string | null;
}

/** The folder of a model that a user named. */
export function locateModel(_environment: Environment, name: string): Promise<Located> {
  return Promise.resolve({ dir: name, commit: null });
}

/** The folder of a sparse coder that a user named. */
export function locateCoder(_environment: Environment, name: string): Promise<Located> {
  return Promise.resolve({ dir: name, commit: null });
}
