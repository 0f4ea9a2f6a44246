CREATE TABLE "own_logouts" (
	"person_id" text NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "revocations" (
	"person_id" text PRIMARY KEY NOT NULL,
	"void_until" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "used_logout_tokens" (
	"jti" text PRIMARY KEY NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "login_begun_at" timestamp (3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
-- Of the sessions that are there, their login is the first thing that is known.
UPDATE "session" SET "login_begun_at" = "created_at";--> statement-breakpoint
CREATE INDEX "own_logouts_by_person" ON "own_logouts" USING btree ("person_id","at");--> statement-breakpoint
CREATE INDEX "own_logouts_by_time" ON "own_logouts" USING btree ("at");--> statement-breakpoint
CREATE INDEX "used_logout_tokens_expiry" ON "used_logout_tokens" USING btree ("expires_at");