/* Pages: constraints, foreign keys, domains. */
#include "hazard/hazard.h"

#define ORDERS                                                                                                    \
	"CREATE TABLE users (id bigint PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'a');"                   \
	" CREATE TABLE orders (id bigint NOT NULL, user_id bigint, total int); INSERT INTO orders VALUES (1, 1, 1);"  \
	" CREATE INDEX ON orders (user_id);"

extern const struct hazard hazards_of_constraints[];
const struct hazard hazards_of_constraints[] = {
	{.id = "add-check-scan",
     .title = "a new check reads the whole table",
     .why =
         "Each row is checked at once, while nobody reads or writes the table.  NOT VALID adds the check for rows to "
         "come and reads nothing; VALIDATE CONSTRAINT, in a transaction of its own, reads the rows that are there and "
         "holds nobody up.  Written behind a new column a check has no such form.",
     .class = HAZARD_WORK,
     .lock = "ACCESS EXCLUSIVE during the scan: nobody reads or writes the table",
     .setup = ORDERS,
     .bad = "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0);",
     .good = "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;\n"
             "ALTER TABLE orders VALIDATE CONSTRAINT positive;"},
	{.id = "add-fk-scan",
     .title = "a new foreign key looks up every row",
     .why =
         "All rows are joined with the table that they refer to, while nobody writes either of them.  NOT VALID checks "
         "rows to come only; VALIDATE CONSTRAINT, in a transaction of its own, looks at the others and lets reads and "
         "writes go on.  A new column without a default refers to nothing, so REFERENCES behind it reads nothing.",
     .class = HAZARD_WORK,
     .lock = "SHARE ROW EXCLUSIVE on both tables during the scan: nobody writes them",
     .setup = ORDERS,
     .bad = "ALTER TABLE orders ADD CONSTRAINT of_user FOREIGN KEY (user_id) REFERENCES users (id);",
     .good = "ALTER TABLE orders ADD CONSTRAINT of_user FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;\n"
             "ALTER TABLE orders VALIDATE CONSTRAINT of_user;"},
	{.id = "fk-lock-parent",
     .title = "a foreign key locks the table that it refers to",
     .why =
         "Adding one, also NOT VALID or with a new table, waits for everybody who writes the other table and keeps "
         "them away until the transaction ends.  Dropping it takes ACCESS EXCLUSIVE there.  A short lock_timeout, and "
         "a transaction that ends at once, keep that small.",
     .class = HAZARD_LOCK,
     .level = LEVEL_CATALOGUE,
     .lock = "SHARE ROW EXCLUSIVE on the table that is referred to: nobody writes it"},
	{.id = "not-valid-fk-partitioned", .class = HAZARD_FAILS, .level = LEVEL_CATALOGUE},
	{.id = "fk-missing-index",
     .title = "no index begins with the columns of a foreign key",
     .why =
         "Each DELETE in the other table, and each UPDATE of its key, looks for rows that refer to it; without an index "
         "it reads this table from end to end.",
     .class = HAZARD_DESIGN,
     .setup = ORDERS,
     .bad = "CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));",
     .good = "CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));\n"
             "CREATE INDEX ON notes (user_id);"},
	{.id = "fk-type-mismatch",
     .title = "a foreign key joins columns of different types",
     .why =
         "It works, as long as the types can be compared; but an int column ends before the bigint key that it refers "
         "to does, and joins convert one of them.",
     .class = HAZARD_DESIGN,
     .level = LEVEL_CATALOGUE},
	{.id = "validate-same-tx",
     .title = "NOT VALID and VALIDATE in one transaction",
     .why =
         "The lock that ADD CONSTRAINT takes is held until the transaction ends, so the scan of VALIDATE happens under "
         "it after all.  Commit in between.",
     .class = HAZARD_WORK,
     .lock = "ACCESS EXCLUSIVE for a check, SHARE ROW EXCLUSIVE for a foreign key, during the scan",
     .setup = ORDERS,
     .bad = "BEGIN;\nALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;\n"
            "ALTER TABLE orders VALIDATE CONSTRAINT positive;\nCOMMIT;",
     .good = "BEGIN;\nALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;\nCOMMIT;\n"
             "ALTER TABLE orders VALIDATE CONSTRAINT positive;"},
	{.id = "add-unique-blocking",
     .title = "a unique constraint builds its index while everybody waits",
     .why =
         "CREATE UNIQUE INDEX CONCURRENTLY builds it while reads and writes go on; ADD CONSTRAINT … USING INDEX then "
         "makes a constraint of it in no time.",
     .class = HAZARD_WORK,
     .lock = "ACCESS EXCLUSIVE while the index is built: nobody reads or writes the table",
     .setup = ORDERS,
     .bad = "ALTER TABLE orders ADD CONSTRAINT one_total UNIQUE (total);",
     .good =
         "SET lock_timeout = 0;\nCREATE UNIQUE INDEX CONCURRENTLY one_total ON orders (total);\n"
         "SET lock_timeout = '2s';\nALTER TABLE orders ADD CONSTRAINT one_total UNIQUE USING INDEX one_total;"},
	{.id = "add-pk-blocking",
     .title = "a primary key builds its index while everybody waits",
     .why =
         "CREATE UNIQUE INDEX CONCURRENTLY builds it while reads and writes go on; ADD PRIMARY KEY USING INDEX then "
         "takes it over, in no time if the columns are NOT NULL already.",
     .class = HAZARD_WORK,
     .lock = "ACCESS EXCLUSIVE while the index is built: nobody reads or writes the table",
     .setup = ORDERS,
     .bad = "ALTER TABLE orders ADD PRIMARY KEY (id);",
     .good = "SET lock_timeout = 0;\nCREATE UNIQUE INDEX CONCURRENTLY orders_key ON orders (id);\n"
             "SET lock_timeout = '2s';\nALTER TABLE orders ADD PRIMARY KEY USING INDEX orders_key;"},
	{.id = "pk-using-index-nullable",
     .title = "a primary key over a column that may be NULL",
     .why =
         "The columns of a primary key become NOT NULL, and PostgreSQL reads the table to see that they are, although "
         "the index is there.  Make them NOT NULL first, by way of a check that is validated.",
     .class = HAZARD_WORK,
     .level = LEVEL_CATALOGUE,
     .lock = "ACCESS EXCLUSIVE during the scan",
     .setup =
         ORDERS " CREATE UNIQUE INDEX one_total ON orders (total); CREATE UNIQUE INDEX one_id ON orders (id);",
     .bad = "ALTER TABLE orders ADD PRIMARY KEY USING INDEX one_total;",
     .good = "ALTER TABLE orders ADD PRIMARY KEY USING INDEX one_id;"},
	{.id = "add-exclusion-blocking",
     .title = "an exclusion constraint builds its index while everybody waits",
     .why =
         "There is no form that lets others go on, and an index that exists can't be taken over.  A new table that is "
         "filled in batches and put in the old one's place does it; or a quiet hour.",
     .class = HAZARD_WORK,
     .lock = "ACCESS EXCLUSIVE while the index is built: nobody reads or writes the table",
     .setup = "CREATE TABLE stays (room int, during tstzrange); INSERT INTO stays VALUES (1, NULL);",
     .bad = "ALTER TABLE stays ADD CONSTRAINT apart EXCLUDE USING gist (during WITH &&);"},
	{.id = "using-index-invalid",
     .title = "an index that can't become a constraint",
     .why =
         "It must be unique, over plain columns in their usual order, without WHERE, and valid.  One that a failed "
         "CREATE INDEX CONCURRENTLY left is not.",
     .class = HAZARD_FAILS,
     .level = LEVEL_CATALOGUE,
     .setup = ORDERS
     " CREATE UNIQUE INDEX few ON orders (total) WHERE total > 0; CREATE UNIQUE INDEX whole ON orders (total);",
     .bad = "ALTER TABLE orders ADD CONSTRAINT one UNIQUE USING INDEX few;",
     .good = "ALTER TABLE orders ADD CONSTRAINT one UNIQUE USING INDEX whole;"},
	{.id = "drop-constraint",
     .title = "a constraint is gone",
     .why =
         "What it kept out comes in from then on, and adding it again later finds it.  Dropping a foreign key locks the "
         "table that it refers to as well.  A check that only repeats NOT NULL is not missed.",
     .class = HAZARD_LOSS,
     .lock = "ACCESS EXCLUSIVE, for a short time; of a foreign key on both tables",
     .setup = ORDERS " ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0);"
                     " ALTER TABLE orders ADD CONSTRAINT has_id CHECK (id IS NOT NULL);",
     .bad = "ALTER TABLE orders DROP CONSTRAINT positive;",
     .good = "ALTER TABLE orders DROP CONSTRAINT has_id;"},
	{.id = "drop-primary-key",
     .title = "a primary key is gone",
     .why =
         "Foreign keys that refer to it, logical replication (REPLICA IDENTITY) and ORMs need it; rows with equal keys "
         "come in from then on.",
     .class = HAZARD_LOSS,
     .lock = "ACCESS EXCLUSIVE, for a short time",
     .setup = ORDERS,
     .bad = "ALTER TABLE users DROP CONSTRAINT users_pkey;"},
	{.id = "domain-constraint-scan",
     .title = "a domain's constraint is checked in every table that uses it",
     .why =
         "ADD CONSTRAINT without NOT VALID, VALIDATE and SET NOT NULL read all of these tables, and nobody writes them "
         "meanwhile.",
     .class = HAZARD_WORK,
     .lock = "SHARE on every table that uses the domain: nobody writes them",
     .setup =
         "CREATE DOMAIN age AS integer; CREATE TABLE people (id bigint, years age); INSERT INTO people VALUES (1, 1);",
     .bad = "ALTER DOMAIN age ADD CONSTRAINT positive CHECK (VALUE > 0);",
     .good = "ALTER DOMAIN age ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID;"},
	{.id = NULL},
};
