/* One more session, on a standby, for as long as one question takes. */
#include "engine/standby.h"

#include <string.h>

enum { CONNECT_SECONDS = 5 };

/* Is it a standby of the very server that we work on? */
static const char *not_ours(const json_t *here, const json_t *there)
{
	const char *system = json_string_value(json_object_get(here, "system"));
	const char *other = json_string_value(json_object_get(there, "system"));

	if (!system || !other || strcmp(system, other) != 0)
		return "it belongs to another cluster";
	return json_is_true(json_object_get(there, "standby")) ? NULL : "it is no standby, but takes writes";
}

bool standby_sample(struct session *s, const char *address, const struct read_tables *tables, const json_t *here,
                    json_t **sample, const char **why, struct err *err)
{
	struct conn_params params;
	struct err failure = {0};
	struct conn *conn = NULL;
	bool ok = true;

	*sample = NULL;
	if (conn_params_like(address, s->control, CONNECT_SECONDS, &s->arena, &params, &failure))
		conn = conn_open(s->connector->loop, &params, &failure);
	/* A standby that replays slowly, or is asked for much, is not waited for either. */
	if (conn && conn_query(conn, QUERY("SET statement_timeout = '5s'"), NULL, &failure) &&
	    reads_sample(conn, tables, sample, &failure)) {
		*why = not_ours(here, *sample);
		if (*why) {
			json_decref(*sample);
			*sample = NULL;
		}
	} else if (failure.code == EXIT_INTERRUPTED) {
		ok = err_set(err, EXIT_INTERRUPTED, "%s", failure.diag.summary);
	} else {
		*why = arena_strdup(&s->arena, failure.diag.summary);
	}
	conn_close(conn);
	err_release(&failure);
	return ok;
}
