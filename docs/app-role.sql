-- The rights of the role that the app runs as, where that is not the owner of its tables. Run it as the owner, once after
-- the first `npm run db:migrate`. It may be run again. Put your own name of the role, and your own retention, in it.

begin;

-- create role crm_app login password '...';

-- Everything that the app keeps, tables of later migrations included.
grant usage on schema public to crm_app;
grant select, insert, update, delete on all tables in schema public to crm_app;
alter default privileges in schema public grant select, insert, update, delete on tables to crm_app;
grant usage on all sequences in schema public to crm_app;
alter default privileges in schema public grant usage on sequences to crm_app;

-- Records and seals of the decision log are added and read, and never changed.
revoke update, delete on decisions, seals from crm_app;

-- They are deleted for their age by a function of the owner. It deletes nothing younger than these days, whatever
-- AUDIT_RETENTION_DAYS the app has. Without this row it deletes nothing.
revoke insert, update, delete on decision_retention from crm_app;
insert into decision_retention (minimum_days) values (365) on conflict ("only") do update set minimum_days = excluded.minimum_days;
grant execute on function expire_decisions(bigint, bigint[]) to crm_app;

-- Which migrations have run: the app does not start when its tables are too old.
grant usage on schema drizzle to crm_app;
grant select on drizzle.__drizzle_migrations to crm_app;

-- Only PostgreSQL before 15, and clusters that were upgraded from it, let everybody create tables.
revoke create on schema public from public;

commit;
