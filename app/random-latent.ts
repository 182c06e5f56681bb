import { latentPath } from '#lib/url/href.ts';
import { errorCode, publicCaller } from '#server/caller.ts';

/**
 * Leads to an explained latent drawn at random, of the whole catalogue or of one coder; where nothing is explained yet,
 * to a page that says so. Addresses are relative: what the server is called here need not be what the visitor typed.
 */
export async function toRandomLatent(of: { model?: string; coder?: string }, otherwise: string): Promise<Response> {
  return new Response(null, { status: 307, headers: { location: await place(of, otherwise), 'cache-control': 'no-store' } });
}

async function place(of: { model?: string; coder?: string }, otherwise: string): Promise<string> {
  try {
    const { model, coder, index } = await (await publicCaller()).latents.random(of);
    return latentPath(model, coder, index);
  } catch (error) {
    if (errorCode(error) === 'not_found') return otherwise;
    throw error;
  }
}
