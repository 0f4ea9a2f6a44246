CREATE TABLE "handover_contacts" (
	"handover_id" uuid NOT NULL,
	"contact_id" uuid NOT NULL,
	"outcome" text DEFAULT 'pending' NOT NULL,
	"reason" text,
	"department" text DEFAULT '' NOT NULL,
	"shared_with" text[] DEFAULT '{}' NOT NULL,
	"editors" text[] DEFAULT '{}' NOT NULL,
	"email_was_duplicate" boolean DEFAULT false NOT NULL,
	"moved_version" integer,
	CONSTRAINT "handover_contacts_handover_id_contact_id_pk" PRIMARY KEY("handover_id","contact_id"),
	CONSTRAINT "handover_contacts_outcome" CHECK ("handover_contacts"."outcome" in ('pending', 'moved', 'left', 'undone', 'kept'))
);
--> statement-breakpoint
CREATE TABLE "handovers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"from_id" text NOT NULL,
	"to_id" text NOT NULL,
	"state" text DEFAULT 'running' NOT NULL,
	"actor_id" text NOT NULL,
	"asked_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"started_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"stop_reason" text,
	"worker" text,
	"worker_until" timestamp (3) with time zone,
	CONSTRAINT "handovers_state" CHECK ("handovers"."state" in ('running', 'done', 'stopped', 'undoing', 'undone', 'undo_stopped')),
	CONSTRAINT "handovers_two_people" CHECK ("handovers"."from_id" <> "handovers"."to_id")
);
--> statement-breakpoint
ALTER TABLE "handover_contacts" ADD CONSTRAINT "handover_contacts_handover_id_handovers_id_fk" FOREIGN KEY ("handover_id") REFERENCES "handovers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "handover_contacts_order" ON "handover_contacts" USING btree ("handover_id","outcome","email_was_duplicate","contact_id");--> statement-breakpoint
CREATE UNIQUE INDEX "handovers_at_work" ON "handovers" USING btree ("from_id") WHERE "handovers"."state" in ('running', 'undoing');--> statement-breakpoint
CREATE INDEX "handovers_by_person" ON "handovers" USING btree ("from_id","started_at");--> statement-breakpoint
CREATE INDEX "people_gone" ON "people" USING btree ("id") WHERE "people"."gone_at" is not null;