-- What a latent does, in one row of its page: statistics, tokens, direct effects on the logits, neighbours.
CREATE TABLE "latent_profiles" (
    "coder_id" BIGINT NOT NULL,
    "latent_index" INTEGER NOT NULL,
    "profile_key" TEXT NOT NULL,
    "profile" JSONB NOT NULL,

    CONSTRAINT "latent_profiles_pkey" PRIMARY KEY ("coder_id","latent_index","profile_key")
) PARTITION BY LIST ("coder_id");

ALTER TABLE "latent_profiles" ADD CONSTRAINT "latent_profiles_coder_id_fkey" FOREIGN KEY ("coder_id") REFERENCES "sparse_coders"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "latent_profiles" ADD CONSTRAINT "latent_profiles_latent_check" CHECK ("latent_index" >= 0);

-- What the last run that profiled a coder found of it as a whole; null before any.
ALTER TABLE "sparse_coders" ADD COLUMN "profile" JSONB;

-- Every table that is partitioned by coder, found where PostgreSQL keeps them: a later one needs no change here.
CREATE OR REPLACE FUNCTION create_coder_partitions(coder bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  parent text;
  part text;
BEGIN
  -- Two runs on a new coder must not both find its partitions missing.
  PERFORM pg_advisory_xact_lock(hashtextextended('create_coder_partitions', coder));
  FOR parent IN
    SELECT c.relname FROM pg_partitioned_table p
      JOIN pg_class c ON c.oid = p.partrelid
      JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
     WHERE p.partstrat = 'l' AND p.partnatts = 1 AND a.attname = 'coder_id' AND c.relnamespace = current_schema()::regnamespace
     ORDER BY c.relname
  LOOP
    part := format('%s_c%s', parent, coder);
    IF to_regclass(quote_ident(part)) IS NULL THEN
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (%L)', parent, part, coder);
    END IF;
  END LOOP;
END
$$;

-- Coders that were there before need the partition too.
SELECT create_coder_partitions("id") FROM "sparse_coders" ORDER BY "id";
