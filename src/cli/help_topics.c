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
	"  event        a journal that only grows: what was done, when, by whom (interlock log)\n"
	"  control      wishes of people about a run: that it shall pause\n"
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

static const char stops[] =
	"A block that waits is part of the plan. interlock run goes to the next one that is not open, says why it is not and "
	"what to type next, and ends with code 5. Nothing of the plan runs while it waits: no session, no lock.\n"
	"\n"
	"  gate             interlock gate pass PLAN LABEL --evidence TEXT, or by itself: when its query is\n"
	"                   true, when only new sessions of an application are left, when no such session\n"
	"                   was seen for a while\n"
	"  approval         interlock approve PLAN LABEL, by a member of its role who did not start the run;\n"
	"                   it is for exactly this compiled plan, and void when the plan is amended\n"
	"  safety_period    time, counted from the end of the block before it; a read of a table that it\n"
	"                   names as unused starts it anew\n"
	"\n"
	"Where nobody sits and waits:\n"
	"\n"
	"  interlock sync             for cron: looks at every stop, and takes away what was kept\n"
	"                             long enough\n"
	"  interlock wait PLAN        until the next stop is open, for pipelines; it runs nothing\n"
	"  interlock status PLAN      where it stands, and what to type next\n"
	"  interlock pause PLAN       a run holds at its next safe point, until interlock resume PLAN\n"
	"\n"
	"However long it waited, the run goes on from the compiled plan in the registry. Tables of the plan that somebody "
	"changed meanwhile are shown, difference by difference, and the run ends with code 7; so it does when the plan's file "
	"was edited: interlock amend shows the difference, and takes it over for blocks that have not run.\n";

static const char ways_back[] =
	"interlock undo PLAN goes back to the previous stop, or with --to BLOCK until that block is the last that stays, or with "
	"--to start to where nothing of the plan is left. It shows what it will take back, last first, and asks.\n"
	"\n"
	"It takes back only what this run made: an object that was there before stays. Where something of the application "
	"stands on it by now, undo says so and takes back nothing. It never uses CASCADE.\n"
	"\n"
	"What the application wrote meanwhile is kept. Values of a column that goes are copied by key into interlock.archive_*, "
	"counted, and only then does the column go; when it is there again, interlock restore PLAN puts them back into rows "
	"that hold nothing of their own. A step that destroys something keeps it as long as its option archive says, and "
	"that is how long it can come back. preview draws the line below which there is no way back.\n"
	"\n"
	"run after undo goes forward again, in the same run. undo and restore work from the registry's copy of the plan: a file "
	"that was edited or lost is no dead end.\n";

static const char parameters[] =
	"A plan for many schemas, or for many sizes of the same thing, has parameters:\n"
	"\n"
	"  local tenant = param \"tenant\" { kind = \"identifier\" }\n"
	"\n"
	"  plan \"tenant_notes\" {\n"
	"    title = \"Notes have a text\",\n"
	"    phase \"expand\" {\n"
	"      add_column_if_missing { table = sql([[ :tenant.notes ]], { tenant = tenant }),\n"
	"                              column = \"body\", type = \"text\" },\n"
	"    },\n"
	"  }\n"
	"\n"
	"  interlock run tenant_notes --set tenant=acme\n"
	"\n"
	"A run is known by the plan's name and its parameters: each tenant has a run of its own, that waits, is undone and "
	"approved for itself. Every command takes --set. A parameter has a kind, and may have a default. A name "
	"that needs quotes has them, as in SQL: --set 'tenant=\"Acme Shop\"'.\n"
	"\n"
	"sql() puts values into SQL as psql does: :name takes a name as SQL writes it, such as an identifier's, and checks it; "
	":\"name\" quotes a text that is a bare name; :'name' makes a literal. There is no other way to build SQL from values.\n";

static const char json[] =
	"With --json the results are lines on stdout, one JSON object each; messages for people stay away. The first line is "
	"{\"type\":\"version\",\"format\":1,...}; each has the target, so lines of several databases can be told apart. "
	"Lines that a reader doesn't know are to be passed over: new types and fields may come, those that are there stay.\n"
	"\n"
	"  diagnostic   severity, rule, summary, details, help, file, line, call_chain, sql\n"
	"  block, step  what is run, taken back or shown: number, primitive, summary, event or state, ms\n"
	"  waiting      kind and label of the stop, why, next\n"
	"  done         what a command did\n"
	"  failed       why it did not: exit_code, sqlstate, summary, details, help\n"
	"  status       a run; further types are named in the page of their command\n"
	"\n"
	"show --json is one document: the compiled plan, its hash first.\n";

const struct help_topic help_topics[] = {
	{"plans", "the language of plans on a page", plans},
	{"stops", "gates, approvals, safety periods; who looks at them while nobody waits", stops},
	{"way-back", "what undo takes back, what it keeps, and where it ends", ways_back},
	{"parameters", "one plan for many schemas", parameters},
	{"json", "what --json writes", json},
	{"exit-codes", "what each exit code means", exit_codes},
	{"environment", "how the database is found, and what the environment decides", environment},
	{"registry", "what interlock keeps in the database", registry},
	{"locks", "which lock blocks whom, and how interlock waits for one", locks},
	{.name = NULL},
};
/* clang-format on */
