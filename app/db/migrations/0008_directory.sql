CREATE SEQUENCE "public"."okta_reads" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "directory_events" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "directory_events_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"time" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"kind" text NOT NULL,
	"text" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "directory_inbox" (
	"kind" text NOT NULL,
	"id" text NOT NULL,
	"ring" bigserial NOT NULL,
	"source" text NOT NULL,
	"is_urgent" boolean DEFAULT true NOT NULL,
	"arrived_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"not_before" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "directory_inbox_kind_id_pk" PRIMARY KEY("kind","id")
);
--> statement-breakpoint
CREATE TABLE "directory_state" (
	"only" integer PRIMARY KEY DEFAULT 1 NOT NULL,
	"version" bigint DEFAULT 0 NOT NULL,
	"groups_version" bigint DEFAULT 0 NOT NULL,
	"org" text,
	"loaded_at" timestamp (3) with time zone,
	"progress" json,
	"log_cursor" text,
	"log_read_at" timestamp (3) with time zone,
	"changed_since" text,
	"reconciled_at" timestamp (3) with time zone,
	"brake" json,
	"leader" text,
	"leader_until" timestamp (3) with time zone,
	CONSTRAINT "directory_state_only" CHECK ("directory_state"."only" = 1)
);
--> statement-breakpoint
CREATE TABLE "directory_groups" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"type" text NOT NULL,
	"read" bigint DEFAULT 0 NOT NULL,
	"gone_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "directory_memberships" (
	"person_id" text NOT NULL,
	"group_id" text NOT NULL,
	"seen" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "directory_memberships_person_id_group_id_pk" PRIMARY KEY("person_id","group_id")
);
--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "status" text;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "login" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "title" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "attributes" json DEFAULT '{}'::json NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "gone_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "profile_read" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "groups_read" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "version" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "directory_inbox_order" ON "directory_inbox" USING btree ("is_urgent" DESC NULLS LAST,"arrived_at");--> statement-breakpoint
CREATE INDEX "directory_memberships_by_group" ON "directory_memberships" USING btree ("group_id");--> statement-breakpoint
CREATE INDEX "people_by_version" ON "people" USING btree ("version");