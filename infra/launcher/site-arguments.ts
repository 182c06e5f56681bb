import path from 'node:path';

export const NEXT = path.join('node_modules', 'next', 'dist', 'bin', 'next');

/**
 * Arguments of `node` that serve the site on `host`. Next.js calls every loopback address `localhost` in the requests that
 * proxy.ts sees: started under another of its names, it takes its own rewrites (every 403 and 404) for another server's
 * and fails. So it is started as `localhost`, which is made to mean the address asked for.
 */
export function siteArguments(command: 'start' | 'dev', { host, port }: { host: string; port: number }): string[] {
  const isV6 = host === '::1';
  const isLoopback = isV6 || /^127(\.\d{1,3}){3}$/.test(host);
  return [`--dns-result-order=${isV6 ? 'ipv6first' : 'ipv4first'}`, NEXT, command, '--port', String(port), '--hostname', isLoopback ? 'localhost' : host];
}
