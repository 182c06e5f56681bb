import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import type { Expected } from './download-file.ts';
import { hubError } from './hub-error.ts';
import type { HubName } from './hub-name.ts';

/** Which hub, and as whom. */
export interface HubAccess {
  /** Without a slash at its end. */
  endpoint: string;
  token: string | null;
}

/** A file of a repository; its path is as the hub gives it and may be anything. */
export interface HubFile extends Expected {
  path: string;
}

// A repository of coders has some hundreds of files; ten times the largest known keeps a listing from never ending.
const MAX_FILES = 50_000;

const infoSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/) });
const oid = z.string().regex(/^[0-9a-f]{40}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const entrySchema = z.object({
  type: z.string(),
  path: z.string(),
  size: z.number().int().nonnegative(),
  oid: oid.optional(),
  lfs: z.object({ oid: sha256, size: z.number().int().nonnegative() }).nullish(),
});

/** The commit that a revision is now. Throws AppError as `hubError` says. */
export async function resolveCommit({ kind, repo, revision }: HubName, { endpoint, token }: HubAccess): Promise<string> {
  try {
    const asked = { name: repo, revision, hubUrl: endpoint, ...credentials(token) };
    const info = kind === 'model' ? await modelInfo({ ...asked, additionalFields: ['sha'] }) : await datasetInfo({ ...asked, additionalFields: ['sha'] });
    return infoSchema.parse(info).sha;
  } catch (error) {
    throw hubError(error, { endpoint, repo, what: `revision ${revision}`, token });
  }
}

/** The files of a folder of a repository, with what is below it when `recursive`. Throws AppError as `hubError` says. */
export async function listRepository(
  { kind, repo }: Pick<HubName, 'kind' | 'repo'>,
  commit: string,
  folder: string,
  recursive: boolean,
  { endpoint, token }: HubAccess,
): Promise<HubFile[]> {
  const files: HubFile[] = [];
  try {
    const path = folder.split('/').map(encodeURIComponent).join('/');
    for await (const entry of listFiles({ repo: { type: kind, name: repo }, revision: commit, path, recursive, hubUrl: endpoint, ...credentials(token) })) {
      const parsed = entrySchema.parse(entry);
      const file = fileOf(parsed);
      if (file) files.push(file);
      if (files.length > MAX_FILES)
        throw new AppError('too_large', `${repo} has more than ${MAX_FILES} files${folder === '' ? '; name a folder after a colon' : ` in ${folder}`}.`);
    }
  } catch (error) {
    throw hubError(error, { endpoint, repo, what: folder === '' ? `commit ${commit}` : `folder ${folder}`, token });
  }
  return files;
}

/** Where a file's bytes are. */
export function fileUrl({ kind, repo }: Pick<HubName, 'kind' | 'repo'>, commit: string, path: string, { endpoint }: HubAccess): string {
  return `${endpoint}/${kind === 'dataset' ? 'datasets/' : ''}${repo}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

function fileOf({ type, path, size, oid: blob, lfs }: z.infer<typeof entrySchema>): HubFile | null {
  if (type !== 'file') return null;
  if (lfs) return { path, size: lfs.size, checksum: { algorithm: 'sha256', hex: lfs.oid } };
  return blob === undefined ? null : { path, size, checksum: { algorithm: 'git', hex: blob } };
}

function credentials(token: string | null): { accessToken?: string } {
  return token === null ? {} : { accessToken: token };
}
