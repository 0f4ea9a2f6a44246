CREATE TABLE "past_contact_names" (
	"contact_id" uuid NOT NULL,
	"first_name" text NOT NULL,
	"last_name" text NOT NULL,
	"until" timestamp (3) with time zone NOT NULL,
	"name_folded" text COLLATE "C" GENERATED ALWAYS AS (case when last_name = '' then left(fold_text(first_name), 100)
          when first_name = '' then left(fold_text(last_name), 100)
          else left(fold_text(last_name), 100) || E'\t' || left(fold_text(first_name), 100) end) STORED NOT NULL,
	CONSTRAINT "past_contact_names_contact_id_until_pk" PRIMARY KEY("contact_id","until")
);
--> statement-breakpoint
ALTER TABLE "decisions" ADD COLUMN "outcome" text GENERATED ALWAYS AS (case when effect is null or record like '%"source":"can"%' then null when effect = 'deny' then 'refused'
          when record like '%"change":{%' or record like '%"source":"session"%' then 'done'
          when record not like '%"method":"GET"%' and record not like '%"method":"HEAD"%' then 'unchanged'
          when action in ('list', 'read', 'export', 'tail', 'find') or record like '%"source":"filter"%' then 'viewed' else 'form' end) STORED;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "time_zone" text DEFAULT '' NOT NULL;--> statement-breakpoint
CREATE INDEX "past_contact_names_by_name" ON "past_contact_names" USING btree ("name_folded");--> statement-breakpoint
-- The extension may be in a schema that is not searched.
DO $$
BEGIN
  EXECUTE format(
    'CREATE INDEX "past_contact_names_by_part" ON "past_contact_names" USING gin ("name_folded" %s.gin_trgm_ops)',
    (SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_trgm')
  );
END $$;--> statement-breakpoint
CREATE INDEX "past_contact_names_by_time" ON "past_contact_names" USING btree ("until");--> statement-breakpoint
DROP INDEX "decisions_tried_by_action";--> statement-breakpoint
CREATE INDEX "decisions_tried_by_action_and_outcome" ON "decisions" USING btree ("action","outcome","time","seq") WHERE "decisions"."source" <> 'check' and "decisions"."action" is not null;--> statement-breakpoint
CREATE INDEX "decisions_tried_by_outcome" ON "decisions" USING btree ("outcome","time","seq") WHERE "decisions"."source" <> 'check';--> statement-breakpoint
-- Keeps the name that a contact gives up, in the transaction of the change: also of one that an earlier version of the app makes.
CREATE FUNCTION "keep_contact_name"() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  INSERT INTO "past_contact_names" ("contact_id", "first_name", "last_name", "until")
    VALUES (OLD."id", OLD."first_name", OLD."last_name", clock_timestamp())
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END $function$;--> statement-breakpoint
CREATE TRIGGER "contacts_deleted" AFTER DELETE ON "contacts" FOR EACH ROW EXECUTE FUNCTION "keep_contact_name"();--> statement-breakpoint
CREATE TRIGGER "contacts_renamed" AFTER UPDATE OF "first_name", "last_name" ON "contacts" FOR EACH ROW
  WHEN ((OLD."first_name", OLD."last_name") IS DISTINCT FROM (NEW."first_name", NEW."last_name"))
  EXECUTE FUNCTION "keep_contact_name"();
