/* Letting applications ask where a rollout stands: who may use the registry's schema, and what that lets them see.
 */
#include "engine/brief.h"
#include "engine/rollout.h"

/* What the schema's privilege kept from roles until now; one that may use it already gains nothing. */
static const char gains[] =
	"SELECT pg_catalog.has_schema_privilege('public', 'interlock', 'USAGE') AS open, (SELECT pg_catalog.string_agg("
	"DISTINCT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END, ', ')"
	" FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a"
	" LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee WHERE c.relnamespace = 'interlock'::pg_catalog.regnamespace"
	" AND a.grantee <> c.relowner AND (a.grantee = 0 OR NOT pg_catalog.has_schema_privilege(a.grantee, 'interlock',"
	" 'USAGE'))) AS roles";

static bool say_gains(const char *roles, struct err *err)
{
	err_set(err, EXIT_STEP, "the registry is not kept from others well enough for a rollout");
	err_detail(err,
	           "applications ask interlock.in_rollout(), so every role gets USAGE of schema interlock;"
	           " privileges on its tables have: %s",
	           roles);
	err_help(err,
	         "REVOKE ALL ON ALL TABLES IN SCHEMA interlock FROM %s; and see ALTER DEFAULT PRIVILEGES,"
	         " where they may come from",
	         roles);
	return false;
}

/* *open: every role may use the schema; or it may be given to all. */
static bool may_open(struct conn *conn, bool *open, struct err *err)
{
	struct rows *rows;
	bool ok = true;

	if (!conn_query(conn, QUERY(gains), &rows, err))
		return false;
	*open = rows_true(rows, 0, "open");
	if (!*open && rows_get(rows, 0, "roles"))
		ok = say_gains(rows_get(rows, 0, "roles"), err);
	rows_free(rows);
	return ok;
}

/* To a role that may not, GRANT is only a warning. */
static bool is_open_now(struct conn *conn, struct err *err)
{
	bool open;

	if (!may_open(conn, &open, err))
		return false;
	if (open)
		return true;
	err_set(err, EXIT_STEP, "role %s can't let applications ask interlock.in_rollout()", conn_user(conn));
	err_help(err, "as the owner of schema interlock: GRANT USAGE ON SCHEMA interlock TO PUBLIC");
	return false;
}

bool rollout_let_ask(struct conn *conn, const struct plan *plan, struct err *err)
{
	bool open = true, ok;

	if (!plan_has_block(plan, BLOCK_ROLLOUT, 0))
		return true;
	if (!may_open(conn, &open, err))
		return false;
	if (open)
		return true;
	ok = brief_begin(conn, err) &&
	     conn_query(conn, QUERY("SELECT pg_catalog.pg_advisory_xact_lock(4803659, 0)"), NULL, err) &&
	     conn_query(conn, QUERY("GRANT USAGE ON SCHEMA interlock TO PUBLIC"), NULL, err) && is_open_now(conn, err);
	return brief_end(conn, ok, err);
}
