import type { Pool, PoolClient } from 'pg';
import { encodeFloat16 } from '#lib/bytes/float16.ts';
import { normaliseWords } from '#lib/search/query-words.ts';
import type { SearchDocument } from '#lib/search/schema.ts';
import { transaction } from '#platform/database/transaction.ts';

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
 * its latent had before. Writers take turns: they lock the state row first.
 */
export async function upsertEntries(pool: Pool, documents: readonly SearchDocument[]): Promise<void> {
  const byLatent = new Map(documents.map((document) => [`${document.coderId} ${document.latent}`, document]));
  const distinct = [...byLatent.values()];
  await transaction(pool, async (client) => {
    const revision = await nextRevision(client);
    const change = new WordChange();
    for (let at = 0; at < distinct.length; at += BATCH) {
      const rows = JSON.stringify(distinct.slice(at, at + BATCH).map(rowOf));
      change.add(await counted(client, REMOVE_REPLACED, [rows]), -1);
      change.add(await counted(client, INSERT, [rows, revision]), 1);
    }
    await change.write(client);
  });
}

/** Remove the entries of revisions up to `revision`, or all. Readers see them until it is done. */
export async function removeEntries(pool: Pool, revision: bigint | null): Promise<void> {
  await remove(pool, REMOVE_OLD, [revision]);
}

/** Remove the entries of some latents of a coder; those that have none are no work. */
export async function removeLatents(pool: Pool, coderId: string, latents: readonly number[]): Promise<void> {
  // A new epoch makes every reader of vectors read them all again, so none is begun for nothing.
  const { rowCount } = await pool.query('SELECT 1 FROM search_entries WHERE coder_id = $1 AND latent_index = ANY($2) LIMIT 1', [coderId, latents]);
  if (rowCount === 0) return;
  await remove(pool, REMOVE_LATENTS, [coderId, latents]);
}

async function remove(pool: Pool, statement: string, values: unknown[]): Promise<void> {
  await transaction(pool, async (client) => {
    await nextRevision(client);
    const change = new WordChange();
    change.add(await counted(client, statement, values), -1);
    await change.write(client);
    await client.query('UPDATE search_state SET epoch = epoch + 1');
    await client.query('DELETE FROM search_words WHERE entries <= 0');
  });
}

async function nextRevision(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ revision: string }>('UPDATE search_state SET revision = revision + 1 RETURNING revision::text');
  return rows[0]!.revision;
}

/** Entries that a statement wrote or removed, and how many of them have each word. */
interface Counted {
  entries: number;
  words: Record<string, number> | null;
}

async function counted(client: PoolClient, statement: string, values: unknown[]): Promise<Counted> {
  return (await client.query<Counted>(statement, values)).rows[0]!;
}

/**
 * What a transaction changes in the vocabulary, written once at its end: entries that come back with the same words, as
 * most do, change nothing, and every word changed costs a new version of its trigrams.
 */
class WordChange {
  private entries = 0;
  private readonly words = new Map<string, number>();

  add({ entries, words }: Counted, sign: 1 | -1): void {
    this.entries += sign * entries;
    for (const [word, n] of Object.entries(words ?? {})) this.words.set(word, (this.words.get(word) ?? 0) + sign * n);
  }

  async write(client: PoolClient): Promise<void> {
    const changed = [...this.words].filter(([, n]) => n !== 0);
    if (changed.length > 0) await client.query(CHANGE_WORDS, [changed.map(([word]) => word), changed.map(([, n]) => n)]);
    if (this.entries !== 0) await client.query('UPDATE search_state SET entries = entries + $1', [this.entries]);
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

/** Counts the words as they stand (weights A and B) of the rows `of`. */
const countWords = (of: string): string => `
  SELECT (SELECT count(*)::int FROM ${of}) AS entries, jsonb_object_agg(lexeme, n) AS words FROM (
    SELECT lexeme, count(*) AS n FROM ${of}, unnest(${of}.words) AS word(lexeme, positions, weights)
    WHERE weights && '{A,B}' AND length(lexeme) <= ${MAX_VOCABULARY_WORD} GROUP BY lexeme
  ) AS counts`;

// Two joins, each over its own index: one with OR would compare every entry with every new row.
const REMOVE_REPLACED = `
  WITH new AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS new(id bigint, coder_id bigint, latent_index int)),
  replaced AS (
    SELECT entry.id FROM search_entries AS entry JOIN new ON entry.id = new.id
    UNION
    SELECT entry.id FROM search_entries AS entry JOIN new ON entry.coder_id = new.coder_id AND entry.latent_index = new.latent_index
  ),
  gone AS (DELETE FROM search_entries WHERE id IN (SELECT id FROM replaced) RETURNING words)
  ${countWords('gone')}`;

const REMOVE_OLD = `
  WITH gone AS (DELETE FROM search_entries WHERE $1::bigint IS NULL OR revision <= $1 RETURNING words)
  ${countWords('gone')}`;

const REMOVE_LATENTS = `
  WITH gone AS (DELETE FROM search_entries WHERE coder_id = $1::bigint AND latent_index = ANY($2::int[]) RETURNING words)
  ${countWords('gone')}`;

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
  ${countWords('entry')}`;

// In the order of the key, so that two writers could never wait for each other.
const CHANGE_WORDS = `
  INSERT INTO search_words (word, stem, entries)
  SELECT word, (ts_lexize('english_stem', word))[1], n FROM unnest($1::text[], $2::int[]) AS change(word, n) ORDER BY word
  ON CONFLICT (word) DO UPDATE SET entries = search_words.entries + excluded.entries`;
