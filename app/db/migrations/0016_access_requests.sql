CREATE TABLE "access_requests" (
	"contact_id" uuid NOT NULL,
	"requester_id" text NOT NULL,
	"asked_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"state" text DEFAULT 'open' NOT NULL,
	"settled_at" timestamp (3) with time zone,
	CONSTRAINT "access_requests_contact_id_requester_id_pk" PRIMARY KEY("contact_id","requester_id"),
	CONSTRAINT "access_requests_state" CHECK ("access_requests"."state" in ('open', 'granted', 'dismissed'))
);
--> statement-breakpoint
CREATE INDEX "access_requests_by_requester" ON "access_requests" USING btree ("requester_id","asked_at");--> statement-breakpoint
CREATE INDEX "access_requests_open" ON "access_requests" USING btree ("asked_at") WHERE "access_requests"."state" = 'open';