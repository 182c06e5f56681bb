import { createServer, request, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { believedHeaders, notePeers, PEER_HEADER } from './peer-address.ts';

const forwarded = (peer: string | null, chain: string | null, trusted: string[] = []): string | null => {
  const headers = new Headers();
  if (peer !== null) headers.set(PEER_HEADER, peer);
  if (chain !== null) headers.set('x-forwarded-for', chain);
  return believedHeaders(headers, trusted).get('x-forwarded-for');
};

test('a visitor’s own word for its address counts for nothing; a chain ends with the peer', () => {
  expect(forwarded('9.9.9.9', null)).toBe('9.9.9.9');
  expect(forwarded('9.9.9.9', '1.1.1.1')).toBe('9.9.9.9');
  expect(forwarded('10.0.0.1', '6.6.6.6, 1.1.1.1', ['10.0.0.1'])).toBe('6.6.6.6, 1.1.1.1, 10.0.0.1');
  expect(forwarded('9.9.9.9', '1.1.1.1', ['10.0.0.1'])).toBe('1.1.1.1, 9.9.9.9');
  expect(forwarded(null, '1.1.1.1', ['10.0.0.1'])).toBeNull();
});

test('every request carries the address of its connection, whatever it says itself', async () => {
  notePeers();
  const server = createServer((incoming, response) => response.end(JSON.stringify(incoming.headers)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const seen = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    request({ port, host: '127.0.0.1', headers: { [PEER_HEADER]: '6.6.6.6' } }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(JSON.parse(text) as IncomingHttpHeaders));
    })
      .on('error', reject)
      .end();
  });
  server.close();
  expect(seen[PEER_HEADER]).toBe('127.0.0.1');
});
