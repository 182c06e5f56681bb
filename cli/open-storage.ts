import { openArtifacts } from '#platform/artifacts/open-artifacts.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import type { Environment } from '#platform/environment/environment.ts';

/** The artifact storage that a user named: a folder, or `s3://bucket/prefix`. */
export function openStorage({ s3 }: Environment, location: string): ArtifactStore {
  return openArtifacts(location, s3);
}
