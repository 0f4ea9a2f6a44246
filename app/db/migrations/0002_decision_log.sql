CREATE TABLE "decision_counts" (
	"hour" timestamp (3) with time zone NOT NULL,
	"kind" text NOT NULL,
	"action" text NOT NULL,
	"effect" text NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "decision_counts_hour_kind_action_effect_pk" PRIMARY KEY("hour","kind","action","effect")
);
--> statement-breakpoint
CREATE TABLE "decisions" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "decisions_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"id" text NOT NULL,
	"time" timestamp (3) with time zone NOT NULL,
	"principal_id" text,
	"kind" text NOT NULL,
	"resource_id" text,
	"action" text NOT NULL,
	"effect" text NOT NULL,
	"record" text NOT NULL,
	CONSTRAINT "decisions_effect" CHECK ("decisions"."effect" in ('allow', 'deny'))
);
--> statement-breakpoint
CREATE TABLE "seal_head" (
	"only" integer PRIMARY KEY DEFAULT 1 NOT NULL,
	"number" bigint NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "seal_head_only" CHECK ("seal_head"."only" = 1)
);
--> statement-breakpoint
CREATE TABLE "seals" (
	"number" bigint PRIMARY KEY NOT NULL,
	"sealed_at" timestamp (3) with time zone NOT NULL,
	"content" text NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "decisions_unsealed" (
	"seq" bigint PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "decisions_id" ON "decisions" USING btree ("id");--> statement-breakpoint
CREATE INDEX "decisions_by_time" ON "decisions" USING btree ("time","seq");--> statement-breakpoint
CREATE INDEX "decisions_by_principal" ON "decisions" USING btree ("principal_id","time","seq");--> statement-breakpoint
CREATE INDEX "decisions_by_resource" ON "decisions" USING btree ("resource_id","time","seq");--> statement-breakpoint
CREATE INDEX "decisions_by_action" ON "decisions" USING btree ("action","time","seq");--> statement-breakpoint
CREATE INDEX "decisions_denied" ON "decisions" USING btree ("time","seq") WHERE "decisions"."effect" = 'deny';