-- What the embedded search engine needs beside search_entries: its word index, its vocabulary, its change marker.

-- Words as they stand, and stemmed English without stop words; both without accents. Names of their own, so that a
-- cluster's default_text_search_config does not matter and an index never disagrees with a query.
CREATE TEXT SEARCH CONFIGURATION atlas_plain (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION atlas_plain ALTER MAPPING FOR hword, hword_part, word WITH unaccent, simple;
CREATE TEXT SEARCH CONFIGURATION atlas_english (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION atlas_english ALTER MAPPING FOR hword, hword_part, word WITH unaccent, english_stem;

-- Weight A: words as they stand; weight D: English stems. One index serves exact words, phrases, prefixes and stems.
-- Written by the engine, not generated: what counts as a word is decided once, in lib/search/query-words.ts, for texts
-- and queries alike. Typos are corrected against the vocabulary below, so the trigrams of whole texts go. Entries are a
-- view of other tables: they are emptied here and come back with the next reindex.
DELETE FROM "search_entries";
DROP INDEX "search_entries_text_trigrams_idx";
ALTER TABLE "search_entries" DROP COLUMN "words";
DROP FUNCTION fold_text(text);
ALTER TABLE "search_entries"
  ADD COLUMN "words" tsvector NOT NULL,
  ADD COLUMN "revision" BIGINT NOT NULL DEFAULT 0;

CREATE INDEX "search_entries_words_idx" ON "search_entries" USING GIN ("words");
CREATE INDEX "search_entries_revision_id_idx" ON "search_entries" ("revision", "id");
-- Browsing in any order reads one page off an index, never the table.
CREATE INDEX "search_entries_score_lower_id_idx" ON "search_entries" ("score_lower" DESC NULLS LAST, "id");
CREATE INDEX "search_entries_frequency_id_idx" ON "search_entries" ("frequency" DESC, "id");
CREATE INDEX "search_entries_max_activation_id_idx" ON "search_entries" ("max_activation" DESC, "id");
-- Facets of a browse are counted from this index alone.
CREATE INDEX "search_entries_coder_id_method_score_lower_frequency_idx" ON "search_entries" ("coder_id", "method", "score_lower", "frequency");
-- An index holds one entry a latent: its headline.
DROP INDEX "search_entries_coder_id_latent_index_idx";
CREATE UNIQUE INDEX "search_entries_coder_id_latent_index_key" ON "search_entries" ("coder_id", "latent_index");

-- Every word of the index with the number of entries that have it: typos are corrected towards words that exist, and
-- a word's rarity is its weight. C collation: the primary key serves prefixes.
CREATE TABLE "search_words" (
  "word" TEXT COLLATE "C" NOT NULL,
  "stem" TEXT COLLATE "C",
  "entries" INTEGER NOT NULL,
  CONSTRAINT "search_words_pkey" PRIMARY KEY ("word")
);
CREATE INDEX "search_words_stem_idx" ON "search_words" ("stem");
CREATE INDEX "search_words_word_idx" ON "search_words" USING GIST ("word" gist_trgm_ops (siglen = 32));

-- One row. Writers lock it, so revisions are handed out in the order in which they become visible and a reader that
-- asks for `revision > the last one seen` misses nothing. A new epoch says that entries were removed.
CREATE TABLE "search_state" (
  "id" INTEGER NOT NULL DEFAULT 1,
  "revision" BIGINT NOT NULL DEFAULT 0,
  "epoch" BIGINT NOT NULL DEFAULT 0,
  "entries" BIGINT NOT NULL DEFAULT 0,
  CONSTRAINT "search_state_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "search_state_one_row" CHECK ("id" = 1)
);
INSERT INTO "search_state" DEFAULT VALUES;
