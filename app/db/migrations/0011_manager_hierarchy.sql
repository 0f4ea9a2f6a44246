CREATE TABLE "directory_reports" (
	"person_id" text NOT NULL,
	"manager_id" text NOT NULL,
	"distance" integer NOT NULL,
	CONSTRAINT "directory_reports_person_id_manager_id_pk" PRIMARY KEY("person_id","manager_id")
);
--> statement-breakpoint
ALTER TABLE "directory_state" ADD COLUMN "manager_attribute" text;--> statement-breakpoint
ALTER TABLE "directory_state" ADD COLUMN "reports_kept_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "international_login_key" text;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "login_key" text COLLATE "C" GENERATED ALWAYS AS (case when login = '' then null
          when octet_length(login) = char_length(login) then lower(login collate "C") else international_login_key end) STORED;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "manager_text" text;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "manager_key" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "manager_id" text;--> statement-breakpoint
CREATE INDEX "directory_reports_by_manager" ON "directory_reports" USING btree ("manager_id","person_id");--> statement-breakpoint
CREATE INDEX "people_by_login" ON "people" USING hash ("login_key");--> statement-breakpoint
CREATE INDEX "people_by_manager_key" ON "people" USING hash ("manager_key");--> statement-breakpoint
CREATE INDEX "people_by_manager" ON "people" USING btree ("manager_id");