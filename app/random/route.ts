import { NextResponse } from 'next/server';
import { latentPath } from '#lib/url/href.ts';
import { read } from '#app/read.ts';

/** Leads to an explained latent drawn at random. The address is relative: what the server is called here need not be what the visitor typed. */
export async function GET(): Promise<NextResponse> {
  const place = await read((api) => api.latents.random({}));
  return new NextResponse(null, { status: 307, headers: { location: latentPath(place.model, place.coder, place.index), 'cache-control': 'no-store' } });
}
