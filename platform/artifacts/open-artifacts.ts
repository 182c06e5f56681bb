import { AppError } from '#lib/errors/app-error.ts';
import { createLocalArtifacts } from './local.ts';
import { createS3Artifacts } from './s3.ts';
import type { ArtifactStore } from './types.ts';

const SCHEME = 's3://';
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Whether a location names a bucket and not a folder. */
export const isBucket = (location: string): boolean => location.startsWith(SCHEME);

/**
 * Artifacts in a folder, or in a bucket: `s3://bucket` or `s3://bucket/prefix`. Nothing is read or connected to yet.
 * `endpoint` is another server than Amazon's that speaks its protocol, such as MinIO. Throws AppError 'invalid_config'
 * for what is no bucket's name.
 */
export function openArtifacts(location: string, { endpoint, region }: { endpoint: string | null; region: string | null }): ArtifactStore {
  if (!isBucket(location)) return createLocalArtifacts(location);
  const [bucket = '', ...prefix] = location.slice(SCHEME.length).split('/');
  if (!BUCKET.test(bucket)) throw new AppError('invalid_config', `${location} names no bucket: s3://bucket/prefix is expected.`);
  return createS3Artifacts({ bucket, prefix: prefix.filter((segment) => segment !== '').join('/'), endpoint, region });
}
