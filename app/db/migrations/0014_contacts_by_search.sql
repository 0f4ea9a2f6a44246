CREATE EXTENSION IF NOT EXISTS pg_trgm;
--> statement-breakpoint
-- The extension may have been there already, in a schema that is not searched.
DO $$
BEGIN
  EXECUTE format(
    'CREATE INDEX "contacts_by_search" ON "contacts" USING gin ("search_text" %s.gin_trgm_ops)',
    (SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_trgm')
  );
END $$;
