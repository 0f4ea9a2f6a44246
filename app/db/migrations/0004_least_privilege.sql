CREATE TABLE "decision_retention" (
	"only" integer PRIMARY KEY DEFAULT 1 NOT NULL,
	"minimum_days" double precision NOT NULL,
	CONSTRAINT "decision_retention_only" CHECK ("decision_retention"."only" = 1),
	CONSTRAINT "decision_retention_days" CHECK ("decision_retention"."minimum_days" between 0 and 36500)
);
--> statement-breakpoint
-- Deletes records and seals for their age, for a role that may not delete any itself: only what is older than the retention
-- that the owner has set, and nothing where there is none. Such a role cannot change what is there to make it look old.
-- In the schema of the tables, and with no other in its search path that such a role could put tables into.
DO $block$ BEGIN
	EXECUTE format($statement$
		CREATE FUNCTION "expire_decisions"("last_seal" bigint, "places" bigint[]) RETURNS void
		LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, %I, pg_temp AS $function$
		DECLARE
			"oldest" timestamptz := (SELECT now() - "minimum_days" * interval '1 day' FROM "decision_retention");
		BEGIN
			IF "oldest" IS NULL THEN
				IF NOT has_table_privilege(session_user, 'decisions', 'DELETE') THEN
					RAISE insufficient_privilege USING MESSAGE = 'the owner of the tables has set no retention';
				END IF;
				"oldest" := 'infinity';
			END IF;
			DELETE FROM "decisions" WHERE "seq" = ANY ("places") AND "time" < "oldest";
			DELETE FROM "seals" WHERE "number" < "last_seal" AND "sealed_at" < "oldest";
		END $function$
	$statement$, current_schema());
END $block$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION "expire_decisions"(bigint, bigint[]) FROM PUBLIC;
