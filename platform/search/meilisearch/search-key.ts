import { createHash } from 'node:crypto';
import { type Meilisearch, MeilisearchApiError } from 'meilisearch';

/**
 * A key that may search one index and nothing else, made when missing; null when the given one may not manage keys, or
 * when the server runs without a master key. Sources: `POST /keys`, `GET /keys/{uid}`.
 */
export async function ensureSearchKey(admin: Meilisearch, index: string): Promise<string | null> {
  const uid = searchKeyUid(index);
  try {
    return (await admin.getKey(uid)).key;
  } catch (error) {
    const code = error instanceof MeilisearchApiError ? error.cause?.code : undefined;
    if (code === 'missing_master_key' || code === 'invalid_api_key' || code === 'missing_authorization_header') return null;
    if (code !== 'api_key_not_found') throw error;
  }
  const options = {
    uid,
    name: 'latent-atlas search',
    description: 'Searches the catalogue; may do nothing else.',
    actions: ['search'],
    indexes: [index],
    expiresAt: null,
  };
  return (await admin.createKey(options)).key;
}

/**
 * The key's id, a UUID made of the index's name: asking twice finds the first key, and two indexes on one server do not
 * share one. Meilisearch derives the key's value from it and the master key.
 */
function searchKeyUid(index: string): string {
  const hex = createHash('sha256').update(`latent-atlas search key for ${index}`).digest('hex');
  const variant = ((parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}
