/* The table of rules: id, title, why, a bad and a good example. */
#include "check/rule.h"

#include <stddef.h>
#include <string.h>

const struct rule rules[] = {
	{"swap-without-copy", "a switch puts a table in place that no parallel_table made",
     "rename_swap gives the name of a live table to another one.  Only a shadow that parallel_table made of it follows "
     "what is written meanwhile: with any other table the last rows that were written would be missing.",
     NULL, NULL},
	{"unverified-swap", "a switch to a table that was not compared with the live one",
     "expect_same_rows compares the shadow with the live table row for row, exactly and without a lock, while both are "
     "written to.  The switch asks for its verdict, and repeats it where it is older than max_age.",
     NULL, NULL},
	{"not-carried", "something of the live table can't go over in a switch",
     "A switch renames two tables.  What points to the live table by its identity, as a materialized view, a function "
     "with BEGIN ATOMIC or a column of its row type, goes on pointing to the retired one.  What can be moved is moved in "
     "the same transaction; all else is named before anything starts, and may be named in leaves of rename_swap if it is "
     "to stay with the retired table.",
     NULL, NULL},
	{"shadow-loses-default", "a column of a shadow lacks the default that it has in the live table",
     "Releases leave columns out of their INSERTs that the database fills: a default, an identity, a generated value.  "
     "Behind the switch such an INSERT writes NULL, or fails with 23502 where the column takes none.",
     NULL, NULL},
	{"shadow-reorders-columns", "columns that both tables have stand in another order in the shadow",
     "INSERT and COPY without a list of columns go by their order: behind the switch values end up in the wrong columns, "
     "or fail by their types.  SELECT * reads another order, too.",
     NULL, NULL},
	{"no-way-back-column", "nothing says what a column of the live table is to hold in rows that come back",
     "With sync_back the retired table gets all that is written behind the switch.  A column of it that takes no NULL, "
     "has no default, and is neither in the shadow under its name and type nor in copy_back, can be given no value: no "
     "such row could come back, and undo would refuse.",
     NULL, NULL},
	{"swap-ends-at-once", "a switch with sync_back and nothing behind it",
     "With sync_back the retired table is kept up to date until the plan is done, so that undo brings it back with "
     "everything that was written since.  Where the switch is the last block of the plan, that is over at once: a "
     "safety_period behind it leaves time.",
     NULL, NULL},
	{"add-column-volatile-default", "a default that is computed for each row rewrites the table",
     "A constant or stable default (now() included) is stored once and costs nothing.  A volatile one (random(), "
     "clock_timestamp(), gen_random_uuid(), nextval()) is computed for each existing row: the whole table and all its "
     "indexes are written anew under ACCESS EXCLUSIVE, and nobody reads or writes it meanwhile.",
     "add_column_if_missing { table = \"app.users\", column = \"token\", type = \"uuid\", default = "
     "\"gen_random_uuid()\" }",
     "add_column_if_missing { table = \"app.users\", column = \"token\", type = \"uuid\" }\n"
     "-- then fill it in batches, and set the default for rows to come"},
	{"add-column-constrained-domain", "a column of a domain with constraints rewrites the table",
     "PostgreSQL checks the domain's constraint for each existing row, even without a default, and writes the table "
     "anew under ACCESS EXCLUSIVE.",
     "add_column_if_missing { table = \"app.users\", column = \"mail\", type = \"app.email\" }",
     "add_column_if_missing { table = \"app.users\", column = \"mail\", type = \"text\" }\n-- and a CHECK, NOT VALID "
     "first"},
	{"add-column-serial", "serial and identity columns rewrite the table",
     "serial, bigserial and GENERATED … AS IDENTITY number the existing rows, and GENERATED … STORED computes a value "
     "for each: the table is written anew under ACCESS EXCLUSIVE.",
     "add_column_if_missing { table = \"app.users\", column = \"no\", type = \"bigserial\" }",
     "add_column_if_missing { table = \"app.users\", column = \"no\", type = \"bigint\" }"},
	{"alter-type-rewrite", "the new type would rewrite the table",
     "Where the stored values of the two types are not the same bytes, or where each value has to be checked against a "
     "shorter length, PostgreSQL writes the table and all its indexes anew under ACCESS EXCLUSIVE: nobody reads or "
     "writes it for as long as that takes.  Whether it would is found out on an empty temporary twin of the table, so "
     "the answer is that of this server.  A column of the new type beside the old one is filled in batches instead.",
     "change_type { table = \"app.users\", column = \"id\", type = \"bigint\" }",
     "add_column_if_missing { table = \"app.users\", column = \"id_new\", type = \"bigint\" }\n"
     "-- then fill it in batches, and put it in the old one's place in a switch phase"},
	{"alter-type-index-rebuild", "the new type would rebuild an index",
     "The table's file can stay as it is while an index can't: one with another operator class or collation for the new "
     "type, one over an expression or with a WHERE that mentions the column, and each index of a partitioned table.  It "
     "is then built under ACCESS EXCLUSIVE, and nobody reads or writes the table meanwhile.",
     NULL, NULL},
	{"alter-type-recheck-scan", "a check would be made again for all rows",
     "PostgreSQL checks each constraint that mentions the column again, even where a longer varchar can't break it, and "
     "reads the whole table under ACCESS EXCLUSIVE for that.  Drop the constraint in an earlier phase, and add it again "
     "after the change: NOT VALID first, then validated, which holds nobody up.",
     NULL, NULL},
	{"alter-type-fk", "a foreign key would be checked again for all rows",
     "Where the comparison that a foreign key uses is another one for the new type, all rows are checked again, with "
     "ACCESS EXCLUSIVE on both tables.  Drop the key in an earlier phase, and add it again after the change: "
     "add_foreign_key adds it NOT VALID first, then validates it, which holds nobody up.",
     NULL, NULL},
	{"rehearsal-lock", "a step took a lock in rehearsal that preview does not name",
     "Each step says which tables its statements lock, and how; preview shows it, and run takes these locks first, so that "
     "nobody waits behind it for long.  In the rehearsal the locks that were really held are compared with that.  A lock "
     "that nobody spoke of is waited for by the statement itself: others may queue up behind it.  What the rehearsal saw "
     "is right.",
     NULL, NULL},
	{"rehearsal-fails", "a statement of a migration fails in rehearsal",
     "lint --rehearse runs each statement on a scratch copy of the database with some of its rows.  The server refused this "
     "one there, so it would refuse it in the database, too, and the migration would end half-way, or not begin.",
     NULL, NULL},
	{"rehearsal-work", "a step did work in proportion to a table while others would wait",
     "In the rehearsal a statement rewrote a table, built an index or read all of a table under a lock that keeps writers "
     "or everybody out.  On the copy that takes no time; on a large table it takes as long as its size says, and the "
     "application stands still meanwhile.",
     NULL, NULL},
	{"rehearsal-undo", "in rehearsal undo did not lead back to where the plan began",
     "The schema before the plan is compared with the one after run and undo.  What differs was not taken back, or was "
     "taken back in another shape: mostly the undo of an sql_step that leaves something out.  A plan that takes something "
     "away without an archive says so here as a note: there is no way back from the end.",
     NULL, NULL},
	{"rehearsal-again", "in rehearsal the plan did something else when it ran again after undo",
     "After run and undo the plan has to lead to the same schema as the first time.  Where it does not, undo left something "
     "behind that the second run takes for done, or a step depends on more than it says.",
     NULL, NULL},
	{"bad-library-name", "require is given something that is no name of a library",
     "require \"keys\" is the file lib/keys.lua, require \"team.keys\" is vendor/team/keys.lua.  The name is not a path, so "
     "that a plan can't reach files that are not meant for it.",
     "local keys = require \"lib/keys.lua\"", "local keys = require \"keys\""},
	{"bad-lock", "interlock.lock can't be read",
     "The file says which bytes each library under vendor/ has; interlock lib writes it, and git merges it. What can't be "
     "read pins nothing, so no library is used.\n\n"
     "git checkout interlock.lock takes back what is committed. After a merge of two branches that brought libraries, take "
     "one side whole and bring the other side's libraries again with interlock lib.",
     NULL, NULL},
	{"bad-option", "an option has a value of the wrong kind",
     "Each option has a kind (table, column, type, interval, …), and interlock help PRIMITIVE lists them.", NULL,
     NULL},
	{"bad-parameter", "a parameter is declared or given wrongly",
     "A parameter has a kind, and what --set gives or the default says must be of it.  It is asked for with the same "
     "declaration wherever it stands, because it has one value.",
     "local days = param \"days\" { kind = \"integer\", default = \"thirty\" }",
     "local days = param \"days\" { kind = \"integer\", default = 30 }"},
	{"bad-plan-name", "the plan's name can't be used",
     "The name identifies the plan in the registry, in the server's list of sessions and in file names.", NULL,
     NULL},
	{"bad-sql", "an SQL text of the plan does not parse",
     "Every SQL text is read by PostgreSQL's own parser when the plan is compiled, so that a slip is found on your "
     "desk and not in the middle of a phase.  A type must be one type, an expression one expression: text after it is "
     "refused.",
     "type = \"text; drop table x\"", "type = \"text\""},
	{"bad-value", "a value can't be part of a plan",
     "A plan is data: strings, numbers, booleans, and tables of these.  Functions, NaN and tables that contain "
     "themselves have no meaning in it.",
     NULL, NULL},
	{"cannot-check", "something could not be checked",
     "What can't be checked is never called fine.  The message says what was missing.", NULL, NULL},
	{"cascade", "CASCADE removes what nobody listed",
     "DROP … CASCADE takes views, foreign keys and columns along that the plan does not mention.  Drop them by name, "
     "in an order that works, so that whoever reads the plan sees them.",

     "sql_step { sql = \"DROP VIEW app.users_now CASCADE\", undo = false,\n"
     "           loses = \"release 6 has views of its own\" }",
     "sql_step { sql = \"DROP VIEW app.logins_now; DROP VIEW app.users_now\", undo = false,\n"
     "           loses = \"release 6 has views of its own\" }"},
	{"concurrently-in-transaction", "this statement can't run inside a transaction",
     "CREATE INDEX CONCURRENTLY, VACUUM and others refuse to run in a transaction block (25001).  Such a statement is "
     "a step of its own.",

     "sql_step { sql = \"VACUUM app.users; ANALYZE app.users\", undo = false }",
     "sql_step { sql = \"VACUUM app.users\", undo = false },\n"
     "sql_step { sql = \"ANALYZE app.users\", undo = false }"},
	{"conflict", "the database has something else under that name",
     "An object of that name exists and differs from what the plan says.  It is never skipped over: a plan written "
     "for jsonb must not go on with a column of type text.  Nothing is changed.",
     NULL, NULL},
	{"dependent-view", "something uses the column whose type is to change",
     "PostgreSQL changes no column that a view, a rule, a policy, a trigger (UPDATE OF, WHEN), a generated column, a "
     "function with an SQL body or the list of a publication uses, nor one of a table whose row type is a column "
     "elsewhere (0A000).  Take these away in an earlier phase and make them again after the change; the message names "
     "them all.",
     NULL, NULL},
	{"destructive-before-safety", "something is taken away with no safety period before it",
     "A dropped column or table is missed by whoever still uses it.  Behind a safety period that watched it, or "
     "behind a decision and a safety period, that is known before.",
     "phase \"contract\" { drop_column_if_exists { table = \"app.users\", column = \"nick\" } },",
     "gate \"release 5.3 is live\" { },\nsafety_period \"30 days\" { },\n"
     "phase \"contract\" { drop_column_if_exists { table = \"app.users\", column = \"nick\", archive = \"90 days\" } },"},
	{"duplicate-block", "two blocks of one kind have the same label",
     "run --to, undo --to and gate pass name blocks by their label, so it must be clear which one is meant.", NULL,
     NULL},
	{"empty-phase", "a phase or plan does nothing",
     "Most often a comma is missing, or the steps stand outside the braces.", NULL, NULL},
	{"expectation", "the database is not what the plan expects",
     "expect_column and its like say what a plan was written for.  They are looked at before the first statement of a "
     "run is sent, so that a plan written for uuid never begins on varchar.",
     NULL, NULL},
	{"fragment-order", "two fragments want their blocks in contradictory orders",
     "Each fragment's own order is kept when they are merged; here both orders can't be.", NULL, NULL},
	{"fragment-settings", "two fragments give one block different settings",
     "Blocks of one kind and label are merged; their settings must agree.", NULL, NULL},
	{"gate-without-braces", "a block is written without its braces",
     "gate \"label\" is only half of a call: Lua passes the braces as the second part.", "gate \"5.3 is live\",",
     "gate \"5.3 is live\" { },"},
	{"global-assignment", "a variable is set without local",
     "A name without local would be seen by every library of the plan, and two of them could change it under each "
     "other's feet.  So there are no global variables: a name belongs to the file or block that declares it.",
     "tables = { \"app.users\", \"app.orders\" }", "local tables = { \"app.users\", \"app.orders\" }"},
	{"library-changed", "a vendored file is not what interlock.lock pins",
     "Plans are reviewed, approved and hashed with the libraries that they were written with. A file under vendor/ that "
     "somebody changed, or that a merge mixed, would change them all unseen. So a file is read only when its SHA-256 is "
     "the one that interlock.lock has.\n\n"
     "git checkout vendor/NAME takes a change by hand back; what the library lacks belongs into its own repository, and "
     "comes from there: interlock lib diff NAME REVISION shows what it changes, interlock lib update brings it. interlock "
     "lib verify looks at all files.",
     NULL, NULL},
	{"library-not-found", "a required library is not there",
     "require \"name\" is lib/name.lua, require \"library.name\" is vendor/library/name.lua, both under the nearest "
     "folder that holds interlock.conf, else the plan's own.",
     NULL, NULL},
	{"library-not-pinned", "a library under vendor/ is not in interlock.lock",
     "vendor/ holds copies of what others write, each with its source and its hash. A folder that nobody pinned could be "
     "anything. interlock lib add NAME SOURCE brings one; libraries of this repository stand in lib/.",
     NULL, NULL},
	{"lua-error", "the plan's own code stopped with an error",
     "The message is the one that error() or assert() gave.", NULL, NULL},
	{"lua-syntax", "the file is not valid Lua",
     "Most often a comma between two entries or a closing brace is missing near the line.", NULL, NULL},
	{"misleading-name", "a phase does something else than its name says",
     "People approve what they read.  A phase called \"add …\" that drops something has lost whole tables before.",

     "phase \"add nickname\" { drop_column_if_exists { table = \"app.users\", column = \"nick\", loses = \"empty\" } },",
     "phase \"drop the old nickname\" { drop_column_if_exists { table = \"app.users\", column = \"nick\", loses = \"empty\" } },"},
	{"missing-object", "what the step stands on is not there",
     "The table or column that the step works on does not exist, and no earlier step creates it.", NULL, NULL},
	{"missing-option", "a required option is not given", "interlock help PRIMITIVE lists what each one needs.",
     NULL, NULL},
	{"missing-parameter", "a parameter has no value", "Give it with --set NAME=VALUE, or a default in the plan.",
     NULL, NULL},
	{"missing-reversal", "a step has no way back",
     "undo can't go back behind it.  preview draws the line below which there is no way back.",
     "sql_step { sql = \"UPDATE app.users SET nick = trim(nick)\", undo = false }",
     "sql_step { sql = \"ALTER TABLE app.users SET (fillfactor = 90)\",\n"
     "           undo = \"ALTER TABLE app.users RESET (fillfactor)\" }"},
	{"mixed-concerns", "a phase mixes kinds of work",
     "Adding is harmless to the release that is live, moving data takes time, switching is noticed, destroying can't "
     "be taken back.  Each is a phase of its own, so that the plan can stop between them.",

     "phase \"rework\" {\n"
     "  add_column_if_missing { table = \"app.users\", column = \"nickname\", type = \"text\" },\n"
     "  drop_column_if_exists { table = \"app.users\", column = \"nick\", loses = \"empty\" },\n"
     "},",
     "phase \"expand\" { add_column_if_missing { table = \"app.users\", column = \"nickname\", type = \"text\" } },\n"
     "phase \"contract\" { drop_column_if_exists { table = \"app.users\", column = \"nick\", loses = \"empty\" } },"},
	{"name-in-function-body", "a new name that not everything would follow",
     "Views, indexes, constraints, policies and grants know a column or a table by its number, and follow a new name.  "
     "The text of a function knows it by name and fails when it is called next; the arguments of a trigger and the "
     "subscribers of a publication do, too.  Only a person can tell whether such a text means this table: look at each "
     "of them, then name it in leaves.",
     "rename_column { table = \"app.users\", column = \"mail\", to = \"email\" }",
     "rename_column { table = \"app.users\", column = \"mail\", to = \"email\",\n"
     "                leaves = { \"app.send_mail\" } } -- it sends, and reads no column"},
	{"no-plan", "the file has no plan in it", "A plan file calls plan \"name\" { … } once.", NULL, NULL},
	{"two-plans", "the file has more than one plan in it",
     "One file, one plan: its name and its run belong together.", NULL, NULL},
	{"not-valid-fk-partitioned", "a partitioned table takes no foreign key that is not yet validated",
     "Before PostgreSQL 18 a foreign key of a partitioned table can't be added NOT VALID.  Adding it validated checks "
     "all rows at once, while neither the table nor the one that it refers to can be written.  Give the key to each "
     "partition first, NOT VALID and then validated; the partitioned table then takes it over without a scan.",
     NULL, NULL},
	{"partition-key-type", "the type of a partition key can't change",
     "Rows would belong to other partitions, so PostgreSQL refuses it (42P16).  A new partitioned table takes the rows "
     "over instead.",
     NULL, NULL},
	{"plan-in-library", "a library makes a plan",
     "A library is shared, and which plan runs must not depend on what a plan requires.  It returns its blocks with "
     "fragment { … }, and the plan file puts them where they belong.",
     NULL, NULL},
	{"refused", "a step can't be done here", "The reason is in the message; nothing was changed.", NULL, NULL},
	{"require-cycle", "a library requires itself",
     "Perhaps by way of others: the message shows how.  None of them could be finished first.  Move what both need "
     "into a library of its own.",
     NULL, NULL},
	{"sandbox-limit", "the plan took too long or too much memory",
     "Evaluating a plan takes milliseconds.  It may use 2 seconds and 64 MiB; a loop without an end is the usual "
     "reason.",
     NULL, NULL},
	{"server-version", "the server is older than the plan wants",
     "A plan says with min_server what it was written for; some primitives need a version themselves.", NULL,
     NULL},
	{"sql-transaction-control", "BEGIN, COMMIT and the like in a plan",
     "Every step runs in a transaction together with the registry's row of it; a COMMIT in between would tear them "
     "apart.",

     "sql_step { sql = \"BEGIN; ANALYZE app.users; COMMIT\", undo = false }",
     "sql_step { sql = \"ANALYZE app.users\", undo = false }"},
	{"unique-without-partition-key", "a unique constraint of a partitioned table lacks the partition key",
     "Each partition has an index of its own, and a row is looked for in one partition only: the one that its partition "
     "key says.  So PostgreSQL takes a unique constraint on a partitioned table only if it contains all columns of the "
     "key, and of the keys of partitions that are partitioned themselves; then equal rows meet in one partition.",
     "add_unique { table = \"app.events\", columns = \"id\" }",
     "add_unique { table = \"app.events\", columns = \"id, created_at\" }"},
	{"unqualified-create", "something new that names no schema would be made in pg_catalog",
     "SQL of a plan runs with the plan's search_path, the same in every session, which is pg_catalog, public, pg_temp "
     "unless the plan says otherwise.  Names are looked for in all of these, but what is made without a schema goes to "
     "the first: PostgreSQL refuses a table there (42501), and lets a superuser put a function there, where nobody "
     "looks for it and no dump has it.  Temporary tables have a schema of their own.",
     "sql_step { sql = \"CREATE VIEW logins_now AS SELECT * FROM logins\",\n"
     "           undo = \"DROP VIEW logins_now\" }",
     "sql_step { sql = \"CREATE VIEW public.logins_now AS SELECT * FROM logins\",\n"
     "           undo = \"DROP VIEW public.logins_now\" }"},
	{"unknown-name", "a name that nobody defined",
     "A plan sees the primitives, the blocks and a few library functions; variables must be declared with local.",
     NULL, NULL},
	{"unknown-type", "a type that this database does not have",
     "The type is looked for with the plan's search_path, before anything is run.", NULL, NULL},
	{"would-fail", "the server would refuse the step",
     "check builds what is absent as a temporary object in a transaction that is rolled back, with the schemas, enum "
     "types and sequences that earlier steps are to make; so does run before its first statement, where no more than a "
     "hundred steps are ahead.  What the server says there it would say in the step.",
     NULL, NULL},
	{"unknown-option", "an option of that name does not exist",
     "It would have no effect, so it is an error: a misspelt option must not be a forgotten one.", NULL, NULL},
	{"unknown-parameter", "--set names a parameter that the plan does not have",
     "It would have no effect, so it is an error.", NULL, NULL},
	{"use-the-primitive", "there is a primitive for this",
     "The primitive can tell whether it was done, resumes after a crash and knows its way back; SQL text can't.",

     "sql_step { sql = \"CREATE INDEX CONCURRENTLY users_nick ON app.users (nick)\",\n"
     "           undo = \"DROP INDEX CONCURRENTLY app.users_nick\" }",
     "create_index_if_missing { table = \"app.users\", columns = \"nick\", name = \"users_nick\" }"},
	{NULL, NULL, NULL, NULL, NULL},
};

const struct rule *rule_find(const char *id)
{
	for (const struct rule *rule = rules; rule->id; rule++)
		if (strcmp(rule->id, id) == 0)
			return rule;
	return NULL;
}
