import { headers } from 'next/headers';

/** What the gate had to say about this request (proxy.ts sets it), or the given sentence. */
export async function refusalMessage(otherwise: string): Promise<string> {
  const message = (await headers()).get('x-atlas-message');
  return message === null ? otherwise : decodeURIComponent(message);
}
