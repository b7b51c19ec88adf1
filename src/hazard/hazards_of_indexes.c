/* Pages: indexes, partitions, what rewrites and refreshes. */
#include "hazard/hazard.h"

#define USERS                                                                                                     \
	"CREATE TABLE users (id bigint PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'a'); CREATE INDEX users_name ON users (name);"
#define EVENTS                                                                                                    \
	"CREATE TABLE events (id bigint, day date NOT NULL) PARTITION BY RANGE (day);"                                \
	" CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');"                \
	" INSERT INTO events VALUES (1, '2024-05-05');"

extern const struct hazard hazards_of_indexes[];
const struct hazard hazards_of_indexes[] = {
	{.id = "create-index-blocking",
     .title = "an index is built while nobody can write",
     .why =
         "CREATE INDEX keeps every INSERT, UPDATE and DELETE of the table waiting until it is done.  CONCURRENTLY takes "
         "longer and lets them go on; it must stand outside of any transaction, and what it leaves when it fails is "
         "an invalid index, to be dropped.  A partitioned table takes no CONCURRENTLY: ON ONLY the table, "
         "CONCURRENTLY on each partition, then ALTER INDEX … ATTACH PARTITION.",
     .class = HAZARD_WORK,
     .lock = "SHARE while the index is built: nobody writes the table",
     .setup = USERS,
     .bad = "CREATE INDEX users_by_name ON users (name);",
     .good = "SET lock_timeout = 0;\nCREATE INDEX CONCURRENTLY users_by_name ON users (name);"},
	{.id = "concurrently-in-transaction",
     .class = HAZARD_FAILS,
     .setup = USERS,
     .bad = "BEGIN;\nDROP INDEX CONCURRENTLY users_name;\nCOMMIT;",
     .good = "DROP INDEX CONCURRENTLY users_name;"},
	{.id = "concurrently-unsupported",
     .title = "CONCURRENTLY where PostgreSQL has no such form",
     .why =
         "An index of a partitioned table, an index behind a constraint, two indexes at once, a partition of a table "
         "with a default partition, a materialized view without a unique index or never filled: PostgreSQL refuses "
         "all of them.",
     .class = HAZARD_FAILS,
     .level = LEVEL_CATALOGUE,
     .setup = USERS,
     .bad = "DROP INDEX CONCURRENTLY users_pkey;",
     .good = "DROP INDEX CONCURRENTLY users_name;"},
	{.id = "invalid-index-left",
     .title = "IF NOT EXISTS keeps an invalid index",
     .why =
         "A CREATE INDEX CONCURRENTLY that fails leaves an index that no query uses and every write pays for.  A second "
         "try with IF NOT EXISTS finds the name taken and says that all is well.",
     .class = HAZARD_FAILS,
     .level = LEVEL_CATALOGUE},
	{.id = "cic-lock-timeout",
     .title = "lock_timeout ends a CREATE INDEX CONCURRENTLY, too",
     .why =
         "It waits for everybody who writes the table and, at its end, for every older query of the database.  "
         "lock_timeout counts these waits as well; when it runs out the index stays behind, invalid.  For such a "
         "statement set it to 0 or to long, look at pg_index.indisvalid afterwards, and drop what is not valid.",
     .class = HAZARD_LOCK,
     .setup = USERS,
     .bad = "CREATE INDEX CONCURRENTLY users_by_name ON users (name);",
     .good = "SET lock_timeout = 0;\nCREATE INDEX CONCURRENTLY users_by_name ON users (name);"},
	{.id = "drop-index-blocking",
     .title = "DROP INDEX locks the table",
     .why =
         "It is short, but waits behind every query that runs, and everybody who comes later waits behind it.  DROP "
         "INDEX CONCURRENTLY waits without keeping anybody.",
     .class = HAZARD_LOCK,
     .lock = "ACCESS EXCLUSIVE on table and index, for a short time",
     .setup = USERS,
     .bad = "DROP INDEX users_name;",
     .good = "DROP INDEX CONCURRENTLY users_name;"},
	{.id = "reindex-blocking",
     .title = "REINDEX keeps writers and nearly all readers away",
     .why =
         "The table takes no writes and the index no reads; and as the planner looks at every index of a table, nearly "
         "every query waits.  REINDEX … CONCURRENTLY builds beside the old index.",
     .class = HAZARD_WORK,
     .lock = "SHARE on the table, ACCESS EXCLUSIVE on the index, while it is built",
     .setup = USERS,
     .bad = "REINDEX INDEX users_name;",
     .good = "REINDEX INDEX CONCURRENTLY users_name;"},
	{.id = "vacuum-full",
     .title = "VACUUM FULL and CLUSTER write the table anew",
     .why =
         "Nobody reads or writes it until that is done, and it takes the room of a second table.  Plain VACUUM makes room "
         "for new rows while others work; pg_repack and pg_squeeze give it back to the disk.",
     .class = HAZARD_WORK,
     .lock = "ACCESS EXCLUSIVE while the table is written anew",
     .setup = USERS,
     .bad = "VACUUM FULL users;",
     .good = "VACUUM users;"},
	{.id = "set-logged-unlogged",
     .title = "SET LOGGED and SET UNLOGGED write the table anew",
     .why = "An unlogged table is empty after a crash and never has its rows on a standby.",
     .class = HAZARD_WORK,
     .lock = "ACCESS EXCLUSIVE while the table is written anew",
     .setup = USERS,
     .bad = "ALTER TABLE users SET UNLOGGED;",
     .good = "ALTER TABLE users SET LOGGED;"},
	{.id = "set-tablespace",
     .title = "SET TABLESPACE copies the table",
     .why = "Every page is copied to the other place while nobody reads or writes it.",
     .class = HAZARD_WORK,
     .lock = "ACCESS EXCLUSIVE while the table is copied",
     .setup = USERS,
     .bad = "ALTER TABLE users SET TABLESPACE fast;"},
	{.id = "set-access-method",
     .title = "SET ACCESS METHOD writes the table anew",
     .why = "Every row is written in the other form while nobody reads or writes the table.",
     .class = HAZARD_WORK,
     .lock = "ACCESS EXCLUSIVE while the table is written anew",
     .setup = USERS,
     .bad = "ALTER TABLE users SET ACCESS METHOD columnar;",
     .good = "ALTER TABLE users SET ACCESS METHOD heap;"},
	{.id = "refresh-matview-blocking",
     .title = "REFRESH keeps readers away until its query is done",
     .why =
         "REFRESH … CONCURRENTLY lets them read the old rows meanwhile; it needs a unique index over plain columns of "
         "the view.",
     .class = HAZARD_WORK,
     .lock = "ACCESS EXCLUSIVE on the view while its query runs",
     .setup =
         USERS " CREATE MATERIALIZED VIEW names AS SELECT id, name FROM users; CREATE UNIQUE INDEX ON names (id);",
     .bad = "REFRESH MATERIALIZED VIEW names;",
     .good = "REFRESH MATERIALIZED VIEW CONCURRENTLY names;"},
	{.id = "attach-partition-scan",
     .title = "a table is read through before it becomes a partition",
     .why =
         "Unless a valid CHECK proves that its rows lie in the bound, and the key is NOT NULL, every row is looked at.  "
         "Indexes of the parent that it has no like of are built on it, too.",
     .class = HAZARD_WORK,
     .lock = "ACCESS EXCLUSIVE on the new partition; SHARE UPDATE EXCLUSIVE on the parent, which goes on working",
     .setup =
         EVENTS " CREATE TABLE more (id bigint, day date NOT NULL); INSERT INTO more VALUES (1, '2025-05-05');",
     .bad = "ALTER TABLE events ATTACH PARTITION more FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');",
     .good =
         "ALTER TABLE more ADD CONSTRAINT bound CHECK (day >= '2025-01-01' AND day < '2026-01-01') NOT VALID;\n"
         "ALTER TABLE more VALIDATE CONSTRAINT bound;\n"
         "ALTER TABLE events ATTACH PARTITION more FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');"},
	{.id = "default-partition-scan",
     .title = "a new partition reads through the default one",
     .why =
         "Rows of the default partition might belong to the new one, so all of them are looked at, unless a valid CHECK "
         "of the default partition excludes the bound.",
     .class = HAZARD_WORK,
     .level = LEVEL_CATALOGUE,
     .lock = "ACCESS EXCLUSIVE on the default partition during the scan",
     .setup =
         EVENTS " CREATE TABLE other PARTITION OF events DEFAULT; INSERT INTO events VALUES (1, '2020-05-05');",
     .bad = "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');",
     .good = "ALTER TABLE other ADD CONSTRAINT old CHECK (day < '2025-01-01') NOT VALID;\n"
             "ALTER TABLE other VALIDATE CONSTRAINT old;\n"
             "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');"},
	{.id = "create-partition-of",
     .title = "CREATE TABLE … PARTITION OF locks all partitions",
     .why =
         "It is short, but waits behind every query of the partitioned table, and others wait behind it.  CREATE TABLE "
         "and then ATTACH PARTITION takes a lock that reads and writes do not notice.",
     .class = HAZARD_LOCK,
     .lock = "ACCESS EXCLUSIVE on the partitioned table, for a short time",
     .setup = EVENTS,
     .bad = "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');"},
	{.id = "detach-partition-blocking",
     .title = "DETACH PARTITION locks all partitions",
     .why =
         "It is short, but waits behind every query of the partitioned table, and others wait behind it.  DETACH … "
         "CONCURRENTLY (PostgreSQL 14) keeps nobody.",
     .class = HAZARD_LOCK,
     .lock = "ACCESS EXCLUSIVE on the partitioned table and the partition, for a short time",
     .setup = EVENTS,
     .bad = "ALTER TABLE events DETACH PARTITION events_1;",
     .good = "ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY;"},
	{.id = NULL},
};
