CREATE TABLE "people" (
	"id" text PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"name" text NOT NULL,
	"department" text NOT NULL,
	"roles" text[] DEFAULT '{}' NOT NULL,
	"seen_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "contacts" ADD COLUMN "visibility" text DEFAULT 'everyone' NOT NULL;--> statement-breakpoint
ALTER TABLE "contacts" ADD COLUMN "department" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "contacts" ADD COLUMN "shared_with" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "contacts" ADD COLUMN "editors" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
CREATE INDEX "people_by_email" ON "people" USING btree (lower("email"));--> statement-breakpoint
CREATE INDEX "contacts_by_owner" ON "contacts" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "contacts_by_visibility" ON "contacts" USING btree ("visibility","department");--> statement-breakpoint
CREATE INDEX "contacts_by_sharing" ON "contacts" USING gin ("shared_with");--> statement-breakpoint
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_visibility" CHECK ("contacts"."visibility" in ('everyone', 'team', 'private'));--> statement-breakpoint
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_editors_see" CHECK ("contacts"."editors" <@ "contacts"."shared_with");