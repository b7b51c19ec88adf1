-- options: --server-version 18
SET lock_timeout = '1s';
ALTER TABLE users ADD CONSTRAINT has_name NOT NULL name NOT VALID;
ALTER TABEL users ADD COLUMN a int;
CALL tidy_up();
SELECT partman.create_parent('public.events', 'day');
DO $$ BEGIN EXECUTE format('DROP TABLE %I', 'users'); END $$;
DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$;
COPY users FROM stdin;
1	a
\.
DROP TABLE orders;
