-- A score that could not be taken is kept with its reason; before, it was a null without one.
ALTER TABLE "scores"
  ADD COLUMN "failure" TEXT,
  ADD CONSTRAINT "scores_failure_check" CHECK ("failure" IS NULL OR ("value" IS NULL AND "failure" <> ''));
