import type * as Sdk from '@aws-sdk/client-s3';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { checkedContent, checkRange, damaged, keySegments, missing, sealing, sha256, sumInTrailer, trailerBytes } from './trailer.ts';
import type { ArtifactFacts, ArtifactStore } from './types.ts';

/** Parts of a large artifact; S3 takes from 5 MiB, and 10,000 of them at most, so that they grow as they get many. */
const PART_BYTES = 8 * 2 ** 20;
const PARTS_OF_A_SIZE = 2_000;
/** The client asks for one even where the server has none. */
const ANY_REGION = 'us-east-1';
const NOT_FOUND = new Set(['NoSuchKey', 'NotFound']);

export interface S3Location {
  bucket: string;
  /** Before every key, without slashes at its ends; may be empty. */
  prefix: string;
  /** Null: Amazon's own. */
  endpoint: string | null;
  /** Null, the default: of Amazon, from where its tools take it; another server does not mind. */
  region?: string | null;
  /** Null, the default: from where Amazon's tools take them: environment, profile, instance. */
  credentials?: { accessKeyId: string; secretAccessKey: string } | null;
}

/**
 * Artifacts as objects of a bucket, byte for byte what they are as files. An object appears whole or not at all, so that
 * nothing half-written can be read; parts of an upload that broke off are given up. Region and credentials come from
 * where Amazon's own tools take them.
 */
export function createS3Artifacts({ bucket, prefix, endpoint, region = null, credentials = null }: S3Location): ArtifactStore {
  const where = `the bucket ${bucket}${endpoint === null ? '' : ` at ${endpoint}`}`;
  let connected: Promise<{ sdk: typeof Sdk; client: Sdk.S3Client }> | undefined;

  // Loaded when first used: the client takes half a second and most instances keep their files in a folder.
  const connect = (): NonNullable<typeof connected> =>
    (connected ??= import('@aws-sdk/client-s3').then((sdk) => ({
      sdk,
      client: new sdk.S3Client({
        // Other servers have no names of their own for buckets, and some do not know the newer checksums.
        ...(endpoint === null ? {} : { endpoint, forcePathStyle: true, region: region ?? ANY_REGION }),
        ...(credentials === null ? {} : { credentials }),
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      }),
    })));

  const objectKey = (key: string): string => [...(prefix === '' ? [] : [prefix]), ...keySegments(key)].join('/');

  /** Asks the server, and says in a sentence what goes wrong. Null: there is no such object. */
  async function ask<T>(work: (o: { sdk: typeof Sdk; client: Sdk.S3Client }) => Promise<T>): Promise<T | null> {
    const { sdk, client } = await connect();
    try {
      return await work({ sdk, client });
    } catch (error) {
      if (!NOT_FOUND.has(nameOf(error))) throw failure(error, where);
      // A question without a body has an answer without one: it may be the bucket that is gone.
      await client.send(new sdk.HeadBucketCommand({ Bucket: bucket })).catch((cause: unknown) => {
        throw NOT_FOUND.has(nameOf(cause)) ? noBucket(cause, where) : failure(cause, where);
      });
      return null;
    }
  }

  async function sizeOf(key: string): Promise<number | null> {
    const Key = objectKey(key);
    const found = await ask(({ sdk, client }) => client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key })));
    return found === null ? null : (found.ContentLength ?? 0);
  }

  /** Bytes of an object as it is stored, with the length of all of it. */
  async function get(key: string, range?: { offset: number; length: number }): Promise<{ bytes: Buffer; stored: number }> {
    const Key = objectKey(key);
    const Range = range && `bytes=${range.offset}-${range.offset + range.length - 1}`;
    const answer = await ask(async ({ sdk, client }) => {
      const { Body, ContentRange } = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key, ...(Range ? { Range } : {}) }));
      const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
      return { bytes, stored: ContentRange === undefined ? bytes.length : Number(/\/(\d+)$/.exec(ContentRange)?.[1]) };
    });
    if (answer === null) throw missing(key);
    if (range && answer.bytes.length !== range.length) throw damaged(key, 'it ends early');
    return answer;
  }

  async function contentBytes(key: string): Promise<number> {
    const stored = await sizeOf(key);
    if (stored === null) throw missing(key);
    if (stored < trailerBytes(key)) throw damaged(key, 'it is cut short');
    return stored - trailerBytes(key);
  }

  async function readRange(key: string, offset: number, length: number, known?: number): Promise<Buffer> {
    if (length <= 0 || offset < 0) {
      checkRange(key, known ?? (await contentBytes(key)), offset, length);
      return Buffer.alloc(0);
    }
    if (known !== undefined) checkRange(key, known, offset, length);
    const { bytes, stored } = await get(key, { offset, length });
    checkRange(key, stored - trailerBytes(key), offset, length);
    return bytes;
  }

  async function put(key: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<ArtifactFacts> {
    const Key = objectKey(key);
    const sealed = sealing(key);
    const { sdk, client } = await connect();
    const parts: { ETag: string | undefined; PartNumber: number }[] = [];
    let upload: string | undefined;
    try {
      for await (const { bytes, last } of inParts(sealed.seal(content))) {
        if (last && upload === undefined) {
          await client.send(new sdk.PutObjectCommand({ Bucket: bucket, Key, Body: bytes }));
          return sealed.facts();
        }
        upload ??= (await client.send(new sdk.CreateMultipartUploadCommand({ Bucket: bucket, Key }))).UploadId;
        const PartNumber = parts.length + 1;
        const { ETag } = await client.send(new sdk.UploadPartCommand({ Bucket: bucket, Key, UploadId: upload, PartNumber, Body: bytes }));
        parts.push({ ETag, PartNumber });
      }
      await client.send(new sdk.CompleteMultipartUploadCommand({ Bucket: bucket, Key, UploadId: upload, MultipartUpload: { Parts: parts } }));
      return sealed.facts();
    } catch (error) {
      if (upload !== undefined) {
        // The first failure is the one to tell; a bucket that keeps what was begun shows nothing of it either.
        await client.send(new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId: upload })).catch(() => undefined);
      }
      throw failure(error, where);
    }
  }

  return {
    has: async (key) => (await sizeOf(key)) !== null,

    async facts(key) {
      const stored = await sizeOf(key);
      if (stored === null) return null;
      const trailer = trailerBytes(key);
      if (trailer === 0) return { bytes: stored, sha256: sha256((await get(key)).bytes) };
      if (stored < trailer) throw damaged(key, 'it is cut short');
      return { bytes: stored - trailer, sha256: sumInTrailer(key, (await get(key, { offset: stored - trailer, length: trailer })).bytes) };
    },

    read: async (key) => checkedContent(key, (await get(key)).bytes),

    readRange: (key, offset, length) => readRange(key, offset, length),

    async open(key) {
      const bytes = await contentBytes(key);
      return { bytes, read: (offset, length) => readRange(key, offset, length, bytes), close: async () => undefined };
    },

    write: (key, bytes) => put(key, bytes instanceof Uint8Array ? [bytes] : bytes),

    async create(key, bytes) {
      const Key = objectKey(key);
      const sealed = sealing(key);
      const chunks: Uint8Array[] = [];
      for await (const chunk of sealed.seal([bytes])) chunks.push(chunk);
      const { sdk, client } = await connect();
      try {
        await client.send(new sdk.PutObjectCommand({ Bucket: bucket, Key, Body: Buffer.concat(chunks), IfNoneMatch: '*' }));
        return true;
      } catch (error) {
        if (nameOf(error) === 'PreconditionFailed' || nameOf(error) === 'ConditionalRequestConflict') return false;
        throw failure(error, where);
      }
    },

    async list(folder) {
      const base = prefix === '' ? '' : `${prefix}/`;
      const Prefix = folder === undefined ? base : `${objectKey(folder)}/`;
      const keys: string[] = [];
      let ContinuationToken: string | undefined;
      do {
        const { sdk, client } = await connect();
        const page = await client
          .send(new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix, ...(ContinuationToken ? { ContinuationToken } : {}) }))
          .catch((error: unknown) => {
            throw failure(error, where);
          });
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key.slice(base.length));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      return keys.sort();
    },

    async delete(key) {
      const Key = objectKey(key);
      await ask(({ sdk, client }) => client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key })));
    },
  };
}

/** A stream cut into parts of their own memory, the last marked. */
async function* inParts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<{ bytes: Buffer; last: boolean }> {
  let part = Buffer.allocUnsafe(PART_BYTES);
  let [used, count] = [0, 0];
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      if (used === part.length) {
        yield { bytes: part, last: false };
        part = Buffer.allocUnsafe(PART_BYTES * 2 ** Math.floor(++count / PARTS_OF_A_SIZE));
        used = 0;
      }
      const taken = Math.min(chunk.length - at, part.length - used);
      part.set(chunk.subarray(at, at + taken), used);
      at += taken;
      used += taken;
    }
  }
  yield { bytes: part.subarray(0, used), last: true };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function noBucket(cause: unknown, where: string): AppError {
  return new AppError('upstream_failed', `There is no such place as ${where}: make the bucket, or name another.`, { cause });
}

function failure(error: unknown, where: string): unknown {
  const name = nameOf(error);
  const status = error instanceof Error && '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }).httpStatusCode : undefined;
  if (name === 'NoSuchBucket') return noBucket(error, where);
  if (name === 'XMinioStorageFull' || name === 'QuotaExceeded' || status === 507)
    return new AppError('out_of_space', `There is no room left in ${where}; nothing of what was being written was kept. Make room and start again.`, {
      cause: error,
    });
  if (status === 401 || status === 403 || name === 'CredentialsProviderError')
    return new AppError('forbidden', `${where} refuses: ${errorMessage(error)}. Check the credentials and what they allow.`, { cause: error });
  // What is not an answer of the server, nor its absence, is an error of the caller's own.
  const fromServer = status !== undefined || (error instanceof Error && 'code' in error) || name === 'TimeoutError';
  if (!fromServer) return error;
  return new AppError('upstream_failed', `${where} does not answer as it should: ${errorMessage(error) || name}.`, { cause: error, retryable: true });
}
