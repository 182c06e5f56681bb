-- Every call to a language model, by what it asks: the same request is never paid for twice.
CREATE TABLE "llm_requests" (
    "hash" BYTEA NOT NULL,
    "model" TEXT NOT NULL,
    "endpoint" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "run_id" BIGINT,
    "prompt_characters" INTEGER NOT NULL,
    "claim_owner" TEXT,
    "claim_until" TIMESTAMPTZ(3),
    "claim_fence" INTEGER NOT NULL DEFAULT 1,
    "reserved_tokens" INTEGER NOT NULL DEFAULT 0,
    "reserved_cost" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "tokens_in" INTEGER,
    "tokens_out" INTEGER,
    "tokens_cached" INTEGER,
    "cost" DOUBLE PRECISION,
    "duration_ms" INTEGER,
    "finish_reason" TEXT,
    "raw_batch_id" BIGINT,
    "raw_offset" INTEGER,
    "raw_length" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "answered_at" TIMESTAMPTZ(3),
    CONSTRAINT "llm_requests_pkey" PRIMARY KEY ("hash")
);

-- Prompts and answers on their way to the artifact storage.
CREATE TABLE "llm_raw_batches" (
    "id" BIGSERIAL NOT NULL,
    "bytes" BYTEA,
    "artifact" TEXT,
    "member_offset" BIGINT,
    "member_length" INTEGER,
    "skip" INTEGER NOT NULL DEFAULT 0,
    "length" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "llm_raw_batches_pkey" PRIMARY KEY ("id")
);

-- What a run has spent, by what it was for.
CREATE TABLE "llm_run_usage" (
    "run_id" BIGINT NOT NULL,
    "purpose" TEXT NOT NULL,
    "calls" BIGINT NOT NULL DEFAULT 0,
    "reused" BIGINT NOT NULL DEFAULT 0,
    "tokens_in" BIGINT NOT NULL DEFAULT 0,
    "tokens_out" BIGINT NOT NULL DEFAULT 0,
    "tokens_cached" BIGINT NOT NULL DEFAULT 0,
    "uncounted" BIGINT NOT NULL DEFAULT 0,
    "cost" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "unpriced" BIGINT NOT NULL DEFAULT 0,
    "saved_cost" DOUBLE PRECISION NOT NULL DEFAULT 0,
    CONSTRAINT "llm_run_usage_pkey" PRIMARY KEY ("run_id", "purpose")
);

-- Keys of providers, encrypted under the instance's secret.
CREATE TABLE "provider_keys" (
    "name" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "hint" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "provider_keys_pkey" PRIMARY KEY ("name")
);

ALTER TABLE "llm_requests" ADD CONSTRAINT "llm_requests_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "llm_requests" ADD CONSTRAINT "llm_requests_raw_batch_id_fkey" FOREIGN KEY ("raw_batch_id") REFERENCES "llm_raw_batches"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "llm_run_usage" ADD CONSTRAINT "llm_run_usage_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE INDEX "llm_requests_run_id_idx" ON "llm_requests"("run_id");
CREATE INDEX "llm_requests_raw_batch_id_idx" ON "llm_requests"("raw_batch_id");

-- Open claims are few beside the answers that pile up.
CREATE INDEX "llm_requests_open_idx" ON "llm_requests" ("claim_owner", "run_id") WHERE "answered_at" IS NULL;
CREATE INDEX "llm_raw_batches_unpacked_idx" ON "llm_raw_batches" ("id") WHERE "artifact" IS NULL;

-- Prompts are compressed when they are packed: doing it here as well costs the database's time.
ALTER TABLE "llm_raw_batches" ALTER COLUMN "bytes" SET STORAGE EXTERNAL;

ALTER TABLE "llm_requests" ADD CONSTRAINT "llm_requests_hash_check" CHECK (octet_length("hash") = 32);
