import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer, type Document, type Index, Refusal, type Search } from './meilisearch-answer.ts';

/**
 * A double of Meilisearch: a small HTTP server that speaks the documented endpoints our engine uses, with the same
 * meaning of filters, sorts, facets, typos, prefixes, phrases, matching strategy `frequency`, user-provided vectors,
 * score thresholds, key rights, tasks and swaps, over documents in memory. It is not Meilisearch: it shows that the
 * engine asks and reads correctly, the contract tests against MEILI_URL show that Meilisearch agrees.
 */
export interface MeilisearchDouble {
  url: string;
  masterKey: string;
  /** Requests so far: method, path and the key used. */
  requests: { method: string; path: string; key: string | null }[];
  /** Whether tasks stay in the queue from now on, as seen by who asks for them. */
  busy: boolean;
  close(): Promise<void>;
}

export async function startMeilisearchDouble(masterKey = 'double-master-key-0123456789'): Promise<MeilisearchDouble> {
  const state = { indexes: new Map<string, Index>(), tasks: [] as Record<string, unknown>[], keys: new Map<string, Record<string, unknown>>() };
  const requests: MeilisearchDouble['requests'] = [];

  const indexOf = (uid: string): Index => {
    const index = state.indexes.get(uid);
    if (!index) throw new Refusal(404, 'index_not_found', `Index \`${uid}\` not found.`);
    return index;
  };
  /** Runs the work at once, as a task: its failure is the task's, not the request's. */
  const enqueue = (indexUid: string | null, type: string, work: () => void): [number, unknown] => {
    let error: unknown = null;
    try {
      work();
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      error = { message: refusal.message, code: refusal.code, type: 'invalid_request', link: '' };
    }
    const uid = state.tasks.length;
    state.tasks.push({ uid, indexUid, type, status: error ? 'failed' : 'succeeded', error });
    return [202, { taskUid: uid, indexUid, status: 'enqueued', type, enqueuedAt: new Date(0).toISOString() }];
  };
  const authorise = (key: string | null, action: string, uid: string | null): void => {
    if (key === masterKey) return;
    if (key === null) throw new Refusal(401, 'missing_authorization_header', 'The Authorization header is missing.');
    const found = [...state.keys.values()].find((candidate) => candidate['key'] === key);
    const may = found && (found['actions'] as string[]).includes(action) && (uid === null || (found['indexes'] as string[]).includes(uid));
    if (!may) throw new Refusal(403, 'invalid_api_key', 'The provided API key is invalid.');
  };

  const routes: [method: string, path: RegExp, action: string, (uid: string, body: unknown, url: URL) => [number, unknown]][] = [
    ['GET', /^\/tasks\/(\d+)$/, 'tasks.get', (uid) => [200, { ...state.tasks[Number(uid)], ...(double.busy && { status: 'enqueued' }) }]],
    [
      'GET',
      /^\/keys\/([^/]+)$/,
      'keys.get',
      (uid) => {
        const key = state.keys.get(uid);
        if (!key) throw new Refusal(404, 'api_key_not_found', `API key \`${uid}\` not found.`);
        return [200, key];
      },
    ],
    [
      'POST',
      /^\/keys()$/,
      'keys.create',
      (_, body) => {
        const options = body as Record<string, unknown>;
        const key = { ...options, key: `derived-${String(options['uid'])}` };
        state.keys.set(String(options['uid']), key);
        return [201, key];
      },
    ],
    [
      'POST',
      /^\/indexes()$/,
      'indexes.create',
      (_, body) => {
        const { uid } = body as { uid: string };
        return enqueue(uid, 'indexCreation', () => {
          if (state.indexes.has(uid)) throw new Refusal(409, 'index_already_exists', `Index \`${uid}\` already exists.`);
          state.indexes.set(uid, { documents: new Map(), settings: {} });
        });
      },
    ],
    ['GET', /^\/indexes\/([^/]+)$/, 'indexes.get', (uid) => [200, indexOf(uid) && { uid, primaryKey: 'key' }]],
    ['DELETE', /^\/indexes\/([^/]+)$/, 'indexes.delete', (uid) => enqueue(uid, 'indexDeletion', () => void (indexOf(uid) && state.indexes.delete(uid)))],
    [
      'PATCH',
      /^\/indexes\/([^/]+)\/settings$/,
      'settings.update',
      (uid, body) => enqueue(uid, 'settingsUpdate', () => Object.assign(indexOf(uid).settings, body)),
    ],
    [
      'POST',
      /^\/indexes\/([^/]+)\/documents$/,
      'documents.add',
      (uid, body, url) =>
        enqueue(uid, 'documentAdditionOrUpdate', () => {
          const index = indexOf(uid);
          const primaryKey = url.searchParams.get('primaryKey') ?? 'id';
          for (const document of body as Document[]) checkDocument(index, document, primaryKey);
          for (const document of body as Document[]) index.documents.set(String(document[primaryKey]), document);
        }),
    ],
    [
      'POST',
      /^\/indexes\/([^/]+)\/documents\/delete-batch$/,
      'documents.delete',
      (uid, body) =>
        enqueue(uid, 'documentDeletion', () => {
          for (const key of body as string[]) indexOf(uid).documents.delete(key);
        }),
    ],
    ['DELETE', /^\/indexes\/([^/]+)\/documents$/, 'documents.delete', (uid) => enqueue(uid, 'documentDeletion', () => indexOf(uid).documents.clear())],
    [
      'POST',
      /^\/swap-indexes()$/,
      'indexes.swap',
      (_, body) =>
        enqueue(null, 'indexSwap', () => {
          for (const {
            indexes: [a, b],
          } of body as { indexes: [string, string] }[]) {
            const [first, second] = [indexOf(a), indexOf(b)];
            state.indexes.set(a, second).set(b, first);
          }
        }),
    ],
    ['POST', /^\/indexes\/([^/]+)\/search$/, 'search', (uid, body) => [200, answer(indexOf(uid), body as Search)]],
    [
      'POST',
      /^\/multi-search()$/,
      'search',
      (_, body) => [
        200,
        {
          results: (body as { queries: (Search & { indexUid: string })[] }).queries.map((query) => ({
            indexUid: query.indexUid,
            ...answer(indexOf(query.indexUid), query),
          })),
        },
      ],
    ],
  ];

  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => {
      const { status, code, message } = error instanceof Refusal ? error : { status: 500, code: 'internal', message: String(error) };
      send(response, status, { message, code, type: 'invalid_request', link: '' });
    });
  });
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url!, 'http://double');
    const key = request.headers.authorization?.replace(/^Bearer /, '') ?? null;
    requests.push({ method: request.method!, path: url.pathname, key });
    const route = routes.find(([method, path]) => method === request.method && path.test(url.pathname));
    if (!route) throw new Refusal(404, 'not_found', `The double has no ${request.method} ${url.pathname}.`);
    const uid = route[1].exec(url.pathname)![1]!;
    const text = await readAll(request);
    const body: unknown = text === '' ? null : JSON.parse(text);
    const indexed = route[2] === 'search' && uid === '' ? (body as { queries: { indexUid: string }[] }).queries.map((query) => query.indexUid) : [uid || null];
    for (const name of indexed) authorise(key, route[2], name);
    send(response, ...route[3](uid, body, url));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const double: MeilisearchDouble = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    masterKey,
    requests,
    busy: false,
    close: () => stop(server),
  };
  return double;
}

function checkDocument(index: Index, document: Document, primaryKey: string): void {
  if (!/^[a-zA-Z0-9_-]{1,511}$/.test(String(document[primaryKey])))
    throw new Refusal(400, 'invalid_document_id', `Document identifier \`${String(document[primaryKey])}\` is invalid.`);
  for (const [embedder, { dimensions }] of Object.entries(index.settings.embedders ?? {})) {
    if (document._vectors === undefined || !(embedder in document._vectors))
      throw new Refusal(400, 'vector_embedding_error', `No vectors provided for embedder \`${embedder}\`.`);
    const vector = document._vectors[embedder];
    if (vector && vector.length !== dimensions)
      throw new Refusal(400, 'invalid_vector_dimensions', `Invalid vector dimensions: expected \`${dimensions}\`, found \`${vector.length}\`.`);
  }
}

// ── HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
}
