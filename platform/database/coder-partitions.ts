import type { ClientBase, Pool } from 'pg';

/** Make the partitions of one coder's latents, example blobs, explanations and scores, if missing, before its first row. */
export async function ensureCoderPartitions(client: ClientBase | Pool, coderId: bigint): Promise<void> {
  await client.query('SELECT create_coder_partitions($1)', [String(coderId)]);
}
