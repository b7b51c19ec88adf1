/* The pages of the manual that are written by hand. */
#include <stddef.h>

#include "cli/help.h"

/* clang-format off */
static const char plans[] =
	"A plan is a Lua file with one plan in it, usually plans/NAME.lua. Comments are -- as in SQL, and [[...]] holds SQL "
	"without escaping a quote.\n"
	"\n"
	"  plan \"users_seen\" {\n"
	"    title = \"Say when a user was last seen, instead of a text\",\n"
	"\n"
	"    phase \"expand\" {\n"
	"      add_column_if_missing { table = \"app.users\", column = \"seen_at\", type = \"timestamptz\" },\n"
	"      create_index_if_missing { table = \"app.users\", columns = \"seen_at DESC\" },\n"
	"    },\n"
	"    gate \"release 5.3 is live\" { text = \"5.3 writes seen_at; 5.2 must be gone\" },\n"
	"    safety_period \"7 days\" { },\n"
	"    phase \"contract\" {\n"
	"      drop_column_if_exists { table = \"app.users\", column = \"last_seen\", archive = \"90 days\" },\n"
	"    },\n"
	"  }\n"
	"\n"
	"Blocks are executed in the order of the file:\n"
	"\n"
	"  phase \"label\" { steps }         a step says what shall be there; what is there already is skipped\n"
	"  gate \"label\" { }                waits until somebody passes it, or until its query is true\n"
	"  approval \"label\" { }            waits until somebody approves exactly this plan\n"
	"  safety_period \"30 days\" { }     waits that long after the block before it\n"
	"\n"
	"interlock run goes to the next block that waits, and stops there; run again goes on. A plan without such blocks "
	"runs whole. interlock undo goes back to the stop before.\n"
	"\n"
	"Steps have a class, and a phase holds one class: additive (the release that is live notices nothing), data "
	"(additive steps may stand with it), switch, destructive; verify steps may stand in any phase. A destructive step "
	"wants a safety period before it, with a gate or an approval or with the table as \"unused\"; or it says in \"loses\" "
	"why what it takes away may go, and then run asks.\n"
	"\n"
	"Tables are written schema.table; a bare name is in public. Names that need quotes have them as in SQL: "
	"'app.\"Order Items\"'. SQL in a plan is parsed when the plan is compiled.\n"
	"\n"
	"Blocks and steps are values: variables, loops and functions make them, require \"name\" loads lib/name.lua, require "
	"\"std.name\" a library that comes with interlock. Lua runs without files, network, clock and randomness, before "
	"any connection is made. What it made is the compiled plan (interlock show); that is checked, hashed, approved and "
	"kept in the database.\n"
	"\n"
	"param \"tenant\" { kind = \"identifier\" } reads --set tenant=acme.\n"
	"\n"
	"interlock help plan, gate, approval, safety_period, step, primitives: all options\n";

static const char exit_codes[] =
	"  0    done, or nothing to do\n"
	"  1    an error of our own: a file, the configuration\n"
	"  2    no connection, or it was lost\n"
	"  3    a step or a verification failed; the database is consistent: run again\n"
	"  4    rejected by the checker: the plan, or a conflict found before the first change\n"
	"  5    waiting at a gate, an approval or a safety period\n"
	"  6    held by another run, or a table is claimed by another plan\n"
	"  7    the plan or a table was changed since\n"
	"  8    a confirmation is needed and nobody gave it\n"
	"  64   the command line is wrong\n"
	"  130  interrupted; stopped at a safe point\n"
	"\n"
	"0 to 3 are as in psql. After every code but 0 the message says what to do next. There is no half-done state: "
	"whatever happened, run again goes on where it ended.\n"
	"\n"
	"In a pipeline 5 is the ordinary end of a run that waits for people or for time.\n";

static const char environment[] =
	"Which database, in this order; what comes later fills no gaps:\n"
	"\n"
	"  1. -d, -h, -p, -U\n"
	"  2. --target NAME          a target of interlock.conf\n"
	"  3. PGSERVICE, PGHOST, PGHOSTADDR or PGDATABASE\n"
	"  4. DATABASE_URL\n"
	"  5. the target \"default\" of interlock.conf\n"
	"  6. libpq's own defaults: a local socket, your own name\n"
	"\n"
	"PGUSER, PGPASSWORD, PGPASSFILE, PGSSLMODE and everything else that libpq reads count with each of them, and so "
	"does ~/.pgpass. A password is never written to a log, to the registry or to a command line.\n"
	"\n"
	"interlock.conf is looked for in the current directory and above it; it is written like pg_service.conf:\n"
	"\n"
	"  [target prod-eu]\n"
	"  service = prod-eu\n"
	"  environment = production\n"
	"\n"
	"In environment \"production\" destructive blocks want --confirm DATABASE instead of --yes.\n"
	"\n"
	"  NO_COLOR          when set and not empty: no colours\n"
	"  PG_COLOR          always, auto or never\n"
	"  TERM              \"dumb\": no colours\n"
	"  SHELL             what interlock sandbox starts when no command is given\n"
	"  TMPDIR            where throwaway servers live\n";

static const char registry[] =
	"Everything that interlock knows about a database is in its schema \"interlock\", made by the first run: there is "
	"no state in files. It belongs to the role that migrates; PUBLIC may read nothing in it.\n"
	"\n"
	"  run          one row for each attempt of a plan: state, compiled plan, its hash, who, when\n"
	"  claim        which tables a run works on; a second plan for one of them ends with code 6\n"
	"  step         state, attempts and message of every step, written with the step's own changes\n"
	"  condition    gates, approvals and safety periods: when satisfied, by whom, with which evidence\n"
	"  event        a journal that only grows: what was done, when, by whom\n"
	"  archive_*    values and rows that a step took away and keeps (interlock restore)\n"
	"  meta         version of the registry; environment of the database\n"
	"  progress, stops  views for people in psql\n"
	"\n"
	"A run goes on from the compiled plan in the registry, not from the file, be it thirty days later. When the file "
	"was edited meanwhile, commands end with code 7.\n"
	"\n"
	"A step and its row in the registry are one transaction: either both are there or none. What can't be in a "
	"transaction, such as CREATE INDEX CONCURRENTLY, is looked up in the catalogue before it is repeated.\n"
	"\n"
	"Reading is safe at any time; writing to it by hand is not. interlock status shows what matters.\n";

static const char locks[] =
	"A statement that waits for a strong lock makes everybody wait who comes after it. So interlock waits briefly "
	"(lock_timeout, default 50 ms), gives up its place in the queue, and tries again (lock_attempts, default 600, "
	"about 10 minutes). It says who was in the way. A lock that others wait for is held for at most lock_hold "
	"(default 500 ms); then the work is rolled back and tried later.\n"
	"\n"
	"  lock                     taken by                               who waits\n"
	"  ACCESS SHARE             SELECT                                 ACCESS EXCLUSIVE\n"
	"  ROW EXCLUSIVE            INSERT, UPDATE, DELETE                 SHARE and stronger\n"
	"  SHARE UPDATE EXCLUSIVE   CREATE INDEX CONCURRENTLY, VALIDATE    itself; VACUUM and DDL\n"
	"  SHARE                    CREATE INDEX                           everybody who writes\n"
	"  SHARE ROW EXCLUSIVE      ADD FOREIGN KEY, CREATE TRIGGER        everybody who writes\n"
	"  ACCESS EXCLUSIVE         most of ALTER TABLE, DROP, TRUNCATE    everybody, SELECT too\n"
	"\n"
	"Work in proportion to the size of a table (building an index, validating a constraint, filling a column) is done "
	"only under locks that let readers and writers go on.\n"
	"\n"
	"--lock-timeout and --lock-attempts override the plan for one call; lock_timeout, lock_attempts and lock_hold are "
	"settings of a plan, the first two also options of a step. interlock preview shows the locks of each step before "
	"anything is done.\n";

const struct help_topic help_topics[] = {
	{"plans", "the language of plans on a page", plans},
	{"exit-codes", "what each exit code means", exit_codes},
	{"environment", "how the database is found, and what the environment decides", environment},
	{"registry", "what interlock keeps in the database", registry},
	{"locks", "which lock blocks whom, and how interlock waits for one", locks},
	{.name = NULL},
};
/* clang-format on */
