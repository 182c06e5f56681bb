import { toRandomLatent } from '#app/random-latent.ts';

export const dynamic = 'force-dynamic';

export function GET(): Promise<Response> {
  return toRandomLatent({}, '/');
}
