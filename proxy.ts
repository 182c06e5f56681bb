import { NextResponse, type NextRequest } from 'next/server';
import { gate } from '#app/gate.ts';

/** Request headers by which pages learn what only the address says. */
const PATH_HEADER = 'x-atlas-path';
const EMBED_HEADER = 'x-atlas-embed';
const MESSAGE_HEADER = 'x-atlas-message';

/**
 * Asks the gate whether the page can be shown, gives every page a content security policy with a fresh nonce, and
 * refuses to be framed unless the address asks for an embed. `style-src-attr` stays open: positions of dots and strengths of highlights are style attributes, which can
 * neither load nor run anything.
 */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const nonce = crypto.randomUUID().replaceAll('-', '');
  const embed = isEmbed(request.nextUrl);
  const development = process.env.NODE_ENV === 'development';
  const policy = [
    `default-src 'self'`,
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    development ? `style-src 'self' 'unsafe-inline'` : `style-src 'self' 'nonce-${nonce}'`,
    `style-src-attr 'unsafe-inline'`,
    `img-src 'self' data:`,
    `font-src 'self'`,
    `connect-src 'self'`,
    `object-src 'none'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors ${embed ? '*' : "'none'"}`,
  ].join('; ');

  const headers = new Headers(request.headers);
  headers.set('content-security-policy', policy);
  headers.set(PATH_HEADER, request.nextUrl.pathname);
  if (embed) headers.set(EMBED_HEADER, '1');
  else headers.delete(EMBED_HEADER);

  headers.delete(MESSAGE_HEADER);
  const refusal = await gate(request.nextUrl.pathname, request.headers);
  if (refusal !== null) headers.set(MESSAGE_HEADER, encodeURIComponent(refusal.message));
  const response =
    refusal === null
      ? NextResponse.next({ request: { headers } })
      : NextResponse.rewrite(new URL(`/_status/${refusal.view}`, request.url), { status: refusal.status, request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}

/** Only a latent's page may be framed, and only when it is asked for as an embed. */
function isEmbed(url: URL): boolean {
  return url.searchParams.get('embed') === 'true' && /^\/[^/]+\/[^/]+\/\d+$/.test(url.pathname);
}

export const config = { matcher: ['/((?!api/|_next/|healthz$|icon\\.svg$|favicon\\.ico$).*)'] };
