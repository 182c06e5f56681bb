-- How an explanation would do where windows come as they come: for a sample of a coder's latents, so no partitions.
CREATE TABLE "precisions" (
    "id" BIGSERIAL NOT NULL,
    "coder_id" BIGINT NOT NULL,
    "latent_index" INTEGER NOT NULL,
    "explanation_id" BIGINT NOT NULL,
    "run_id" BIGINT NOT NULL,
    "scorer" TEXT NOT NULL,
    "figures" JSONB NOT NULL,
    "provenance" JSONB NOT NULL,
    "input_key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "precisions_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "precisions_coder_id_latent_index_idx" ON "precisions"("coder_id", "latent_index");

-- CreateIndex
CREATE UNIQUE INDEX "precisions_coder_id_explanation_id_scorer_input_key_key" ON "precisions"("coder_id", "explanation_id", "scorer", "input_key");

-- AddForeignKey
ALTER TABLE "precisions" ADD CONSTRAINT "precisions_coder_id_fkey" FOREIGN KEY ("coder_id") REFERENCES "sparse_coders"("id") ON DELETE CASCADE ON UPDATE CASCADE;
