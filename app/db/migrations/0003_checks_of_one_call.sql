DROP INDEX "decisions_by_time";--> statement-breakpoint
DROP INDEX "decisions_by_principal";--> statement-breakpoint
DROP INDEX "decisions_by_resource";--> statement-breakpoint
DROP INDEX "decisions_by_action";--> statement-breakpoint
DROP INDEX "decisions_denied";--> statement-breakpoint
ALTER TABLE "decisions" ALTER COLUMN "kind" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "decisions" ALTER COLUMN "action" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "decisions" ALTER COLUMN "effect" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "decisions" ADD COLUMN "source" text GENERATED ALWAYS AS (case when record like '%"source":"check"%' or record like '%"source":"can"%' then 'check'
          when record like '%"source":"filter"%' then 'filter' else 'guard' end) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "decisions_tried_by_time" ON "decisions" USING btree ("time","seq") WHERE "decisions"."source" <> 'check';--> statement-breakpoint
CREATE INDEX "decisions_tried_by_principal" ON "decisions" USING btree ("principal_id","time","seq") WHERE "decisions"."source" <> 'check';--> statement-breakpoint
CREATE INDEX "decisions_tried_by_resource" ON "decisions" USING btree ("resource_id","time","seq") WHERE "decisions"."source" <> 'check' and "decisions"."resource_id" is not null;--> statement-breakpoint
CREATE INDEX "decisions_tried_by_action" ON "decisions" USING btree ("action","time","seq") WHERE "decisions"."source" <> 'check' and "decisions"."action" is not null;--> statement-breakpoint
CREATE INDEX "decisions_tried_denied" ON "decisions" USING btree ("time","seq") WHERE "decisions"."source" <> 'check' and "decisions"."effect" = 'deny';--> statement-breakpoint
CREATE INDEX "decisions_checks_by_time" ON "decisions" USING btree ("time","seq") WHERE "decisions"."source" = 'check';--> statement-breakpoint
CREATE INDEX "decisions_checks_by_principal" ON "decisions" USING btree ("principal_id","time","seq") WHERE "decisions"."source" = 'check';--> statement-breakpoint
CREATE INDEX "decisions_checks_by_resource" ON "decisions" USING btree ("resource_id","time","seq") WHERE "decisions"."source" = 'check' and "decisions"."resource_id" is not null;--> statement-breakpoint
CREATE INDEX "decisions_checks_by_action" ON "decisions" USING btree ("action","time","seq") WHERE "decisions"."source" = 'check' and "decisions"."action" is not null;--> statement-breakpoint
CREATE INDEX "decisions_checks_denied" ON "decisions" USING btree ("time","seq") WHERE "decisions"."source" = 'check' and "decisions"."effect" = 'deny';--> statement-breakpoint
ALTER TABLE "decisions" ADD CONSTRAINT "decisions_question" CHECK (num_nulls("decisions"."kind", "decisions"."action", "decisions"."effect") in (0, 3));