-- Intruder detection judges a latent and no explanation of it.
ALTER TABLE "scores" ALTER COLUMN "explanation_id" DROP NOT NULL;

-- A score's figures by class and tenth, its blank control, its lift: lib/score/schema.ts, scoreFiguresSchema.
ALTER TABLE "scores" ADD COLUMN "parts" JSONB NOT NULL DEFAULT '{}';

-- NULLs are distinct in the unique key over explanations, so scores without one have a key of their own.
CREATE UNIQUE INDEX "scores_latent_input_key" ON "scores" ("coder_id", "latent_index", "scorer", "input_key") WHERE "explanation_id" IS NULL;
