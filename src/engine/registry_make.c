/* Making the registry, bringing an old one up, and telling what is there. */
#include <stdio.h>
#include <string.h>

#include "engine/brief.h"
#include "engine/naming.h"
#include "engine/registry.h"
#include "engine/registry_schema.h"
#include "sql/ident.h"

static bool newer(int version, struct err *err)
{
	err_set(err, EXIT_OWN, "the registry in this database is of version %d, this interlock knows version %d",
	        version, REGISTRY_VERSION);
	err_detail(err, "a newer interlock has worked here");
	err_help(err, "use that version; nothing was changed");
	return false;
}

static bool older(int version, struct err *err)
{
	err_set(err, EXIT_OWN, "the registry in this database is of version %d, this interlock works with version %d",
	        version, REGISTRY_VERSION);
	err_detail(err, "an older interlock made it, and could not work with it once it is brought up");
	err_help(err, "interlock upgrade-registry brings it up, and keeps every run; nothing was changed");
	return false;
}

/* Asked of the tables: to_regclass() may still believe what it found a moment ago. */
static bool is_there(struct conn *conn, bool *there, struct err *err)
{
	struct rows *rows;

	*there = false;
	if (!conn_query(
			conn,
			QUERY("SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
	              " ON n.oid = c.relnamespace WHERE n.nspname = 'interlock' AND c.relname = 'meta') AS there"),
			&rows, err))
		return false;
	*there = rows_true(rows, 0, "there");
	rows_free(rows);
	return true;
}

bool registry_version(struct conn *conn, int *version, struct err *err)
{
	struct rows *rows;
	bool there;

	*version = 0;
	if (!is_there(conn, &there, err))
		return false;
	if (!there)
		return true;
	if (!conn_query(conn, QUERY("SELECT version FROM interlock.meta"), &rows, err)) {
		err_prefix(err, "can't read the registry (schema interlock)");
		if (err_is(err, "42501"))
			err_help(err, "interlock doctor --grants %s, as a role that may, says what is missing",
			         ident_quoted(&err->arena, conn_user(conn)));
		return false;
	}
	*version = rows_count(rows) ? (int)rows_integer(rows, 0, "version") : 0;
	rows_free(rows);
	return true;
}

bool registry_look(struct conn *conn, bool *exists, struct err *err)
{
	int version;

	*exists = false;
	if (!registry_version(conn, &version, err))
		return false;
	*exists = version > 0;
	return version <= REGISTRY_VERSION || newer(version, err);
}

bool registry_look_to_act(struct conn *conn, bool *exists, struct err *err)
{
	int version;

	*exists = false;
	if (!registry_version(conn, &version, err))
		return false;
	*exists = version > 0;
	if (version > REGISTRY_VERSION)
		return newer(version, err);
	return version == 0 || version == REGISTRY_VERSION || older(version, err);
}

/* The statements above `version`, and the number that is reached with them. */
static bool bring_up(struct conn *conn, int version, struct err *err)
{
	static const char note[] = "INSERT INTO interlock.meta (version) VALUES ($1::integer)"
							   " ON CONFLICT (one) DO UPDATE SET version = excluded.version";
	char number[12];
	const char *params[] = {number};

	for (int v = version; v < REGISTRY_VERSION; v++)
		for (size_t i = 0; registry_schema[v][i]; i++)
			if (!conn_query(conn, QUERY(registry_schema[v][i]), NULL, err))
				return false;
	snprintf(number, sizeof(number), "%d", REGISTRY_VERSION);
	return conn_query(conn, &(struct query){.sql = note, .count = 1, .params = params}, NULL, err);
}

/* Two that come at once are put in order. */
static bool begin_alone(struct conn *conn, int *version, struct err *err)
{
	return brief_begin(conn, err) &&
	       conn_query(conn, QUERY("SELECT pg_catalog.pg_advisory_xact_lock(4803659, 0)"), NULL, err) &&
	       registry_version(conn, version, err);
}

static bool not_allowed(struct conn *conn, const char *what, struct err *err)
{
	err_prefix(err, "%s", what);
	if (err_is(err, "42501"))
		err_help(err, "GRANT CREATE ON DATABASE %s TO %s, or run once as a role that may", conn_database(conn),
		         conn_user(conn));
	return false;
}

bool registry_prepare(struct conn *conn, struct err *err)
{
	int version;
	bool exists, ok;

	if (!registry_look_to_act(conn, &exists, err) || exists)
		return exists;
	ok = begin_alone(conn, &version, err) && (version > 0 || bring_up(conn, 0, err));
	return brief_end(conn, ok, err) || not_allowed(conn, "can't create the registry (schema interlock)", err);
}

bool registry_at_rest(struct conn *conn, struct err *err)
{
	static const char question[] =
		"SELECT r.id, r.plan, r.parameters, coalesce(r.holder, 'somebody') AS holder"
		" FROM interlock.run r WHERE r.state = 'running' AND r.seen > pg_catalog.clock_timestamp() - interval '30 s'"
		" OR EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.classid = 4803659"
		"  AND l.objid = r.id::oid AND l.objsubid = 2 AND l.granted AND l.database ="
		"  (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())) ORDER BY r.id";
	struct rows *rows;
	bool rest;

	if (!conn_query(conn, QUERY(question), &rows, err))
		return false;
	rest = rows_count(rows) == 0;
	if (!rest) {
		err_set(err, EXIT_HELD, "the registry is in use");
		for (size_t r = 0; r < rows_count(rows); r++) {
			struct run_row run = {.parameters = rows_get(rows, r, "parameters")};

			err_detail(err, "run %s of plan \"%s\"%s, by %s", rows_get(rows, r, "id"), rows_get(rows, r, "plan"),
			           run_parameters_text(&run, &err->arena), rows_get(rows, r, "holder"));
		}
		err_help(err, "wait until it stops; nothing was changed");
	}
	rows_free(rows);
	return rest;
}

bool registry_makes(const char *name)
{
	size_t length = strlen(name);

	for (int v = 0; v < REGISTRY_VERSION; v++)
		for (size_t i = 0; registry_schema[v][i]; i++) {
			const char *text = registry_schema[v][i], *at = strstr(text, " interlock.");

			if (strncmp(text, "CREATE ", 7) == 0 && at && strncmp(at + 11, name, length) == 0 &&
			    strchr(" (", at[11 + length]) && at[11 + length])
				return true;
		}
	return false;
}

bool registry_upgrade(struct conn *conn, int *from, struct err *err)
{
	bool ok = begin_alone(conn, from, err);

	if (ok && *from > 0 && *from < REGISTRY_VERSION) /* from here on nobody begins a run */
		ok = conn_query(conn, QUERY("LOCK TABLE interlock.run IN ACCESS EXCLUSIVE MODE"), NULL, err) &&
		     registry_at_rest(conn, err);
	if (ok && *from > REGISTRY_VERSION)
		ok = newer(*from, err);
	if (ok && *from > 0 && *from < REGISTRY_VERSION)
		ok = bring_up(conn, *from, err);
	return brief_end(conn, ok, err) || not_allowed(conn, "can't upgrade the registry (schema interlock)", err);
}
