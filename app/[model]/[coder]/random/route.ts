import { NextResponse } from 'next/server';
import { latentPath } from '#lib/url/href.ts';
import { read } from '#app/read.ts';

/** Leads to an explained latent of this coder, drawn at random. */
export async function GET(_request: Request, { params }: { params: Promise<{ model: string; coder: string }> }): Promise<NextResponse> {
  const { model, coder } = await params;
  const place = await read((api) => api.latents.random({ model, coder }));
  return new NextResponse(null, { status: 307, headers: { location: latentPath(place.model, place.coder, place.index), 'cache-control': 'no-store' } });
}
