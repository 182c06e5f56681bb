import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Request header with the address at the other end of the connection; only this process writes it. */
export const PEER_HEADER = 'x-atlas-peer';

/**
 * Notes on every request of this process who sent it. Next.js hides the socket from routes, and keeps an
 * `X-Forwarded-For` that the visitor made up instead of writing its own; a header of this name that came in is overwritten.
 * For `instrumentation.ts`, before the first request.
 */
export function notePeers(): void {
  subscribe('http.server.request.start', (message) => {
    const { request, socket } = message as { request: IncomingMessage; socket: Socket };
    request.headers[PEER_HEADER] = socket.remoteAddress ?? '';
  });
}

/**
 * A request's headers with an `X-Forwarded-For` that holds what can be believed. Without trusted proxies that is the peer
 * alone. With some, the chain they and others wrote, the peer last: whoever reads it strips trusted addresses from the
 * right, and the first other one is the visitor, so that a peer that is no trusted proxy is itself the visitor whatever
 * it wrote. Where no peer was noted nothing is believed.
 */
export function believedHeaders(headers: Headers, trustedProxies: readonly string[]): Headers {
  const believed = new Headers(headers);
  const peer = headers.get(PEER_HEADER);
  const forwarded = headers.get('x-forwarded-for');
  if (peer === null || peer === '') believed.delete('x-forwarded-for');
  else believed.set('x-forwarded-for', trustedProxies.length > 0 && forwarded !== null ? `${forwarded}, ${peer}` : peer);
  return believed;
}
