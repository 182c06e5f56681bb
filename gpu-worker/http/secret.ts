import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether an Authorization header carries the secret. Takes the same time wherever the two differ. */
export function carriesSecret(authorization: string | undefined, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${secret}`));
}
