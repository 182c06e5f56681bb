-- Whether an account was ever signed in to: its sessions are gone after signing out.
ALTER TABLE "users" ADD COLUMN "signed_in_at" TIMESTAMPTZ(3);
UPDATE "users" u SET "signed_in_at" = s."first" FROM (SELECT "user_id", min("created_at") AS "first" FROM "sessions" GROUP BY "user_id") s WHERE s."user_id" = u."id";
