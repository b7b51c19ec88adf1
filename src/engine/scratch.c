/* The life of a scratch copy: server, roles, database, schema; and its end. */
#include "engine/scratch.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "db/dump.h"
#include "sql/ident.h"
#include "sql/script.h"

enum { NOTES_MAX = 10, SHOWN = 90, VERSION_OF_MAJOR = 10000 };

/* The roles of the original's server, and who is a member of whom, as statements for another. */
static const char roles[] =
	"SELECT r.rolname AS role, pg_catalog.format('CREATE ROLE %I NOREPLICATION %s %s %s %s %s %s', r.rolname,"
	" CASE WHEN r.rolname = session_user THEN 'LOGIN' ELSE 'NOLOGIN' END,"
	" CASE WHEN r.rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END,"
	" CASE WHEN r.rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,"
	" CASE WHEN r.rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END,"
	" CASE WHEN r.rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END,"
	" CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END) AS sql"
	" FROM pg_catalog.pg_roles r WHERE r.rolname NOT LIKE 'pg\\_%' ORDER BY r.oid";
static const char memberships[] =
	"SELECT pg_catalog.format('GRANT %I TO %I%s', r.rolname, m.rolname,"
	" CASE WHEN a.admin_option THEN ' WITH ADMIN OPTION' ELSE '' END) AS sql FROM pg_catalog.pg_auth_members a"
	" JOIN pg_catalog.pg_roles r ON r.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member"
	" WHERE m.rolname NOT LIKE 'pg\\_%' ORDER BY a.roleid, a.member";

/* $1: the name of the copy. */
static const char create_database[] =
	"SELECT pg_catalog.format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L', $1::pg_catalog.text,"
	" pg_catalog.pg_encoding_to_char(d.encoding)) AS plain,"
	" pg_catalog.format(' LC_COLLATE %L LC_CTYPE %L', d.datcollate, d.datctype) AS locale,"
	" d.datcollate AS collation FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()";
static const char rights[] =
	"SELECT pg_catalog.format('ALTER DATABASE %I OWNER TO %I', $1::pg_catalog.text, pg_catalog.pg_get_userbyid(d.datdba)) AS sql"
	" FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database() UNION ALL"
	" SELECT pg_catalog.format('REVOKE ALL ON DATABASE %I FROM PUBLIC', $1::pg_catalog.text) FROM pg_catalog.pg_database d"
	" WHERE d.datname = pg_catalog.current_database() AND d.datacl IS NOT NULL UNION ALL"
	" SELECT pg_catalog.format('GRANT %s ON DATABASE %I TO %s', a.privilege_type, $1::pg_catalog.text, CASE WHEN a.grantee = 0"
	" THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END)"
	" FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a WHERE d.datname = pg_catalog.current_database()";

/* What decides how a statement is read or what it makes; and the settings that people invented. */
static const char settings[] =
	"SELECT pg_catalog.format('ALTER DATABASE %I SET %s TO %s', $1::pg_catalog.text, s.name, CASE WHEN s.name = 'search_path'"
	" AND s.setting <> '' THEN s.setting ELSE pg_catalog.quote_literal(s.setting) END) AS sql"
	" FROM pg_catalog.pg_settings s WHERE s.name IN ('TimeZone', 'search_path', 'DateStyle', 'IntervalStyle',"
	" 'default_text_search_config', 'default_toast_compression', 'default_transaction_isolation',"
	" 'default_transaction_deferrable', 'default_table_access_method', 'default_statistics_target',"
	" 'check_function_bodies', 'xmlbinary', 'xmloption', 'bytea_output', 'extra_float_digits', 'array_nulls',"
	" 'quote_all_identifiers', 'standard_conforming_strings', 'backslash_quote', 'transform_null_equals',"
	" 'lc_monetary', 'lc_numeric', 'lc_time') OR (s.name LIKE '%.%' AND s.source IN ('database', 'user',"
	" 'database user', 'configuration file', 'global'))";

void scratch_note(struct scratch *s, const char *format, ...)
{
	struct text_list *notes = &s->notes;
	va_list args;

	if (notes->count == NOTES_MAX) {
		s->more_notes++;
		return;
	}
	if (!notes->items)
		notes->items = arena_array(&s->arena, const char *, NOTES_MAX);
	va_start(args, format);
	((const char **)(uintptr_t)notes->items)[notes->count++] = arena_vprintf(&s->arena, format, args);
	va_end(args);
}

/* A session on a database of the scratch server; NULL for the one that it was reached by. */
static struct conn *open_on(struct scratch *s, const char *database, const char *role, struct err *err)
{
	const char *given[] = {"dbname", "dbname", NULL}, *given_values[] = {s->in, database, NULL};
	const char *own[] = {"host", "port",   "sslmode", "gssencmode", "channel_binding", "target_session_attrs",
	                     "user", "dbname", NULL};
	const char *values[] = {NULL,
	                        NULL,
	                        "disable",
	                        "disable",
	                        "prefer",
	                        "any",
	                        role ? role : "postgres",
	                        database ? database : "postgres",
	                        NULL};
	struct conn_params params = {given, given_values};

	if (!database)
		given[1] = NULL;
	if (s->server) {
		values[0] = server_directory(s->server);
		values[1] = server_port(s->server);
		params = (struct conn_params){own, values};
	}
	return conn_open(s->loop, &params, err);
}

struct conn *scratch_open_as_owner(struct scratch *s, struct err *err)
{
	return open_on(s, s->database, NULL, err);
}

/* On somebody's server the role may not log in, so that its session begins as ours. */
static bool become(struct scratch *s, struct conn *conn, struct err *err)
{
	struct arena arena = {0};
	bool ok = conn_query(
		conn, QUERY(arena_printf(&arena, "SET SESSION AUTHORIZATION %s", ident_quoted(&arena, s->role))), NULL,
		err);

	arena_release(&arena);
	return ok;
}

struct conn *scratch_open(struct scratch *s, struct err *err)
{
	struct conn *conn = open_on(s, s->database, s->role, err);

	if (conn && !s->server && s->superuser && !become(s, conn, err)) {
		conn_close(conn);
		return NULL;
	}
	return conn;
}

/* The original is only read, with nobody kept waiting. */
static bool settle_original(struct scratch *s, struct conn *original, struct err *err)
{
	struct rows *rows;

	if (!conn_query(
			original,
			QUERY("SELECT session_user AS role, pg_catalog.set_config('default_transaction_read_only', 'on',"
	              " false), pg_catalog.set_config('lock_timeout', '2s', false),"
	              " pg_catalog.set_config('statement_timeout', '60s', false)"),
			&rows, err))
		return false;
	s->role = arena_strdup(&s->arena, rows_get(rows, 0, "role"));
	rows_free(rows);
	s->original_version = arena_strdup(&s->arena, conn_server_version_text(original));
	return true;
}

static bool note_rights(struct scratch *s, struct err *err)
{
	struct rows *rows;

	if (!conn_query(s->maintenance, QUERY("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"),
	                &rows, err))
		return false;
	s->superuser = rows_count(rows) && rows_true(rows, 0, "rolsuper");
	rows_free(rows);
	if (!s->superuser) {
		s->role = arena_strdup(&s->arena, conn_user(s->maintenance));
		scratch_note(s, "%s is no superuser there: owners, grants and roles are not those of the database",
		             s->role);
	}
	return true;
}

/* Nothing happens there by itself: no vacuum takes a lock, or corrects the statistics. */
static bool rest(struct conn *conn, struct err *err)
{
	return conn_query(conn, QUERY("ALTER SYSTEM SET autovacuum = off"), NULL, err) &&
	       conn_query(conn, QUERY("SELECT pg_catalog.pg_reload_conf()"), NULL, err);
}

static bool start(struct scratch *s, int version, const struct scratch_wish *wish, struct err *err)
{
	const char *bindir;

	s->in = wish->in;
	if (!wish->in) {
		if (!server_find_bindir_of(wish->bindir, version / VERSION_OF_MAJOR, &s->arena, &bindir, err) ||
		    !(s->server = server_start(s->loop, bindir, err)))
			return false;
	}
	s->maintenance = open_on(s, NULL, NULL, err);
	if (!s->maintenance || (s->server && !rest(s->maintenance, err)))
		return false;
	s->version = arena_strdup(&s->arena, conn_server_version_text(s->maintenance));
	if (conn_server_version(s->maintenance) / VERSION_OF_MAJOR != version / VERSION_OF_MAJOR)
		scratch_note(s, "PostgreSQL %s rehearses for %s: another major version", s->version, s->original_version);
	return note_rights(s, err);
}

/* Sends the column `sql` of each row of an answer; what is refused is a note, with `what`. */
static bool send_all(struct scratch *s, struct conn *original, const char *question, const char *what,
                     struct err *err)
{
	struct query query = {.sql = question, .count = strstr(question, "$1") ? 1 : 0, .params = &s->database};
	struct rows *rows;

	if (!conn_query(original, &query, &rows, err))
		return false;
	for (size_t r = 0; r < rows_count(rows); r++) {
		struct err refused = {0};

		if (!conn_query(s->maintenance, QUERY(rows_get(rows, r, "sql")), NULL, &refused))
			scratch_note(s, "%s: %s", what, refused.diag.summary);
		err_release(&refused);
	}
	rows_free(rows);
	return true;
}

/* Those that are there already stay as they are. */
static bool make_roles(struct scratch *s, struct conn *original, struct err *err)
{
	const char **made;
	struct rows *rows;

	if (!s->superuser)
		return true;
	if (!conn_query(original, QUERY(roles), &rows, err))
		return false;
	made = arena_array(&s->arena, const char *, rows_count(rows) + 1);
	s->roles.items = made;
	for (size_t r = 0; r < rows_count(rows); r++) {
		struct err refused = {0};

		if (conn_query(s->maintenance, QUERY(rows_get(rows, r, "sql")), NULL, &refused))
			made[s->roles.count++] = arena_strdup(&s->arena, rows_get(rows, r, "role"));
		else if (!err_is(&refused, "42710"))
			scratch_note(s, "role %s: %s", rows_get(rows, r, "role"), refused.diag.summary);
		err_release(&refused);
	}
	rows_free(rows);
	return !s->server || send_all(s, original, memberships, "membership", err);
}

/* With the locale of the original where it is installed here. */
static bool make_database(struct scratch *s, struct conn *original, struct err *err)
{
	const char *name = arena_printf(&s->arena, "interlock_rehearsal_%ld", (long)getpid());
	struct err refused = {0};
	struct rows *rows;
	bool ok;

	if (!conn_query(original, &(struct query){.sql = create_database, .count = 1, .params = &name}, &rows, err))
		return false;
	ok =
		conn_query(s->maintenance,
	               QUERY(arena_printf(&s->arena, "%s%s", rows_get(rows, 0, "plain"), rows_get(rows, 0, "locale"))),
	               NULL, &refused);
	if (!ok && conn_query(s->maintenance, QUERY(rows_get(rows, 0, "plain")), NULL, err)) {
		scratch_note(s, "locale %s is not installed here: texts sort in another order",
		             rows_get(rows, 0, "collation"));
		ok = true;
	}
	err_release(&refused);
	rows_free(rows);
	if (ok)
		s->database = name;
	else
		err_prefix(err, "the scratch database can't be made");
	return ok && (!s->superuser || send_all(s, original, rights, "the database's rights", err)) &&
	       send_all(s, original, settings, "a setting", err);
}

static bool begins(const char *sql, const char *words)
{
	return strncasecmp(sql, words, strlen(words)) == 0;
}

/* What need not be told when the server says no to it. */
static bool does_not_matter(const struct scratch *s, const char *sql)
{
	return begins(sql, "SET ") || begins(sql, "SELECT pg_catalog.set_config(") ||
	       begins(sql, "COMMENT ON EXTENSION") || strcmp(sql, "CREATE SCHEMA public") == 0 ||
	       (!s->superuser && (strstr(sql, " OWNER TO ") || begins(sql, "GRANT ") || begins(sql, "REVOKE ") ||
	                          begins(sql, "ALTER DEFAULT PRIVILEGES")));
}

static void note_left_out(struct scratch *s, const char *sql, const struct err *why)
{
	if (begins(sql, "CREATE EXTENSION"))
		scratch_note(s, "an extension is missing here, and what needs it: %.*s: %s", (int)strcspn(sql, "\n"), sql,
		             why->diag.summary);
	else
		scratch_note(s, "left out: %.*s%s: %s", (int)strnlen(sql, SHOWN), sql, strlen(sql) > SHOWN ? "…" : "",
		             why->diag.summary);
}

/* Statement by statement: one that can't be had here spoils no other. */
static bool load(struct scratch *s, const char *text, struct err *err)
{
	struct arena arena = {0};
	struct script script = {0};
	struct conn *conn = scratch_open_as_owner(s, err);
	bool ok = conn != NULL;

	script_split(text, &arena, &script);
	for (size_t i = 0; ok && i < script.statement_count; i++) {
		const char *sql = script.statements[i].text;
		struct err refused = {0};

		if (!conn_query(conn, QUERY(sql), NULL, &refused) && !does_not_matter(s, sql))
			note_left_out(s, sql, &refused);
		err_release(&refused);
		if (conn_lost(conn))
			ok = err_set(err, EXIT_CONNECTION, "the connection to the scratch server was lost");
		else if (interrupt_count() > 0)
			ok = err_set(err, EXIT_INTERRUPTED, "interrupted");
	}
	conn_close(conn);
	arena_release(&arena);
	return ok;
}

bool scratch_make(struct scratch *s, struct loop *loop, struct conn *original, const struct scratch_wish *wish,
                  struct err *err)
{
	int version = conn_server_version(original), own;
	struct buf schema = {0};
	const char *pg_dump;
	bool ok;

	*s = (struct scratch){.loop = loop};
	pg_dump = dump_program(wish->bindir, version / VERSION_OF_MAJOR, &s->arena, err);
	ok = pg_dump && settle_original(s, original, err) && dump_schema(loop, original, pg_dump, &schema, err) &&
	     start(s, version, wish, err);
	if (ok) {
		own = conn_server_version(s->maintenance) / VERSION_OF_MAJOR;
		s->pg_dump = own <= version / VERSION_OF_MAJOR ? pg_dump : dump_program(wish->bindir, own, &s->arena, err);
	}
	ok = ok && s->pg_dump && make_roles(s, original, err) && make_database(s, original, err) &&
	     load(s, buf_text(&schema), err) && scratch_fill(s, original, wish->sample, err);
	buf_release(&schema);
	return ok;
}

/* On somebody's server nothing may stay. */
static void take_away(struct scratch *s)
{
	struct err ignored = {0};

	if (s->database)
		conn_query(s->maintenance,
		           QUERY(arena_printf(&s->arena, "DROP DATABASE IF EXISTS %s WITH (FORCE)",
		                              ident_quoted(&s->arena, s->database))),
		           NULL, &ignored);
	for (size_t i = s->roles.count; i-- > 0;) {
		err_release(&ignored);
		conn_query(
			s->maintenance,
			QUERY(arena_printf(&s->arena, "DROP ROLE IF EXISTS %s", ident_quoted(&s->arena, s->roles.items[i]))),
			NULL, &ignored);
	}
	err_release(&ignored);
}

void scratch_release(struct scratch *s)
{
	if (s->maintenance && !s->server)
		take_away(s);
	conn_close(s->maintenance);
	server_stop(s->server, false);
	arena_release(&s->arena);
	*s = (struct scratch){0};
}

bool scratch_dump(struct scratch *s, struct buf *text, struct err *err)
{
	struct conn *conn = scratch_open_as_owner(s, err);
	bool ok = conn && dump_schema(s->loop, conn, s->pg_dump, text, err);

	conn_close(conn);
	return ok;
}

const struct scratch_table *scratch_table_find(const struct scratch *s, const char *name)
{
	for (size_t i = 0; i < s->table_count; i++)
		if (strcmp(s->tables[i].name, name) == 0)
			return &s->tables[i];
	return NULL;
}
