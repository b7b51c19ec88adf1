/* The order of the questions, and what becomes of their answers. */
#include "engine/doctor.h"

#include <string.h>

#include "base/version.h"
#include "engine/registry.h"
#include "engine/session.h"

const char *level_name(enum level level)
{
	static const char *const names[] = {"ok", "warning", "problem"};

	return names[level];
}

void doctor_remark(struct checkup *c, enum level level, const char *subject, const char *text, const char *help)
{
	struct remark *remark = arena_alloc(c->arena, sizeof(*remark));

	*remark = (struct remark){level, subject, arena_strdup(c->arena, text), arena_strdup(c->arena, help), NULL};
	if (c->last)
		c->last->next = remark;
	else
		c->first = remark;
	c->last = remark;
	c->warnings += level == LEVEL_WARNING;
	c->problems += level == LEVEL_PROBLEM;
}

static enum level level_named(const char *name)
{
	return strcmp(name, "problem") == 0 ? LEVEL_PROBLEM : strcmp(name, "warning") == 0 ? LEVEL_WARNING : LEVEL_OK;
}

/* What can't be asked is a remark as well. */
static void cannot_ask(struct checkup *c, const char *subject, const struct err *failure)
{
	doctor_remark(c, LEVEL_WARNING, subject,
	              arena_printf(c->arena, "the server could not be asked: %s", failure->diag.summary), NULL);
}

/* The runs of the registry; none where there is no registry. */
static const char *text_of(const struct checkup *c, const struct question *question)
{
	const char *runs = c->registry
	                       ? "SELECT r.id, r.state NOT IN ('done', 'adopted', 'undone') FROM interlock.run r"
	                       : "SELECT NULL::bigint, false WHERE false";

	return question->runs ? arena_printf(c->arena, "WITH runs(id, open) AS (%s) %s", runs, question->sql)
	                      : question->sql;
}

static bool ask(struct checkup *c, const struct question *question, struct err *err)
{
	struct err failure = {0};
	struct rows *rows;

	if (conn_server_version(c->conn) < question->min_server)
		return true;
	if (!conn_query(c->conn, QUERY(text_of(c, question)), &rows, &failure)) {
		bool lost = conn_lost(c->conn);

		if (lost)
			err_set(err, EXIT_CONNECTION, "%s", failure.diag.summary);
		else
			cannot_ask(c, question->subject, &failure);
		err_release(&failure);
		return !lost;
	}
	for (size_t r = 0; r < rows_count(rows); r++)
		doctor_remark(c, level_named(rows_get(rows, r, "level")), question->subject, rows_get(rows, r, "what"),
		              rows_get(rows, r, "help"));
	if (rows_count(rows) == 0)
		doctor_remark(c, LEVEL_OK, question->subject, question->fine, NULL);
	rows_free(rows);
	return true;
}

static bool ask_all(struct checkup *c, const struct question *questions, struct err *err)
{
	for (; questions->subject; questions++)
		if (!ask(c, questions, err))
			return false;
	return true;
}

/* What every command that acts would refuse: an old server, a standby, a pooler in transaction mode. */
static bool settle(struct checkup *c, struct err *err)
{
	struct err failure = {0};
	bool ok = session_settle(c->conn, c->other, &failure);

	if (!ok && conn_lost(c->conn)) {
		err_set(err, EXIT_CONNECTION, "%s", failure.diag.summary);
	} else if (ok) {
		doctor_remark(c, LEVEL_OK, "connection", "no pooler that would mix up our sessions", NULL);
	} else {
		doctor_remark(c, LEVEL_PROBLEM, "connection", failure.diag.summary, failure.diag.help);
		ok = conn_query(c->conn, QUERY("SET search_path = pg_catalog, pg_temp"), NULL, err);
	}
	err_release(&failure);
	return ok;
}

/* Is there a registry that can be looked into? */
static bool look_at_registry(struct checkup *c, struct err *err)
{
	struct err failure = {0};
	int version = 0;

	if (!registry_version(c->conn, &version, &failure)) {
		bool lost = conn_lost(c->conn);

		if (lost)
			err_set(err, EXIT_CONNECTION, "%s", failure.diag.summary);
		else
			doctor_remark(c, LEVEL_PROBLEM, "registry", failure.diag.summary,
			              "interlock doctor --grants shows what the role needs");
		err_release(&failure);
		return !lost;
	}
	c->registry = version > 0 && version <= REGISTRY_VERSION;
	if (version == 0)
		doctor_remark(c, LEVEL_OK, "registry", "there is none yet; the first run makes it", NULL);
	else if (version == REGISTRY_VERSION)
		doctor_remark(c, LEVEL_OK, "registry",
		              arena_printf(c->arena, "version %d, the one of interlock " INTERLOCK_VERSION, version),
		              NULL);
	else if (version < REGISTRY_VERSION)
		doctor_remark(c, LEVEL_PROBLEM, "registry",
		              arena_printf(c->arena, "version %d, interlock " INTERLOCK_VERSION " works with version %d",
		                           version, REGISTRY_VERSION),
		              "interlock upgrade-registry brings it up, and keeps every run");
	else
		doctor_remark(c, LEVEL_PROBLEM, "registry",
		              arena_printf(c->arena,
		                           "version %d is of a newer interlock than this one (" INTERLOCK_VERSION ")",
		                           version),
		              "use that version; this one can only look");
	return true;
}

bool doctor_examine(struct checkup *c, struct err *err)
{
	if (!settle(c, err) || !ask_all(c, doctor_server, err) || !look_at_registry(c, err))
		return false;
	if (c->registry && !(ask_all(c, doctor_registry, err) && doctor_archives(c, err)))
		return false;
	return ask_all(c, doctor_leftovers, err);
}
