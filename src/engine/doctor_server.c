/* Questions about the server, the role and the other sessions. */
#include "engine/doctor.h"

static const char server[] =
	"SELECT CASE WHEN v.n < 140000 THEN 'problem' WHEN v.n >= 190000 THEN 'warning' ELSE 'ok' END AS level,"
	" 'PostgreSQL ' || current_setting('server_version') AS what,"
	" CASE WHEN v.n < 140000 THEN 'interlock needs PostgreSQL 14 or newer'"
	"  WHEN v.n >= 190000 THEN 'this interlock was tried on 14 to 18: look for a newer one' END AS help"
	" FROM (SELECT current_setting('server_version_num')::integer) AS v(n)";

static const char privileges[] =
	"WITH me AS (SELECT r.oid, quote_ident(r.rolname) AS name, quote_ident(current_database()) AS db"
	"  FROM pg_roles r WHERE r.rolname = current_user)"
	" SELECT 'problem' AS level, 'role ' || name || ' may not create the registry in this database' AS what,"
	"  'GRANT CREATE ON DATABASE ' || db || ' TO ' || name AS help FROM me"
	"  WHERE NOT has_database_privilege(current_database(), 'CREATE')"
	"  AND NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'interlock')"
	" UNION ALL SELECT 'problem', 'role ' || name || ' may not make temporary tables, in which definitions are compared',"
	"  'GRANT TEMPORARY ON DATABASE ' || db || ' TO ' || name FROM me"
	"  WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')"
	" UNION ALL SELECT 'problem', 'role ' || name || ' may not write into the registry, which belongs to '"
	"  || pg_get_userbyid(n.nspowner), 'GRANT ' || quote_ident(pg_get_userbyid(n.nspowner)) || ' TO ' || name"
	"  FROM me CROSS JOIN pg_namespace n WHERE n.nspname = 'interlock' AND NOT pg_has_role(me.oid, n.nspowner, 'USAGE')"
	" UNION ALL SELECT 'warning', 'role ' || name || ' does not see what others'' sessions do: who is in the way of a lock"
	" is named without his transaction', 'GRANT pg_read_all_stats TO ' || name FROM me"
	"  WHERE NOT pg_has_role(oid, 'pg_read_all_stats', 'USAGE')";

/*
 * reset_val is what a session of this role begins with, whoever set it.  run
 * overrides the timeouts of statements, transactions and locks.
 */
static const char settings[] =
	"WITH s AS (SELECT name, reset_val AS value, reset_val || coalesce(unit, '') AS shown, CASE source"
	"  WHEN 'user' THEN 'ALTER ROLE ' || quote_ident(current_user) || ' RESET ' || name"
	"  WHEN 'database' THEN 'ALTER DATABASE ' || quote_ident(current_database()) || ' RESET ' || name"
	"  WHEN 'database user' THEN 'ALTER ROLE ' || quote_ident(current_user) || ' IN DATABASE '"
	"   || quote_ident(current_database()) || ' RESET ' || name"
	"  ELSE 'ALTER SYSTEM RESET ' || name END AS mend FROM pg_settings),"
	" cut AS (SELECT string_agg(name || ' = ' || shown, ', ' ORDER BY name) AS these FROM s"
	"  WHERE name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout') AND value <> '0')"
	" SELECT 'warning' AS level, 'track_counts is off: no safety period can tell whether its tables are used' AS what,"
	"  'ALTER SYSTEM SET track_counts = on' AS help FROM s WHERE name = 'track_counts' AND value = 'off'"
	" UNION ALL SELECT 'problem', 'idle_session_timeout = ' || shown || ' ends the session that holds a run''s lease, which"
	" is idle for 5 s between its heartbeats', mend FROM s"
	"  WHERE name = 'idle_session_timeout' AND value::bigint BETWEEN 1 AND 15000"
	" UNION ALL SELECT 'problem', 'default_transaction_read_only is on', mend FROM s"
	"  WHERE name = 'default_transaction_read_only' AND value = 'on'"
	" UNION ALL SELECT 'problem', 'session_replication_role is ' || value || ': no trigger fires, no foreign key is checked',"
	"  mend FROM s WHERE name = 'session_replication_role' AND value <> 'origin'"
	" UNION ALL SELECT 'warning', these || ' for role ' || current_user || ': run sets its own, check and preview are cut"
	" short by it', 'better set where the application connects' FROM cut WHERE these IS NOT NULL";

static const char connections[] =
	"SELECT CASE WHEN taken >= allowed * 0.9 OR allowed - taken < 5 THEN 'warning' ELSE 'ok' END AS level,"
	" taken || ' of ' || allowed || ' connections are taken' AS what,"
	" CASE WHEN taken >= allowed * 0.9 OR allowed - taken < 5 THEN 'run needs two, and one more when it lost one' END AS help"
	" FROM (SELECT sum(numbackends) AS taken FROM pg_stat_database) t, (SELECT sum(CASE name WHEN 'max_connections'"
	"  THEN setting::integer ELSE - setting::integer END) AS allowed FROM pg_settings WHERE name IN ('max_connections',"
	"  'superuser_reserved_connections', 'reserved_connections')) a";

/* Who waits for whom among the servers; rows of pg_stat_replication hide their columns from roles without rights.
 */
static const char replication[] =
	"WITH standby AS (SELECT coalesce(nullif(application_name, ''), pid::text) AS name, sync_state, replay_lag,"
	"  pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) AS bytes FROM pg_stat_replication"
	"  WHERE NOT pg_is_in_recovery())"
	" SELECT 'ok' AS level, 'wal_level = ' || current_setting('wal_level') || ', ' || count(*) || CASE count(*) WHEN 1"
	"  THEN ' standby or subscriber' ELSE ' standbys and subscribers' END AS what, NULL AS help FROM standby"
	" UNION ALL SELECT 'ok', 'readers on standbys are cancelled when they are in the way of an ACCESS EXCLUSIVE lock for"
	" max_standby_streaming_delay', NULL WHERE EXISTS (SELECT FROM standby)"
	" UNION ALL SELECT 'problem', 'synchronous_standby_names is set, and no such standby is there: every commit waits for"
	" ever', 'start it, or ALTER SYSTEM RESET synchronous_standby_names' WHERE current_setting('synchronous_standby_names')"
	"  <> '' AND pg_has_role('pg_read_all_stats', 'USAGE')"
	"  AND NOT EXISTS (SELECT FROM standby WHERE sync_state IN ('sync', 'quorum'))"
	" UNION ALL SELECT 'ok', 'a commit waits for ' || string_agg(name, ', ' ORDER BY name), NULL FROM standby"
	"  WHERE sync_state IN ('sync', 'quorum') AND current_setting('synchronous_standby_names') <> '' HAVING count(*) > 0"
	" UNION ALL SELECT 'warning', name || ' is ' || coalesce(date_trunc('second', replay_lag)::text || ' and ', '')"
	"  || pg_size_pretty(bytes) || ' behind', 'a large backfill would let it fall back further' FROM standby"
	"  WHERE replay_lag > interval '10 s' OR bytes > 64 * 1024 * 1024"
	" UNION ALL SELECT 'warning', 'replication slot ' || slot_name || ' is ' || CASE WHEN active THEN 'in use' ELSE"
	"  'used by nobody' END || ' and keeps ' || pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))"
	"  || ' of WAL', CASE WHEN NOT active THEN 'SELECT pg_drop_replication_slot(' || quote_literal(slot_name)"
	"  || '), when nobody will come back for it' END FROM pg_replication_slots WHERE NOT pg_is_in_recovery()"
	"  AND pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > 1024 * 1024 * 1024";

static const char prepared[] =
	"SELECT 'warning' AS level, 'prepared transaction ' || quote_literal(gid) || ' of ' || owner || ', prepared '"
	" || date_trunc('second', clock_timestamp() - prepared) || ' ago, keeps its locks' AS what,"
	" 'COMMIT PREPARED ' || quote_literal(gid) || ', or ROLLBACK PREPARED' AS help"
	" FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared LIMIT 20";

static const char transactions[] =
	"SELECT level, what, help FROM ("
	" SELECT 'warning' AS level, 'pid ' || pid || '  app=' || coalesce(nullif(application_name, ''), '-') || '  role='"
	"  || coalesce(usename, '-') || '  in a transaction for ' || date_trunc('second', clock_timestamp() - xact_start)"
	"  || CASE WHEN state LIKE 'idle%' THEN ', ' || state ELSE '' END AS what,"
	"  'locks on what it touched, and every CREATE INDEX CONCURRENTLY, wait for it' AS help, xact_start AS since"
	"  FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
	"  AND xact_start < clock_timestamp() - interval '5 min' AND backend_type = 'client backend'"
	" UNION ALL SELECT 'warning', coalesce('pid ' || pid || ' in database ' || datname, 'pid ' || pid || ', a '"
	"  || backend_type) || ' keeps rows that died ' || age(backend_xmin) || ' transactions ago',"
	"  'vacuum can''t clear up behind a large backfill while it does', xact_start FROM pg_stat_activity"
	"  WHERE age(backend_xmin) > 10000000 ORDER BY since NULLS LAST LIMIT 10) AS old";

const struct question doctor_server[] = {
	{"server", "", server, 0, false},
	{"privileges", "the role has what it needs", privileges, 0, false},
	{"settings", "nothing is set that would hurt", settings, 0, false},
	{"connections", "", connections, 0, false},
	{"replication", "", replication, 0, false},
	{"prepared transactions", "none", prepared, 0, false},
	{"transactions", "none is open for long", transactions, 0, false},
	{.subject = NULL},
};
