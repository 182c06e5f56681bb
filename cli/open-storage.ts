import { statSync } from 'node:fs';
import { AppError } from '#lib/errors/app-error.ts';
import { openArtifacts } from '#platform/artifacts/open-artifacts.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import type { Environment } from '#platform/environment/environment.ts';

/** The artifact storage that a user named: a folder, or `s3://bucket/prefix`. Throws AppError 'bad_request' for a file. */
export function openStorage({ s3 }: Environment, location: string): ArtifactStore {
  if (statSync(location, { throwIfNoEntry: false })?.isFile())
    throw new AppError('bad_request', `${location} is a file: name a folder, or s3://bucket/prefix.`, { field: 'store' });
  return openArtifacts(location, s3);
}
