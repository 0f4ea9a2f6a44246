-- In one statement, which writes the table once
ALTER TABLE "people"
	ADD COLUMN "read_at" timestamp (3) with time zone,
	ADD COLUMN "name_folded" text COLLATE "C" GENERATED ALWAYS AS (left(fold_text(name), 200)) STORED NOT NULL,
	ADD COLUMN "search_text" text COLLATE "C" GENERATED ALWAYS AS (fold_text(name || E'\t' || email || E'\t' || login)) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "people_by_name" ON "people" USING btree ("name_folded","id");
