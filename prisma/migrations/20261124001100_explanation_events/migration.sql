-- Who entered, withdrew, hid or showed again what people write: never erased, so that a dispute can be looked into.
CREATE TABLE "explanation_events" (
    "id" BIGSERIAL NOT NULL,
    "coder_id" BIGINT NOT NULL,
    "latent_index" INTEGER NOT NULL,
    "explanation_id" BIGINT NOT NULL,
    "action" TEXT NOT NULL,
    "reason" TEXT NOT NULL DEFAULT '',
    "by_id" TEXT NOT NULL,
    "by_name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "explanation_events_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "explanation_events_coder_id_explanation_id_id_idx" ON "explanation_events"("coder_id", "explanation_id", "id");

-- CreateIndex
CREATE INDEX "explanation_events_by_id_created_at_idx" ON "explanation_events"("by_id", "created_at");

-- AddForeignKey
ALTER TABLE "explanation_events" ADD CONSTRAINT "explanation_events_coder_id_fkey" FOREIGN KEY ("coder_id") REFERENCES "sparse_coders"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "explanation_events" ADD CONSTRAINT "explanation_events_action_check" CHECK ("action" IN ('entered', 'withdrawn', 'hidden', 'shown'));
CREATE TRIGGER "explanation_events_append_only" BEFORE UPDATE ON "explanation_events" FOR EACH ROW EXECUTE FUNCTION refuse_update();
