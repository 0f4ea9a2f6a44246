ALTER TABLE "session" ALTER COLUMN "expire" SET DATA TYPE timestamp (6) with time zone;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "person_id" text;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "created_at" timestamp (3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "seen_at" timestamp (3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "address" text;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "device" text DEFAULT '' NOT NULL;--> statement-breakpoint
CREATE INDEX "session_by_person" ON "session" USING btree ("person_id");