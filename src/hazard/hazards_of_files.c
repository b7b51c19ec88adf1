/* Pages: transactions, timeouts, what can't be read, and advice about what is new. */
#include "hazard/hazard.h"

#define USERS "CREATE TABLE users (id bigint PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'a');"
#define TWO USERS " CREATE TABLE orders (id bigint PRIMARY KEY); INSERT INTO orders VALUES (1);"

extern const struct hazard hazards_of_files[];
const struct hazard hazards_of_files[] = {
	{.id = "missing-lock-timeout",
     .title = "a statement waits for a lock without a limit",
     .why =
         "It waits behind the longest query of the table, and everybody who comes later waits behind it: a harmless ADD "
         "COLUMN behind a report of ten minutes is an outage of ten minutes.  With lock_timeout it gives up and can be "
         "tried again.  0 is no limit, and SET LOCAL outside of a transaction does nothing.",
     .class = HAZARD_LOCK,
     .setup = USERS,
     .bad = "SET lock_timeout = 0;\nALTER TABLE users ADD COLUMN age int;",
     .good = "SET lock_timeout = '2s';\nALTER TABLE users ADD COLUMN age int;"},
	{.id = "wide-lock-window",
     .title = "one transaction locks several tables",
     .why =
         "While it waits for the second nobody uses the first; and two such transactions that take them in another order "
         "deadlock.",
     .class = HAZARD_LOCK,
     .lock = "ACCESS EXCLUSIVE or SHARE ROW EXCLUSIVE on two tables until the transaction ends",
     .setup = TWO,
     .bad = "BEGIN;\nALTER TABLE users ADD COLUMN a int;\nALTER TABLE orders ADD COLUMN b int;\nCOMMIT;",
     .good = "ALTER TABLE users ADD COLUMN a int;\nALTER TABLE orders ADD COLUMN b int;"},
	{.id = "work-under-access-exclusive",
     .title = "long work while the transaction holds a table",
     .why =
         "A lock is held until the transaction ends.  An UPDATE, a scan or a build behind a short ALTER TABLE makes the "
         "short lock a long one.",
     .class = HAZARD_WORK,
     .lock = "ACCESS EXCLUSIVE on what was altered before, for as long as the work takes",
     .setup = USERS,
     .bad =
         "BEGIN;\nALTER TABLE users ADD COLUMN nick text;\nCREATE TABLE copies AS SELECT * FROM users;\nCOMMIT;",
     .good = "ALTER TABLE users ADD COLUMN nick text;\nCREATE TABLE copies AS SELECT * FROM users;"},
	{.id = "pending-trigger-events",
     .title = "a table is altered whose rows the transaction changed",
     .why =
         "Checks that wait for the end of the transaction (INITIALLY DEFERRED) are still due, and PostgreSQL refuses to "
         "alter the table before them (55006).",
     .class = HAZARD_FAILS,
     .level = LEVEL_CATALOGUE,
     .setup = USERS
     " CREATE TABLE notes (id bigint PRIMARY KEY, u bigint REFERENCES users DEFERRABLE INITIALLY DEFERRED);"},
	{.id = "nested-transaction",
     .title = "BEGIN in a transaction, or COMMIT outside of one",
     .why =
         "PostgreSQL only warns, and the file does something else than it says: the first COMMIT ends everything, and what "
         "follows is committed statement by statement.",
     .class = HAZARD_FILE,
     .bad = "BEGIN;\nBEGIN;\nCOMMIT;",
     .good = "BEGIN;\nCOMMIT;"},
	{.id = "uncommitted-transaction",
     .title = "a transaction that never ends",
     .why = "Whoever runs the file disconnects at its end, and everything since BEGIN is undone without a word.",
     .class = HAZARD_FILE,
     .setup = USERS,
     .bad = "BEGIN;\nALTER TABLE users ADD COLUMN age int;",
     .good = "BEGIN;\nALTER TABLE users ADD COLUMN age int;\nCOMMIT;"},
	{.id = "mixed-concerns",
     .class = HAZARD_FILE,
     .setup = TWO,
     .bad = "ALTER TABLE users ADD COLUMN age int;\nUPDATE orders SET id = 2 WHERE id = 1;",
     .good = "ALTER TABLE users ADD COLUMN age int;"},
	{.id = "misleading-name", .class = HAZARD_FILE},
	{.id = "opaque-sql",
     .title = "something that can't be read",
     .why =
         "What a function, a procedure or a text that is put together at run time does is not in the migration.  It is "
         "never called fine.  Statements of a DO block that are written out are checked as if each of them runs.",
     .class = HAZARD_FILE,
     .setup = USERS " CREATE FUNCTION tidy() RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM users; END';",
     .bad = "SELECT tidy();",
     .good = "SELECT count(*) FROM users;"},
	{.id = "cannot-check", .class = HAZARD_FILE, .bad = "ALTER TABEL users ADD COLUMN age int;"},
	{.id = "unused-ignore",
     .title = "a comment that ignores nothing",
     .why =
         "-- interlock:ignore RULE reason accepts a finding of the statement that follows it or that it stands behind, and "
         "-- interlock:ignore-file RULE reason those of a file.  The reason is required: it is read by whoever wonders "
         "later.  One that meets no finding is out of date, or misspelt.",
     .class = HAZARD_FILE,
     .setup = USERS,
     .bad = "-- interlock:ignore drop-table nobody reads it\nSELECT 1;",
     .good = "-- interlock:ignore drop-table nobody has read it since 5.1\nDROP TABLE users;"},
	{.id = "conflict",
     .class = HAZARD_FAILS,
     .level = LEVEL_CATALOGUE,
     .setup = USERS,
     .bad = "ALTER TABLE users ADD COLUMN name text;",
     .good = "ALTER TABLE users ADD COLUMN IF NOT EXISTS name text;"},
	{.id = "missing-object",
     .class = HAZARD_FAILS,
     .level = LEVEL_CATALOGUE,
     .setup = USERS,
     .bad = "ALTER TABLE people ADD COLUMN age int;",
     .good = "ALTER TABLE IF EXISTS people ADD COLUMN age int;"},
	{.id = "would-fail",
     .class = HAZARD_FAILS,
     .level = LEVEL_CATALOGUE,
     .setup = USERS,
     .bad = "ALTER TABLE users ALTER COLUMN name ADD GENERATED ALWAYS AS IDENTITY;"},
	{.id = "type-char",
     .title = "char(n) pads with blanks",
     .why =
         "The blanks count in some comparisons and not in others, and take room.  Any change of the type rewrites the "
         "table.",
     .class = HAZARD_DESIGN,
     .bad = "CREATE TABLE cities (id bigint PRIMARY KEY, country char(2));",
     .good = "CREATE TABLE cities (id bigint PRIMARY KEY, country text);"},
	{.id = "type-json",
     .title = "json has no equality",
     .why =
         "SELECT DISTINCT, GROUP BY and UNION fail as soon as the column is among theirs, also in code that was there "
         "before.  jsonb has one, and indexes.",
     .class = HAZARD_DESIGN,
     .bad = "CREATE TABLE logs (id bigint PRIMARY KEY, entry json);",
     .good = "CREATE TABLE logs (id bigint PRIMARY KEY, entry jsonb);"},
	{.id = "type-timestamp",
     .title = "timestamp has no time zone",
     .why =
         "Which moment it means hangs on the settings of whoever writes and reads it.  timestamptz means one moment, and "
         "takes as much room.",
     .class = HAZARD_DESIGN,
     .bad = "CREATE TABLE visits (id bigint PRIMARY KEY, seen timestamp);",
     .good = "CREATE TABLE visits (id bigint PRIMARY KEY, seen timestamptz);"},
	{.id = "type-money",
     .title = "money depends on the server's locale",
     .why = "What \"1.50\" means is decided by lc_monetary; it has one currency and rounds divisions.",
     .class = HAZARD_DESIGN,
     .bad = "CREATE TABLE sales (id bigint PRIMARY KEY, total money);",
     .good = "CREATE TABLE sales (id bigint PRIMARY KEY, total numeric);"},
	{.id = "type-float",
     .title = "floating point rounds",
     .why = "0.1 + 0.2 is not 0.3.  For measurements that is right; for money and counts numeric is.",
     .class = HAZARD_DESIGN,
     .bad = "CREATE TABLE sales (id bigint PRIMARY KEY, total double precision);",
     .good = "CREATE TABLE sales (id bigint PRIMARY KEY, total numeric);"},
	{.id = "type-varchar-limit",
     .title = "a limit of length that has to be changed one day",
     .why =
         "A longer one costs nothing, a shorter one rewrites the table.  A CHECK on text is changed without either.",
     .class = HAZARD_DESIGN,
     .bad = "CREATE TABLE cities (id bigint PRIMARY KEY, label varchar(20));",
     .good = "CREATE TABLE cities (id bigint PRIMARY KEY, label text);"},
	{.id = "int-primary-key",
     .title = "a primary key that ends at two billion",
     .why =
         "The day it is reached every INSERT fails, and the change to bigint rewrites the table and every table that "
         "refers to it.",
     .class = HAZARD_DESIGN,
     .bad = "CREATE TABLE cities (id int PRIMARY KEY);",
     .good = "CREATE TABLE cities (id bigint PRIMARY KEY);"},
	{.id = "prefer-identity",
     .title = "serial where an identity would do",
     .why =
         "The sequence of a serial is a thing of its own: with grants, an owner, and a default that anybody may overwrite.",
     .class = HAZARD_DESIGN,
     .bad = "CREATE TABLE cities (id bigserial PRIMARY KEY);",
     .good = "CREATE TABLE cities (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY);"},
	{.id = "missing-primary-key",
     .title = "a table without a primary key",
     .why = "Logical replication, work in batches and most ORMs need one.",
     .class = HAZARD_DESIGN,
     .bad = "CREATE TABLE cities (label text);",
     .good = "CREATE TABLE cities (id bigint PRIMARY KEY, label text);"},
	{.id = "unlogged-table",
     .title = "an unlogged table",
     .why = "It is empty after a crash, and always empty on standbys.",
     .class = HAZARD_DESIGN,
     .bad = "CREATE UNLOGGED TABLE cities (id bigint PRIMARY KEY);",
     .good = "CREATE TABLE cities (id bigint PRIMARY KEY);"},
	{.id = "identifier-too-long",
     .title = "a name that is cut",
     .why =
         "PostgreSQL keeps 63 bytes of a name and says so in a NOTICE that nobody reads.  Two long names can become one.",
     .class = HAZARD_DESIGN,
     .bad =
         "CREATE TABLE a_name_of_more_than_sixty_three_bytes_is_cut_by_postgresql_with_a_notice (id bigint PRIMARY KEY);",
     .good = "CREATE TABLE cities (id bigint PRIMARY KEY);"},
	{.id = "reserved-word-identifier",
     .title = "a name that is a word of SQL",
     .why = "It must be quoted wherever it is named, in every query and every tool, for ever.",
     .class = HAZARD_DESIGN,
     .bad = "CREATE TABLE cities (id bigint PRIMARY KEY, \"order\" int);",
     .good = "CREATE TABLE cities (id bigint PRIMARY KEY, position int);"},
	{.id = NULL},
};
