/* Pages: what is taken away, renamed, or hidden from the release that is live. */
#include "hazard/hazard.h"

#define USERS "CREATE TABLE users (id bigint PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'a');"

extern const struct hazard hazards_of_loss[];
const struct hazard hazards_of_loss[] = {
	{.id = "drop-column",
     .title = "the values of a column are lost",
     .why =
         "It takes no time, and there is no way back.  Statements of the release that is live, which name the column, "
         "fail at once; so does SELECT * of code that counts columns.  Indexes, constraints and, with CASCADE, views go "
         "along.  Stop using it first, keep a copy, and drop it in a later migration.",
     .class = HAZARD_LOSS,
     .lock = "ACCESS EXCLUSIVE, for a short time",
     .setup = USERS,
     .bad = "ALTER TABLE users DROP COLUMN name;"},
	{.id = "drop-table",
     .title = "the rows of a table are lost",
     .why =
         "There is no way back.  Rename it first, and drop it when nobody has missed it for a while.  Tables that its "
         "foreign keys refer to are locked as well; CASCADE takes foreign keys and views along that nobody listed.",
     .class = HAZARD_LOSS,
     .lock = "ACCESS EXCLUSIVE on it and on the tables that it refers to, for a short time",
     .setup = USERS,
     .bad = "DROP TABLE users;",
     .good = "CREATE TABLE scratch (id bigint PRIMARY KEY);\nDROP TABLE scratch;"},
	{.id = "drop-schema",
     .title = "a schema is dropped",
     .why =
         "With CASCADE everything in it is lost, and whatever refers to it from outside.  Drop what is in it by name, "
         "then the schema without CASCADE: it fails if something was forgotten.",
     .class = HAZARD_LOSS,
     .setup = "CREATE SCHEMA old; CREATE TABLE old.things (id bigint PRIMARY KEY);",
     .bad = "DROP SCHEMA old CASCADE;"},
	{.id = "drop-database",
     .title = "a database is dropped",
     .why = "Everything in it is lost.",
     .class = HAZARD_LOSS,
     .bad = "DROP DATABASE shop;"},
	{.id = "drop-owned",
     .title = "DROP OWNED drops whatever a role owns",
     .why = "Tables, views and functions of the role in this database go, with their rows, and so do its grants.",
     .class = HAZARD_LOSS,
     .bad = "DROP OWNED BY postgres;"},
	{.id = "drop-view",
     .title = "a view is dropped",
     .why =
         "Nothing is lost, but whoever reads it in the release that is live fails.  A view that the same file makes "
         "anew is not told.",
     .class = HAZARD_COMPAT,
     .setup = USERS " CREATE VIEW names AS SELECT name FROM users;",
     .bad = "DROP VIEW names;",
     .good = "DROP VIEW names;\nCREATE VIEW names AS SELECT id, name FROM users;"},
	{.id = "cascade",
     .class = HAZARD_LOSS,
     .setup = "CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE days (id bigint PRIMARY KEY, felt mood);",
     .bad = "DROP TYPE mood CASCADE;",
     .good = "DROP TYPE IF EXISTS humour;"},
	{.id = "truncate",
     .title = "TRUNCATE empties a table",
     .why =
         "Its rows are gone at once, without a trigger for each and without a way back; readers of an older snapshot see "
         "an empty table, too.",
     .class = HAZARD_LOSS,
     .lock = "ACCESS EXCLUSIVE",
     .setup = USERS,
     .bad = "TRUNCATE users;",
     .good = "CREATE TEMPORARY TABLE scratch (id bigint);\nTRUNCATE scratch;"},
	{.id = "truncate-cascade",
     .title = "TRUNCATE … CASCADE empties tables that nobody named",
     .why = "Every table with a foreign key to it is emptied as well, and every table that refers to those.",
     .class = HAZARD_LOSS,
     .lock = "ACCESS EXCLUSIVE on all of them",
     .setup = USERS
     " CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users); INSERT INTO notes VALUES (1, 1);",
     .bad = "TRUNCATE users CASCADE;"},
	{.id = "delete-without-where",
     .title = "one DELETE removes every row",
     .why =
         "There is no WHERE, or one that always holds.  Each row is locked until the transaction ends, the write-ahead "
         "log takes all of them, and there is no way back.",
     .class = HAZARD_LOSS,
     .setup = USERS,
     .bad = "DELETE FROM users WHERE true;",
     .good = "DELETE FROM users WHERE id = 7;"},
	{.id = "unbatched-update",
     .title = "one UPDATE changes every row",
     .why =
         "Each row stays locked until the transaction ends, the table grows to twice its size, standbys fall behind, and "
         "VACUUM can clean nothing meanwhile.  Batches by key, each in a transaction of its own, disturb nobody.",
     .class = HAZARD_WORK,
     .lock = "every row, until the end",
     .setup = USERS,
     .bad = "UPDATE users SET name = trim(name);",
     .good = "UPDATE users SET name = trim(name) WHERE id = 7;"},
	{.id = "rename-column",
     .title = "a column has another name from then on",
     .why =
         "Statements of the release that is live fail at once (42703), and those of the new release fail until then: "
         "there is no moment at which both work.  Add a second column, fill both, switch the releases, drop the old one.",
     .class = HAZARD_COMPAT,
     .lock = "ACCESS EXCLUSIVE, for a short time",
     .setup = USERS,
     .bad = "ALTER TABLE users RENAME COLUMN name TO full_name;",
     .good = "ALTER TABLE users ADD COLUMN full_name text;"},
	{.id = "rename-table",
     .title = "a table has another name from then on",
     .why =
         "Statements of the release that is live fail at once (42P01).  A view of the old name, made in the same "
         "transaction, keeps both names alive: simple views can be written, too.  Another schema is another name.",
     .class = HAZARD_COMPAT,
     .lock = "ACCESS EXCLUSIVE, for a short time",
     .setup = USERS,
     .bad = "ALTER TABLE users RENAME TO people;",
     .good = "BEGIN;\nALTER TABLE users RENAME TO people;\nCREATE VIEW users AS SELECT * FROM people;\nCOMMIT;"},
	{.id = "rename-schema",
     .title = "a schema has another name from then on",
     .why = "Whoever writes it before a name, or has it in the search_path, no longer finds the tables.",
     .class = HAZARD_COMPAT,
     .setup = "CREATE SCHEMA former;",
     .bad = "ALTER SCHEMA former RENAME TO archive;"},
	{.id = "rename-type",
     .title = "a type has another name from then on",
     .why = "Columns follow; casts and function bodies that name it fail.",
     .class = HAZARD_COMPAT,
     .setup = "CREATE TYPE mood AS ENUM ('ok');",
     .bad = "ALTER TYPE mood RENAME TO feeling;"},
	{.id = "rename-enum-value",
     .title = "a value of an enum has another name from then on",
     .why =
         "The release that is live goes on writing the old one and fails (22P02), and compares with it and finds "
         "nothing.",
     .class = HAZARD_COMPAT,
     .setup = "CREATE TYPE mood AS ENUM ('ok');",
     .bad = "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';",
     .good = "ALTER TYPE mood ADD VALUE 'fine';"},
	{.id = "view-replace",
     .title = "CREATE OR REPLACE VIEW that takes a column away",
     .why =
         "The columns that are there must stay, in their order and of their type; new ones may follow them.  PostgreSQL "
         "refuses anything else (42P16): DROP VIEW and CREATE VIEW in one transaction, with its grants.",
     .class = HAZARD_FAILS,
     .level = LEVEL_CATALOGUE,
     .setup = USERS " CREATE VIEW names AS SELECT id, name FROM users;",
     .bad = "CREATE OR REPLACE VIEW names AS SELECT name FROM users;",
     .good = "CREATE OR REPLACE VIEW names AS SELECT id, name, upper(name) AS loud FROM users;"},
	{.id = "view-options-lost",
     .title = "CREATE OR REPLACE VIEW without the options that the view has",
     .why =
         "security_barrier, security_invoker and the check option are cleared where WITH is not said again: from then on "
         "the view shows or takes rows that it must not.",
     .class = HAZARD_LOSS,
     .level = LEVEL_CATALOGUE,
     .setup = USERS " CREATE VIEW names WITH (security_barrier) AS SELECT id, name FROM users;",
     .bad = "CREATE OR REPLACE VIEW names AS SELECT id, name FROM users;",
     .good = "CREATE OR REPLACE VIEW names WITH (security_barrier) AS SELECT id, name FROM users;"},
	{.id = "enum-value-used-in-tx",
     .title = "a new value of an enum is used in the transaction that adds it",
     .why =
         "PostgreSQL refuses it until that transaction has committed (55P04).  ADD VALUE belongs into a migration of its "
         "own; it has no way back.",
     .class = HAZARD_FAILS,
     .setup = "CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE days (id bigint PRIMARY KEY, felt mood);",
     .bad = "BEGIN;\nALTER TYPE mood ADD VALUE 'fine';\nINSERT INTO days VALUES (1, 'fine');\nCOMMIT;",
     .good = "ALTER TYPE mood ADD VALUE 'fine';\nINSERT INTO days VALUES (1, 'fine');"},
	{.id = "create-trigger",
     .title = "a trigger runs in every statement that writes the table",
     .why = "From then on each write of the release that is live does its work as well, and fails where it fails.",
     .class = HAZARD_COMPAT,
     .lock = "SHARE ROW EXCLUSIVE, for a short time: nobody writes the table",
     .setup = USERS " CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';",
     .bad = "CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION nothing();"},
	{.id = "disable-trigger",
     .title = "a trigger is switched off for everybody",
     .why =
         "Until somebody enables it again; ALL switches off the checks of foreign keys, too, and what came in meanwhile is "
         "never checked.",
     .class = HAZARD_LOSS,
     .lock = "SHARE ROW EXCLUSIVE, for a short time",
     .setup = USERS,
     .bad = "ALTER TABLE users DISABLE TRIGGER ALL;",
     .good = "ALTER TABLE users ENABLE TRIGGER ALL;"},
	{.id = "row-security-hides-rows",
     .title = "row security without a policy hides every row",
     .why = "From then on everybody but the owner and superusers sees an empty table and can write nothing to it.",
     .class = HAZARD_COMPAT,
     .lock = "ACCESS EXCLUSIVE, for a short time",
     .setup = USERS,
     .bad = "ALTER TABLE users ENABLE ROW LEVEL SECURITY;",
     .good = "CREATE POLICY everybody ON users USING (true);\nALTER TABLE users ENABLE ROW LEVEL SECURITY;"},
	{.id = NULL},
};
