import type { Pool, PoolClient } from 'pg';
import { encodeFloat16 } from '#lib/bytes/float16.ts';
import { normaliseWords } from '#lib/search/query-words.ts';
import type { SearchDocument } from '#lib/search/schema.ts';

/** Entries written by one statement: 500 vectors of 384 are half a megabyte of parameters. */
const BATCH = 500;
/** Longer texts are indexed by their beginning: a tsvector may hold a megabyte at most. */
const MAX_INDEXED_TEXT = 20_000;
/** What an explanation names first it is about; what it names later is often where that occurs. */
const HEAD_WORDS = 7;
/** Longer words are not offered as corrections; they are found as they stand. */
const MAX_VOCABULARY_WORD = 40;

/**
 * Insert or replace entries with their words and the vocabulary's counts, in one transaction; an entry replaces what
 * its latent had before. Returns the revision they were given. Writers take turns: they lock the state row first.
 */
export async function upsertEntries(pool: Pool, documents: readonly SearchDocument[]): Promise<bigint> {
  const byLatent = new Map(documents.map((document) => [`${document.coderId} ${document.latent}`, document]));
  const distinct = [...byLatent.values()];
  return transaction(pool, async (client) => {
    const revision = await nextRevision(client);
    let removed = 0;
    for (let at = 0; at < distinct.length; at += BATCH) {
      const rows = JSON.stringify(distinct.slice(at, at + BATCH).map(rowOf));
      removed += (await client.query<{ removed: number }>(REMOVE_REPLACED, [rows])).rows[0]!.removed;
      await client.query(INSERT, [rows, revision, MAX_VOCABULARY_WORD]);
    }
    await client.query(CHANGE_COUNT, [distinct.length - removed]);
    return BigInt(revision);
  });
}

/** Remove the entries of revisions up to `revision`, or all; returns how many. Readers see them until it is done. */
export async function removeEntries(pool: Pool, revision: bigint | null): Promise<number> {
  return transaction(pool, async (client) => {
    await nextRevision(client);
    const { rows } = await client.query<{ removed: number }>(REMOVE_OLD, [revision]);
    await client.query('UPDATE search_state SET epoch = epoch + 1');
    await client.query('DELETE FROM search_words WHERE entries <= 0');
    await client.query(CHANGE_COUNT, [-rows[0]!.removed]);
    return rows[0]!.removed;
  });
}

async function nextRevision(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ revision: string }>('UPDATE search_state SET revision = revision + 1 RETURNING revision::text');
  return rows[0]!.revision;
}

async function transaction<Result>(pool: Pool, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that cannot even roll back is thrown away; the first error is the one that tells.
    await client.query('ROLLBACK').catch((rollbackError: Error) => (broken = rollbackError));
    throw error;
  } finally {
    client.release(broken);
  }
}

function rowOf(document: SearchDocument): Record<string, unknown> {
  return {
    id: document.id,
    coder_id: document.coderId,
    model_slug: document.model,
    coder_slug: document.coder,
    latent_index: document.latent,
    text: document.text,
    method: document.method,
    layer: document.layer,
    hookpoints: document.hookpoints,
    score: document.score,
    score_lower: document.scoreLower,
    frequency: document.frequency,
    max_activation: document.maxActivation,
    vector: document.vector && Buffer.from(encodeFloat16(document.vector)).toString('base64'),
    ...headAndTail(normaliseWords(document.text.slice(0, MAX_INDEXED_TEXT))),
  };
}

function headAndTail(normal: string): { head: string; tail: string } {
  const words = normal.split(' ');
  return { head: words.slice(0, HEAD_WORDS).join(' '), tail: words.slice(HEAD_WORDS).join(' ') };
}

/** Subtracts the raw words (weights A and B) of removed entries from the vocabulary. */
const FORGET_WORDS = `
  lost AS (
    SELECT lexeme, count(*) AS n FROM gone, unnest(gone.words) AS word(lexeme, positions, weights)
    WHERE weights && '{A,B}' GROUP BY lexeme
  ),
  forgotten AS (UPDATE search_words SET entries = entries - n FROM lost WHERE word = lexeme)`;

const REMOVE_REPLACED = `
  WITH gone AS (
    DELETE FROM search_entries AS entry USING jsonb_to_recordset($1::jsonb) AS new(id bigint, coder_id bigint, latent_index int)
    WHERE entry.id = new.id OR (entry.coder_id = new.coder_id AND entry.latent_index = new.latent_index)
    RETURNING entry.words
  ), ${FORGET_WORDS}
  SELECT count(*)::int AS removed FROM gone`;

const REMOVE_OLD = `
  WITH gone AS (
    DELETE FROM search_entries WHERE $1::bigint IS NULL OR revision <= $1 RETURNING words
  ), ${FORGET_WORDS}
  SELECT count(*)::int AS removed FROM gone`;

const INSERT = `
  WITH entry AS (
    INSERT INTO search_entries (id, coder_id, model_slug, coder_slug, latent_index, text, method, layer, hookpoints,
      score, score_lower, frequency, max_activation, vector, words, revision)
    SELECT id, coder_id, model_slug, coder_slug, latent_index, text, method, layer, hookpoints,
      score, score_lower, frequency, max_activation, decode(vector, 'base64'),
      setweight(to_tsvector('atlas_plain', head), 'A') || setweight(to_tsvector('atlas_plain', tail), 'B')
        || setweight(to_tsvector('atlas_english', head), 'C') || to_tsvector('atlas_english', tail), $2::bigint
    FROM jsonb_to_recordset($1::jsonb) AS new(id bigint, coder_id bigint, model_slug text, coder_slug text,
      latent_index int, text text, method text, layer int, hookpoints text[], score float8, score_lower float8,
      frequency float8, max_activation float8, vector text, head text, tail text)
    RETURNING words
  )
  INSERT INTO search_words (word, stem, entries)
  SELECT lexeme, (ts_lexize('english_stem', lexeme))[1], count(*)
  FROM entry, unnest(entry.words) AS word(lexeme, positions, weights)
  WHERE weights && '{A,B}' AND length(lexeme) <= $3
  GROUP BY lexeme
  ON CONFLICT (word) DO UPDATE SET entries = search_words.entries + excluded.entries`;

const CHANGE_COUNT = 'UPDATE search_state SET entries = entries + $1';
