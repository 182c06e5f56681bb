-- What a run has set aside is summed before every group of calls.
CREATE INDEX "llm_requests_reserved_idx" ON "llm_requests" ("run_id") WHERE "answered_at" IS NULL;
