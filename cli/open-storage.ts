import { createLocalArtifacts } from '#platform/artifacts/local.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import type { Environment } from '#platform/environment/environment.ts';

/** The artifact storage that a user named. */
export function openStorage(_environment: Environment, location: string): ArtifactStore {
  return createLocalArtifacts(location);
}
