/* Questions about what an interrupted piece of work left behind, ours or somebody's. */
#include "engine/doctor.h"

/* The things of a schema that is nobody's own. */
#define OF_PEOPLE "n.nspname NOT IN ('interlock', 'information_schema') AND n.nspname !~ '^pg_'"

/* The run of a name like fence_7 or archive_7_2. */
#define RUN_OF(name) "substring(" name " from '^[a-z_]+_([0-9]{1,18})(_[0-9]+)*$')::bigint"

static const char registry[] =
	"SELECT 'warning' AS level, 'table interlock.' || c.relname || ' belongs to no run' AS what,"
	" CASE WHEN c.relname !~ '^fence_' THEN 'it may hold the only copy of rows: look into it, then DROP"
	" TABLE interlock.' ELSE 'DROP TABLE interlock.' END || c.relname AS help"
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'interlock' AND c.relkind = 'r'"
	" AND " RUN_OF("c.relname") " IS NOT NULL AND NOT EXISTS (SELECT FROM runs WHERE id = " RUN_OF(
		"c.relname") ")"
					 " ORDER BY 2 LIMIT 50";

static const char triggers[] =
	"SELECT 'problem' AS level, 'trigger ' || quote_ident(t.tgname) || ' of ' || t.tgrelid::regclass"
	" || ' works for a run that is over or gone, on every write' AS what,"
	" 'DROP TRIGGER ' || quote_ident(t.tgname) || ' ON ' || t.tgrelid::regclass AS help"
	" FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND starts_with(t.tgname, '~interlock')"
	" AND NOT EXISTS (SELECT FROM runs WHERE open"
	"  AND id = substring(t.tgname from '^~interlock_([0-9]{1,18})_')::bigint) ORDER BY 2 LIMIT 50";

static const char columns[] =
	"SELECT 'warning' AS level, 'column ' || quote_ident(a.attname) || ' of ' || a.attrelid::regclass"
	" || ' was set aside by a run that is over or gone' AS what, 'look whether its values are in an archive'"
	" || ' (interlock restore), then drop it, or give it back its name' AS help"
	" FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')"
	" WHERE NOT a.attisdropped AND a.attinhcount = 0 AND a.attname ~ '^__il_[0-9]{1,18}_'"
	" AND NOT EXISTS (SELECT FROM runs WHERE open"
	"  AND id = substring(a.attname from '^__il_([0-9]{1,18})_')::bigint) ORDER BY 2 LIMIT 50";

static const char indexes[] =
	"SELECT 'warning' AS level, 'index ' || x.indexrelid::regclass || ' of ' || x.indrelid::regclass || ' is INVALID: ' ||"
	" CASE i.relkind WHEN 'I' THEN 'a partition has none like it' ELSE 'it costs writes, and no query uses it' END AS what,"
	" CASE i.relkind WHEN 'I' THEN 'ALTER INDEX ' || x.indexrelid::regclass || ' ATTACH PARTITION, for each'"
	"  ELSE 'run the plan that was building it, or DROP INDEX CONCURRENTLY ' || x.indexrelid::regclass END AS help"
	" FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace"
	" WHERE NOT x.indisvalid AND " OF_PEOPLE " AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p"
	"  WHERE p.index_relid = x.indexrelid) ORDER BY 2 LIMIT 50";

static const char constraints[] =
	"SELECT 'warning' AS level, 'constraint ' || quote_ident(o.conname) || ' of ' || o.conrelid::regclass || ' is NOT"
	" VALID: rows from before it may break it' AS what, 'ALTER TABLE ' || o.conrelid::regclass || ' VALIDATE CONSTRAINT '"
	" || quote_ident(o.conname) AS help FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid"
	" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT o.convalidated AND o.contype IN ('c', 'f', 'n')"
	" AND pg_get_constraintdef(o.oid) !~ ' NOT ENFORCED$' AND o.conparentid = 0 AND o.coninhcount = 0 AND " OF_PEOPLE
	" ORDER BY 2 LIMIT 50";

static const char functions[] =
	"SELECT 'warning' AS level, 'function interlock.' || p.proname || ' belongs to no run' AS what,"
	" 'DROP FUNCTION ' || p.oid::regprocedure AS help FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
	" WHERE n.nspname = 'interlock' AND " RUN_OF(
		"p.proname") " IS NOT NULL"
					 " AND NOT EXISTS (SELECT FROM runs WHERE id = " RUN_OF("p.proname") ") ORDER BY 2 LIMIT 50";

const struct question doctor_leftovers[] = {
	{"left in the registry", "nothing", registry, 0, true},
	{"left triggers", "none", triggers, 0, true},
	{"left functions", "none", functions, 0, true},
	{"left columns", "none", columns, 0, true},
	{"invalid indexes", "none", indexes, 0, false},
	{"constraints", "all are valid", constraints, 0, false},
	{.subject = NULL},
};
