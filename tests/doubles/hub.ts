import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A file of a repository on the double; `lfs` ones are kept elsewhere, as the hub keeps large files. */
export interface DoubleFile {
  bytes: Buffer;
  lfs?: boolean;
  /** What the listing claims in place of the true checksum. */
  statedChecksum?: string;
}

export interface DoubleRepository {
  /** Branches and tags to commits. */
  revisions: Record<string, string>;
  files: Record<string, DoubleFile>;
  /** Needs this token. */
  token?: string;
  /** Even with a token: its account has not accepted the conditions. */
  gated?: boolean;
}

export interface HubDouble {
  endpoint: string;
  /** Requests so far: method, path, range. */
  requests: { path: string; range: string | undefined; authorization: string | undefined; storage: boolean }[];
  /** Cuts the line after so many bytes of the next answers' bodies, one entry an answer. */
  cuts: number[];
  /** Answers of the storage ignore ranges. */
  ignoreRanges: boolean;
  /** Answers this status to everything. */
  down: number | null;
  close(): Promise<void>;
}

const PAGE = 3;

/**
 * The hub's API as far as it is used here, over real HTTP: revision info, paged tree listings, and files by `resolve`,
 * large ones by redirect to a storage on another origin that refuses anybody who brings the hub's token.
 */
export async function startHubDouble(repositories: Record<string, DoubleRepository>): Promise<HubDouble> {
  const double: HubDouble = { endpoint: '', requests: [], cuts: [], ignoreRanges: false, down: null, close: async () => undefined };
  const blobs = new Map<string, Buffer>();
  const note = (request: IncomingMessage, storage: boolean): void => {
    double.requests.push({ path: request.url ?? '', range: request.headers.range, authorization: request.headers.authorization, storage });
  };
  const storage = createServer((request, response) => {
    note(request, true);
    const bytes = blobs.get(new URL(request.url ?? '', 'http://x').pathname.slice(1));
    // As S3 does with a second way of signing in.
    if (request.headers.authorization !== undefined) answer(response, 400, { error: 'Only one auth mechanism allowed' });
    else if (!bytes) answer(response, 404, { error: 'NoSuchKey' });
    else sendBytes(double, request, response, bytes, {});
  });
  const storagePort = await listen(storage);
  const hub = createServer((request, response) => {
    note(request, false);
    if (double.down !== null) return answer(response, double.down, { error: 'Service unavailable' });
    const url = new URL(request.url ?? '', 'http://x');
    // Data sets have a path of their own, and are known here as `datasets/org/name`.
    const [, repo = '', rest = ''] = /^(?:\/api\/models|\/api(?=\/datasets\/))?\/((?:datasets\/)?[^/]+\/[^/]+)\/(.*)$/.exec(url.pathname) ?? [];
    const repository = repositories[repo];
    const token = request.headers.authorization?.replace(/^Bearer /, '');
    // The hub does not tell strangers what exists.
    if (!repository)
      return answer(response, token === undefined ? 401 : 404, { error: token === undefined ? 'Invalid username or password.' : 'Repository not found' });
    if (repository.token !== undefined && token !== repository.token) return answer(response, 401, { error: 'Invalid credentials in Authorization header' });
    if (repository.gated === true) return answer(response, 403, { error: `Access to model ${repo} is restricted` });
    const [kind = '', revision = '', ...path] = rest.split('/').map(decodeURIComponent);
    const commit = repository.revisions[revision] ?? Object.values(repository.revisions).find((sha) => sha === revision);
    if (commit === undefined) return answer(response, 404, { error: `Invalid rev id: ${revision}` });
    if (kind === 'revision')
      return answer(response, 200, {
        _id: '1',
        id: repo,
        private: false,
        gated: false,
        downloads: 0,
        likes: 0,
        lastModified: '2026-01-01T00:00:00.000Z',
        sha: commit,
      });
    if (kind === 'tree') return tree(double, repository, path.join('/'), url, response);
    const file = repository.files[path.join('/')];
    if (!file || kind !== 'resolve') return answer(response, 404, { error: 'Entry not found' });
    if (!file.lfs) return sendBytes(double, request, response, file.bytes, { etag: `"${gitId(file.bytes)}"` });
    const key = sha256(file.bytes);
    blobs.set(key, file.bytes);
    response.writeHead(302, {
      location: `http://localhost:${storagePort}/${key}?signature=x`,
      'x-linked-size': file.bytes.length,
      'x-linked-etag': `"${key}"`,
      'x-repo-commit': commit,
    });
    response.end();
  });
  double.endpoint = `http://127.0.0.1:${await listen(hub)}`;
  double.close = async () => {
    for (const server of [hub, storage]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  };
  return double;
}

function tree(double: HubDouble, { files }: DoubleRepository, folder: string, url: URL, response: ServerResponse): void {
  const prefix = folder === '' ? '' : `${folder}/`;
  const inside = Object.entries(files).filter(([path]) => path.startsWith(prefix));
  if (inside.length === 0) return answer(response, 404, { error: `${folder} does not exist` });
  const recursive = url.searchParams.get('recursive') === 'true';
  const here = inside.filter(([path]) => recursive || !path.slice(prefix.length).includes('/'));
  const folders = new Set(
    inside
      .map(([path]) => path.slice(prefix.length).split('/'))
      .filter((parts) => parts.length > 1)
      .map(([first]) => first),
  );
  const entries = [
    ...[...folders].map((name) => ({ type: 'directory', oid: '0'.repeat(40), size: 0, path: prefix + name })),
    ...here.map(([path, { bytes, lfs, statedChecksum }]) => ({
      type: 'file',
      oid: lfs ? '1'.repeat(40) : (statedChecksum ?? gitId(bytes)),
      size: bytes.length,
      path,
      ...(lfs ? { lfs: { oid: statedChecksum ?? sha256(bytes), size: bytes.length, pointerSize: 130 } } : {}),
    })),
  ];
  const from = Number(url.searchParams.get('cursor') ?? 0);
  const next = new URL(url.pathname + url.search, double.endpoint);
  next.searchParams.set('cursor', String(from + PAGE));
  answer(response, 200, entries.slice(from, from + PAGE), from + PAGE < entries.length ? { link: `<${next.href}>; rel="next"` } : {});
}

function sendBytes(double: HubDouble, request: IncomingMessage, response: ServerResponse, bytes: Buffer, headers: Record<string, string>): void {
  const start = double.ignoreRanges ? undefined : /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const body = bytes.subarray(Number(start ?? 0));
  response.writeHead(start === undefined ? 200 : 206, {
    ...headers,
    'content-length': body.length,
    'accept-ranges': 'bytes',
    ...(start === undefined ? {} : { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
  });
  const cut = double.cuts.shift();
  if (cut === undefined || cut >= body.length) response.end(body);
  else response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
}

function answer(response: ServerResponse, status: number, json: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(json));
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, () => resolve()));
  return (server.address() as AddressInfo).port;
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const gitId = (bytes: Buffer): string => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
