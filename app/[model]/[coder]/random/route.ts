import { toRandomLatent } from '#app/random-latent.ts';
import { coderPath } from '#lib/url/href.ts';

export async function GET(_request: Request, { params }: { params: Promise<{ model: string; coder: string }> }): Promise<Response> {
  const { model, coder } = await params;
  return toRandomLatent({ model, coder }, coderPath(model, coder));
}
