-- A coder may be sampled by several protocols. A run goes by the status in its own sample; the latents' rows show one of them.
ALTER TABLE "example_blobs"
  ADD COLUMN "status" "latent_status" NOT NULL DEFAULT 'ready',
  ADD COLUMN "record" JSONB NOT NULL DEFAULT '{}';

UPDATE "example_blobs" AS blob SET "status" = latent."status" FROM "latents" AS latent
 WHERE latent."coder_id" = blob."coder_id" AND latent."index" = blob."latent_index" AND latent."sample_key" = blob."sample_key" AND latent."status" <> 'ready';

-- CreateIndex
CREATE INDEX "example_blobs_coder_id_sample_key_latent_index_idx" ON "example_blobs"("coder_id", "sample_key", "latent_index");
