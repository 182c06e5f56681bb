-- Who entered an explanation on the site; null for what runs made.
ALTER TABLE "explanations" ADD COLUMN "created_by_id" TEXT;

-- What came of each explainer that a run asked of each latent: which method was used and why, and why there is no explanation.
CREATE TABLE "explanation_attempts" (
    "id" BIGSERIAL NOT NULL,
    "coder_id" BIGINT NOT NULL,
    "latent_index" INTEGER NOT NULL,
    "run_id" BIGINT NOT NULL,
    "asked" TEXT NOT NULL,
    "method" TEXT,
    "reason" TEXT,
    "input_key" TEXT,
    "cause" TEXT,
    "message" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "explanation_attempts_pkey" PRIMARY KEY ("coder_id","id")
) PARTITION BY LIST ("coder_id");

CREATE UNIQUE INDEX "explanation_attempts_coder_id_run_id_latent_index_asked_key" ON "explanation_attempts"("coder_id", "run_id", "latent_index", "asked");
CREATE INDEX "explanation_attempts_coder_id_latent_index_idx" ON "explanation_attempts"("coder_id", "latent_index");

ALTER TABLE "explanation_attempts" ADD CONSTRAINT "explanation_attempts_coder_id_fkey" FOREIGN KEY ("coder_id") REFERENCES "sparse_coders"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Either it was explained, or there is a cause.
ALTER TABLE "explanation_attempts" ADD CONSTRAINT "explanation_attempts_outcome_check" CHECK (("input_key" IS NULL) = ("cause" IS NOT NULL));

SELECT create_coder_partitions("id") FROM "sparse_coders" ORDER BY "id";

-- Scoring goes by these rows: runs that had explained before get theirs.
INSERT INTO "explanation_attempts" ("coder_id", "latent_index", "run_id", "asked", "method", "input_key", "created_at")
SELECT DISTINCT ON (x."coder_id", x."run_id", x."latent_index", x."method")
       x."coder_id", x."latent_index", x."run_id", CASE x."method" WHEN 'llm' THEN 'default' ELSE x."method" END AS "asked", x."method", x."input_key", x."created_at"
  FROM "explanations" AS x ORDER BY x."coder_id", x."run_id", x."latent_index", x."method", x."id" DESC;
