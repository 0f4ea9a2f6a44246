CREATE TABLE "saved_views" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"person_id" text NOT NULL,
	"name" text NOT NULL,
	"query" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"name_folded" text COLLATE "C" GENERATED ALWAYS AS (left(fold_text(name), 200)) STORED NOT NULL
);
--> statement-breakpoint
-- PostgreSQL's own array_to_string is not immutable, as an array may be of anything. Of texts it is.
CREATE FUNCTION joined_texts(texts text[]) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	AS $$ SELECT array_to_string(texts, E'\t') $$;--> statement-breakpoint
-- The index of searches goes with its column. Only the column that is made anew has the table written.
ALTER TABLE "contacts"
	DROP COLUMN "search_text",
	ADD COLUMN "tags" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "contacts" ADD COLUMN "search_text" text COLLATE "C" GENERATED ALWAYS AS (fold_text(first_name || E'\t' || last_name || E'\t' || email || E'\t' || company || E'\t' || title || E'\t' || phone || E'\t' || joined_texts(tags))
          || E'\t' || regexp_replace(fold_text(phone), '[^0-9]', '', 'g')
          || E'\t' || regexp_replace(fold_text(replace(phone, '(0)', '')), '[^0-9]', '', 'g')) STORED NOT NULL;--> statement-breakpoint
-- The extension may be in a schema that is not searched: see 0014.
DO $$
BEGIN
  EXECUTE format(
    'CREATE INDEX "contacts_by_search" ON "contacts" USING gin ("search_text" %s.gin_trgm_ops)',
    (SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_trgm')
  );
END $$;--> statement-breakpoint
CREATE UNIQUE INDEX "saved_views_by_name" ON "saved_views" USING btree ("person_id","name_folded");--> statement-breakpoint
CREATE INDEX "contacts_by_tag" ON "contacts" USING gin ("tags");