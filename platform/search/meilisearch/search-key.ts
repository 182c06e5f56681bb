import { type Meilisearch, MeilisearchApiError } from 'meilisearch';

/** The key's fixed id: asking twice finds the first one. Meilisearch derives the key's value from it and the master key. */
const SEARCH_KEY_UID = '6f6a9c5e-3b0b-4a53-9d0e-5a1c8a4f7b21';

/**
 * A key that may search one index and nothing else, made when missing; null when the given one may not manage keys, or
 * when the server runs without a master key. Sources: `POST /keys`, `GET /keys/{uid}`.
 */
export async function ensureSearchKey(admin: Meilisearch, index: string): Promise<string | null> {
  try {
    return (await admin.getKey(SEARCH_KEY_UID)).key;
  } catch (error) {
    const code = error instanceof MeilisearchApiError ? error.cause?.code : undefined;
    if (code === 'missing_master_key' || code === 'invalid_api_key' || code === 'missing_authorization_header') return null;
    if (code !== 'api_key_not_found') throw error;
  }
  const options = {
    uid: SEARCH_KEY_UID,
    name: 'latent-atlas search',
    description: 'Searches the catalogue; may do nothing else.',
    actions: ['search'],
    indexes: [index],
    expiresAt: null,
  };
  return (await admin.createKey(options)).key;
}
