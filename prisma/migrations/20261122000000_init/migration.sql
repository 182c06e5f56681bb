-- Made from prisma/schema.prisma by Prisma's schema engine, then edited by hand where Prisma has no words for it:
-- partitions by coder, checks, the folded text column and its indexes, and the guard of append-only tables.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;

-- Text without case and accents. unaccent() itself counts as changeable, because its dictionary could be replaced;
-- naming the dictionary that comes with it makes this fit for indexes. Schemas are written out: an index is also
-- rebuilt where the search path is empty.
CREATE FUNCTION fold_text(text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, $1)) $$;

-- CreateEnum
CREATE TYPE "latent_status" AS ENUM ('dead', 'too_few_windows', 'too_few_documents', 'ready');

-- CreateTable
CREATE TABLE "models" (
    "id" BIGSERIAL NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "family" TEXT NOT NULL,
    "location" TEXT NOT NULL,
    "revision" TEXT NOT NULL,
    "layers" INTEGER NOT NULL,
    "width" INTEGER NOT NULL,
    "vocabulary" INTEGER NOT NULL,
    "context_length" INTEGER NOT NULL,
    "parameters" BIGINT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "license" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "models_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sparse_coders" (
    "id" BIGSERIAL NOT NULL,
    "model_id" BIGINT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "location" TEXT NOT NULL,
    "revision" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "activation" TEXT NOT NULL,
    "width" INTEGER NOT NULL,
    "k" INTEGER,
    "layer" INTEGER,
    "input_hookpoints" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "output_hookpoints" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "description" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sparse_coders_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "text_sources" (
    "id" BIGSERIAL NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "location" TEXT NOT NULL,
    "revision" TEXT NOT NULL,
    "documents" INTEGER NOT NULL,
    "license" TEXT NOT NULL DEFAULT '',
    "description" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "text_sources_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "suppressed_documents" (
    "id" BIGSERIAL NOT NULL,
    "text_source_id" BIGINT NOT NULL,
    "document_key" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "suppressed_documents_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "latents" (
    "id" BIGSERIAL NOT NULL,
    "coder_id" BIGINT NOT NULL,
    "index" INTEGER NOT NULL,
    "run_id" BIGINT NOT NULL,
    "status" "latent_status" NOT NULL,
    "firing_count" BIGINT NOT NULL,
    "token_count" BIGINT NOT NULL,
    "frequency" DOUBLE PRECISION NOT NULL,
    "max_activation" DOUBLE PRECISION NOT NULL,
    "mean_activation" DOUBLE PRECISION NOT NULL,
    "histogram" INTEGER[] NOT NULL DEFAULT ARRAY[]::INTEGER[],
    "train_windows" INTEGER NOT NULL,
    "test_windows" INTEGER NOT NULL,
    "train_documents" INTEGER NOT NULL,
    "test_documents" INTEGER NOT NULL,
    "sample_key" TEXT,
    "headline_explanation_id" BIGINT,
    "headline_text" TEXT,
    "headline_method" TEXT,
    "headline_score" DOUBLE PRECISION,
    "headline_score_lower" DOUBLE PRECISION,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "latents_pkey" PRIMARY KEY ("coder_id","id")
) PARTITION BY LIST ("coder_id");

-- CreateTable
CREATE TABLE "example_blobs" (
    "id" BIGSERIAL NOT NULL,
    "coder_id" BIGINT NOT NULL,
    "latent_index" INTEGER NOT NULL,
    "sample_key" TEXT NOT NULL,
    "text_source_id" BIGINT NOT NULL,
    "blob" BYTEA NOT NULL,
    "document_keys" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],

    CONSTRAINT "example_blobs_pkey" PRIMARY KEY ("coder_id","id")
) PARTITION BY LIST ("coder_id");

-- CreateTable
CREATE TABLE "explanations" (
    "id" BIGSERIAL NOT NULL,
    "coder_id" BIGINT NOT NULL,
    "latent_index" INTEGER NOT NULL,
    "run_id" BIGINT NOT NULL,
    "method" TEXT NOT NULL,
    "explainer" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "rule" JSONB,
    "provenance" JSONB NOT NULL,
    "input_key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "explanations_pkey" PRIMARY KEY ("coder_id","id")
) PARTITION BY LIST ("coder_id");

-- CreateTable
CREATE TABLE "scores" (
    "id" BIGSERIAL NOT NULL,
    "coder_id" BIGINT NOT NULL,
    "latent_index" INTEGER NOT NULL,
    "explanation_id" BIGINT NOT NULL,
    "run_id" BIGINT NOT NULL,
    "scorer" TEXT NOT NULL,
    "metric" TEXT NOT NULL,
    "value" DOUBLE PRECISION,
    "lower" DOUBLE PRECISION,
    "upper" DOUBLE PRECISION,
    "control_value" DOUBLE PRECISION,
    "control_lower" DOUBLE PRECISION,
    "control_upper" DOUBLE PRECISION,
    "n_positives" INTEGER NOT NULL,
    "n_negatives" INTEGER NOT NULL,
    "n_failed" INTEGER NOT NULL,
    "exam" TEXT NOT NULL,
    "verdicts" JSONB NOT NULL,
    "provenance" JSONB NOT NULL,
    "input_key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "scores_pkey" PRIMARY KEY ("coder_id","id")
) PARTITION BY LIST ("coder_id");

-- CreateTable
CREATE TABLE "text_embeddings" (
    "embedder" TEXT NOT NULL,
    "text_hash" TEXT NOT NULL,
    "vector" BYTEA NOT NULL,

    CONSTRAINT "text_embeddings_pkey" PRIMARY KEY ("embedder","text_hash")
);

-- CreateTable
CREATE TABLE "runs" (
    "id" BIGSERIAL NOT NULL,
    "config" JSONB NOT NULL,
    "config_hash" TEXT NOT NULL,
    "model_id" BIGINT NOT NULL,
    "coder_id" BIGINT NOT NULL,
    "text_source_id" BIGINT NOT NULL,
    "protocol" TEXT NOT NULL,
    "results" JSONB NOT NULL DEFAULT '{}',
    "created_by_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "cancelled_at" TIMESTAMPTZ(3),
    "failed_at" TIMESTAMPTZ(3),
    "failure" JSONB,

    CONSTRAINT "runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_tasks" (
    "id" BIGSERIAL NOT NULL,
    "run_id" BIGINT NOT NULL,
    "stage" TEXT NOT NULL,
    "job" TEXT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "payload" JSONB NOT NULL,
    "unit" TEXT NOT NULL,
    "amount" INTEGER NOT NULL,
    "progress" INTEGER NOT NULL DEFAULT 0,
    "fence" INTEGER NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(3),
    "lease_owner" TEXT,
    "boss_job_id" UUID NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "completed_at" TIMESTAMPTZ(3),
    "result" JSONB,

    CONSTRAINT "run_tasks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_events" (
    "id" BIGSERIAL NOT NULL,
    "run_id" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "level" TEXT NOT NULL,
    "stage" TEXT,
    "event" TEXT NOT NULL,
    "data" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "run_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "search_entries" (
    "id" BIGINT NOT NULL,
    "coder_id" BIGINT NOT NULL,
    "model_slug" TEXT NOT NULL,
    "coder_slug" TEXT NOT NULL,
    "latent_index" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "layer" INTEGER,
    "hookpoints" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "score" DOUBLE PRECISION,
    "score_lower" DOUBLE PRECISION,
    "frequency" DOUBLE PRECISION NOT NULL,
    "max_activation" DOUBLE PRECISION NOT NULL,
    "vector" BYTEA,
    "words" tsvector GENERATED ALWAYS AS (to_tsvector('english', fold_text("text"))) STORED,

    CONSTRAINT "search_entries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "users" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "email_verified" BOOLEAN NOT NULL DEFAULT false,
    "image" TEXT,
    "role" TEXT NOT NULL DEFAULT 'user',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sessions" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "token" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ip_address" TEXT,
    "user_agent" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "accounts" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "provider_id" TEXT NOT NULL,
    "access_token" TEXT,
    "refresh_token" TEXT,
    "id_token" TEXT,
    "access_token_expires_at" TIMESTAMPTZ(3),
    "refresh_token_expires_at" TIMESTAMPTZ(3),
    "scope" TEXT,
    "password" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "verifications" (
    "id" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "verifications_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" BIGSERIAL NOT NULL,
    "user_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "key_hash" TEXT NOT NULL,
    "scopes" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "models_slug_key" ON "models"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "sparse_coders_model_id_slug_key" ON "sparse_coders"("model_id", "slug");

-- CreateIndex
CREATE UNIQUE INDEX "text_sources_slug_key" ON "text_sources"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "suppressed_documents_text_source_id_document_key_key" ON "suppressed_documents"("text_source_id", "document_key");

-- CreateIndex
CREATE INDEX "latents_coder_id_headline_score_lower_index_idx" ON "latents"("coder_id", "headline_score_lower" DESC, "index");

-- CreateIndex
CREATE INDEX "latents_coder_id_frequency_index_idx" ON "latents"("coder_id", "frequency", "index");

-- CreateIndex
CREATE INDEX "latents_coder_id_max_activation_index_idx" ON "latents"("coder_id", "max_activation", "index");

-- CreateIndex
CREATE UNIQUE INDEX "latents_coder_id_index_key" ON "latents"("coder_id", "index");

-- CreateIndex
CREATE UNIQUE INDEX "example_blobs_coder_id_latent_index_sample_key_key" ON "example_blobs"("coder_id", "latent_index", "sample_key");

-- CreateIndex
CREATE UNIQUE INDEX "explanations_coder_id_latent_index_input_key_key" ON "explanations"("coder_id", "latent_index", "input_key");

-- CreateIndex
CREATE INDEX "scores_coder_id_latent_index_idx" ON "scores"("coder_id", "latent_index");

-- CreateIndex
CREATE UNIQUE INDEX "scores_coder_id_explanation_id_scorer_input_key_key" ON "scores"("coder_id", "explanation_id", "scorer", "input_key");

-- CreateIndex
CREATE INDEX "runs_created_at_idx" ON "runs"("created_at" DESC);

-- CreateIndex
CREATE INDEX "run_tasks_run_id_stage_idx" ON "run_tasks"("run_id", "stage");

-- CreateIndex
CREATE UNIQUE INDEX "run_tasks_run_id_job_ordinal_key" ON "run_tasks"("run_id", "job", "ordinal");

-- CreateIndex
CREATE INDEX "run_events_run_id_id_idx" ON "run_events"("run_id", "id");

-- CreateIndex
CREATE INDEX "search_entries_coder_id_latent_index_idx" ON "search_entries"("coder_id", "latent_index");

-- CreateIndex
CREATE INDEX "search_entries_words_idx" ON "search_entries" USING GIN ("words");

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

-- CreateIndex
CREATE UNIQUE INDEX "sessions_token_key" ON "sessions"("token");

-- CreateIndex
CREATE INDEX "sessions_user_id_idx" ON "sessions"("user_id");

-- CreateIndex
CREATE INDEX "accounts_user_id_idx" ON "accounts"("user_id");

-- CreateIndex
CREATE INDEX "verifications_identifier_idx" ON "verifications"("identifier");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_key_hash_key" ON "api_keys"("key_hash");

-- CreateIndex
CREATE INDEX "api_keys_user_id_idx" ON "api_keys"("user_id");

-- AddForeignKey
ALTER TABLE "sparse_coders" ADD CONSTRAINT "sparse_coders_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "models"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "suppressed_documents" ADD CONSTRAINT "suppressed_documents_text_source_id_fkey" FOREIGN KEY ("text_source_id") REFERENCES "text_sources"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "latents" ADD CONSTRAINT "latents_coder_id_fkey" FOREIGN KEY ("coder_id") REFERENCES "sparse_coders"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "example_blobs" ADD CONSTRAINT "example_blobs_coder_id_fkey" FOREIGN KEY ("coder_id") REFERENCES "sparse_coders"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "explanations" ADD CONSTRAINT "explanations_coder_id_fkey" FOREIGN KEY ("coder_id") REFERENCES "sparse_coders"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "scores" ADD CONSTRAINT "scores_coder_id_fkey" FOREIGN KEY ("coder_id") REFERENCES "sparse_coders"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "runs" ADD CONSTRAINT "runs_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "models"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "runs" ADD CONSTRAINT "runs_coder_id_fkey" FOREIGN KEY ("coder_id") REFERENCES "sparse_coders"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "runs" ADD CONSTRAINT "runs_text_source_id_fkey" FOREIGN KEY ("text_source_id") REFERENCES "text_sources"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_tasks" ADD CONSTRAINT "run_tasks_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_events" ADD CONSTRAINT "run_events_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Typing errors: words that share most of their three-letter pieces.
CREATE INDEX "search_entries_text_trigrams_idx" ON "search_entries" USING GIN (fold_text("text") gin_trgm_ops);

-- The reaper looks through unfinished tasks every two seconds; finished ones pile up beside them.
CREATE INDEX "run_tasks_open_idx" ON "run_tasks" ("lease_until") WHERE "completed_at" IS NULL;

-- Example blobs are compressed by their own codec: trying again costs time and gains nothing.
ALTER TABLE "example_blobs" ALTER COLUMN "blob" SET STORAGE EXTERNAL;

-- What must hold whoever writes.
ALTER TABLE "models"
  ADD CONSTRAINT "models_slug_check" CHECK ("slug" ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$'),
  ADD CONSTRAINT "models_sizes_check" CHECK ("layers" > 0 AND "width" > 0 AND "vocabulary" > 0 AND "context_length" > 0 AND "parameters" > 0);
ALTER TABLE "sparse_coders"
  ADD CONSTRAINT "sparse_coders_slug_check" CHECK ("slug" ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$'),
  ADD CONSTRAINT "sparse_coders_sizes_check" CHECK ("width" > 0 AND ("k" IS NULL OR "k" BETWEEN 1 AND "width")),
  ADD CONSTRAINT "sparse_coders_hookpoints_check" CHECK (cardinality("input_hookpoints") > 0);
ALTER TABLE "latents"
  ADD CONSTRAINT "latents_index_check" CHECK ("index" >= 0),
  ADD CONSTRAINT "latents_counts_check" CHECK ("firing_count" BETWEEN 0 AND "token_count" AND "frequency" BETWEEN 0 AND 1),
  ADD CONSTRAINT "latents_activations_check" CHECK ("max_activation" <> 'NaN' AND "mean_activation" <> 'NaN'),
  ADD CONSTRAINT "latents_windows_check" CHECK ("train_windows" >= 0 AND "test_windows" >= 0 AND "train_documents" >= 0 AND "test_documents" >= 0),
  ADD CONSTRAINT "latents_headline_check" CHECK ("headline_score" BETWEEN 0 AND 1 AND "headline_score_lower" BETWEEN 0 AND 1);
ALTER TABLE "example_blobs" ADD CONSTRAINT "example_blobs_latent_check" CHECK ("latent_index" >= 0);
ALTER TABLE "explanations"
  ADD CONSTRAINT "explanations_latent_check" CHECK ("latent_index" >= 0),
  ADD CONSTRAINT "explanations_text_check" CHECK ("text" <> '');
ALTER TABLE "scores"
  ADD CONSTRAINT "scores_latent_check" CHECK ("latent_index" >= 0),
  ADD CONSTRAINT "scores_counts_check" CHECK ("n_positives" >= 0 AND "n_negatives" >= 0 AND "n_failed" >= 0),
  ADD CONSTRAINT "scores_value_check" CHECK ("metric" NOT IN ('auroc', 'balanced_accuracy') OR ("value" BETWEEN 0 AND 1 AND "control_value" BETWEEN 0 AND 1)),
  ADD CONSTRAINT "scores_interval_check" CHECK ("lower" <= "upper" AND "control_lower" <= "control_upper"),
  ADD CONSTRAINT "scores_exam_check" CHECK ("exam" IN ('test', 'reserve'));
ALTER TABLE "runs"
  ADD CONSTRAINT "runs_end_check" CHECK (num_nonnulls("finished_at", "cancelled_at", "failed_at") <= 1),
  ADD CONSTRAINT "runs_failure_check" CHECK (("failed_at" IS NULL) = ("failure" IS NULL));
ALTER TABLE "run_tasks"
  ADD CONSTRAINT "run_tasks_stage_check" CHECK ("stage" IN ('collect', 'sample', 'explain', 'score', 'index')),
  ADD CONSTRAINT "run_tasks_counts_check" CHECK ("ordinal" >= 0 AND "amount" >= 0 AND "progress" BETWEEN 0 AND "amount" AND "fence" >= 0),
  ADD CONSTRAINT "run_tasks_result_check" CHECK ("completed_at" IS NULL OR "result" IS NOT NULL);
ALTER TABLE "run_events" ADD CONSTRAINT "run_events_level_check" CHECK ("level" IN ('info', 'warn', 'error'));
ALTER TABLE "users" ADD CONSTRAINT "users_role_check" CHECK ("role" IN ('user', 'admin'));

-- Explanations and scores are versions: a change is a new row. Whole coders may still be deleted.
CREATE FUNCTION refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: insert a new version instead', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER "explanations_append_only" BEFORE UPDATE ON "explanations" FOR EACH ROW EXECUTE FUNCTION refuse_update();
CREATE TRIGGER "scores_append_only" BEFORE UPDATE ON "scores" FOR EACH ROW EXECUTE FUNCTION refuse_update();

-- The partitions of one coder, made before its first row. Attaching, unlike CREATE TABLE … PARTITION OF, lets readers
-- of the other coders go on.
CREATE FUNCTION create_coder_partitions(coder bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  parent text;
  part text;
BEGIN
  -- Two runs on a new coder must not both find its partitions missing.
  PERFORM pg_advisory_xact_lock(hashtextextended('create_coder_partitions', coder));
  FOREACH parent IN ARRAY ARRAY['latents', 'example_blobs', 'explanations', 'scores'] LOOP
    part := format('%s_c%s', parent, coder);
    IF to_regclass(quote_ident(part)) IS NULL THEN
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (%L)', parent, part, coder);
    END IF;
  END LOOP;
END
$$;
