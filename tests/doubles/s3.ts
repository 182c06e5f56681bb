import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface S3Double {
  endpoint: string;
  /** Objects of each bucket by key; a bucket that is removed here is gone. */
  buckets: Map<string, Map<string, Buffer>>;
  /** Uploads begun and neither completed nor given up. */
  uploads: Map<string, { bucket: string; key: string; parts: Map<number, Buffer> }>;
  /** Method and path of every request so far, with the range when one was asked for. */
  requests: string[];
  /** While set, every write is answered with this instead. */
  refuse: { status: number; code: string } | null;
  /** Objects on a page of a listing. */
  pageSize: number;
  close(): Promise<void>;
}

/**
 * A server of the S3 protocol in memory, path-style, after Amazon's API reference: objects with ranged reads, conditional
 * writes, multipart uploads and paged listings. It takes any signature. Only what our client asks for; all else is 501.
 */
export async function startS3Double(buckets: readonly string[]): Promise<S3Double> {
  const double: S3Double = {
    endpoint: '',
    buckets: new Map(buckets.map((name) => [name, new Map<string, Buffer>()])),
    uploads: new Map(),
    requests: [],
    refuse: null,
    pageSize: 1000,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => answer(double, request, body, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  double.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return double;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding']?.includes('aws-chunked') ? unchunked(body) : body;
}

/** The data of a body in signed chunks: `size;chunk-signature=…\r\n data \r\n`, the last of size 0. */
function unchunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const line = body.indexOf('\r\n', at);
    const size = parseInt(body.toString('latin1', at, line), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

const etag = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`;
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function answer(double: S3Double, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://s3');
  const method = request.method ?? '';
  const [bucket = '', ...rest] = url.pathname.slice(1).split('/').map(decodeURIComponent);
  const key = rest.join('/');
  double.requests.push([method, url.pathname, request.headers.range].filter(Boolean).join(' '));
  const send = (status: number, content: Buffer | string = '', headers: Record<string, string> = {}): void => {
    const bytes = Buffer.from(content);
    response.writeHead(status, { 'x-amz-request-id': randomUUID(), 'content-length': String(bytes.length), ...headers });
    response.end(method === 'HEAD' ? undefined : bytes);
  };
  const xml = (content: string): void => send(200, `<?xml version="1.0" encoding="UTF-8"?>\n${content}`, { 'content-type': 'application/xml' });
  const fail = (status: number, code: string): void =>
    send(status, `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code} it is</Message></Error>`, {
      'content-type': 'application/xml',
    });

  const objects = double.buckets.get(bucket);
  if (!objects) return fail(404, 'NoSuchBucket');
  const query = url.searchParams;
  if (method === 'HEAD' && key === '') return send(200);
  if (method === 'GET' && key === '' && query.get('list-type') === '2') {
    const after = query.get('continuation-token') ?? '';
    const prefix = query.get('prefix') ?? '';
    const all = [...objects.keys()].filter((name) => name.startsWith(prefix) && name > after).sort();
    const page = all.slice(0, double.pageSize);
    const next = all.length > page.length ? `<NextContinuationToken>${escaped(page.at(-1) ?? '')}</NextContinuationToken>` : '';
    const contents = page.map((name) => `<Contents><Key>${escaped(name)}</Key><Size>${objects.get(name)?.length}</Size></Contents>`).join('');
    return xml(`<ListBucketResult><Name>${bucket}</Name><IsTruncated>${next !== ''}</IsTruncated>${next}${contents}</ListBucketResult>`);
  }
  if (method === 'HEAD' || method === 'GET') {
    const object = objects.get(key);
    if (!object) return fail(404, 'NoSuchKey');
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    if (!range) return send(200, object, { etag: etag(object), 'content-length': String(object.length) });
    const [from, to] = [Number(range[1]), Math.min(Number(range[2]), object.length - 1)];
    if (from >= object.length) return fail(416, 'InvalidRange');
    return send(206, object.subarray(from, to + 1), { etag: etag(object), 'content-range': `bytes ${from}-${to}/${object.length}` });
  }
  if (method === 'DELETE' && query.has('uploadId')) {
    double.uploads.delete(query.get('uploadId') ?? '');
    return send(204);
  }
  if (method === 'DELETE') {
    objects.delete(key);
    return send(204);
  }
  if (double.refuse) return fail(double.refuse.status, double.refuse.code);
  if (method === 'POST' && query.has('uploads')) {
    const id = randomUUID();
    double.uploads.set(id, { bucket, key, parts: new Map() });
    return xml(`<InitiateMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${escaped(key)}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
  }
  const upload = double.uploads.get(query.get('uploadId') ?? '');
  if (query.has('uploadId') && upload === undefined) return fail(404, 'NoSuchUpload');
  if (method === 'PUT' && upload) {
    upload.parts.set(Number(query.get('partNumber')), body);
    return send(200, '', { etag: etag(body) });
  }
  if (method === 'POST' && upload) {
    const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map((match) => Number(match[1]));
    const parts = named.map((number) => upload.parts.get(number));
    if (parts.some((part) => part === undefined)) return fail(400, 'InvalidPart');
    if (parts.slice(0, -1).some((part) => (part as Buffer).length < 5 * 2 ** 20)) return fail(400, 'EntityTooSmall');
    objects.set(key, Buffer.concat(parts as Buffer[]));
    double.uploads.delete(query.get('uploadId') ?? '');
    return xml(`<CompleteMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${escaped(key)}</Key><ETag>"x"</ETag></CompleteMultipartUploadResult>`);
  }
  if (method === 'PUT') {
    if (request.headers['if-none-match'] === '*' && objects.has(key)) return fail(412, 'PreconditionFailed');
    objects.set(key, body);
    return send(200, '', { etag: etag(body) });
  }
  fail(501, 'NotImplemented');
}
