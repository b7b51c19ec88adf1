/* One question for each zone, and one more for the name that may be meant. */
#include "check/zones.h"

#include <strings.h>

#include "base/suggest.h"
#include "base/xalloc.h"
#include "plan/window.h"

/* *near: the zone of the server that is most like it; NULL: none is. */
static bool find_near(struct conn *conn, const char *zone, struct arena *arena, const char **near, struct err *err)
{
	const char **names;
	struct rows *rows;

	if (!conn_query(conn, QUERY("SELECT name FROM pg_catalog.pg_timezone_names ORDER BY name"), &rows, err))
		return false;
	names = arena_array(arena, const char *, rows_count(rows));
	for (size_t r = 0; r < rows_count(rows); r++)
		names[r] = rows_get(rows, r, "name");
	*near = arena_strdup(arena, suggest(zone, names, rows_count(rows)));
	rows_free(rows);
	return true;
}

static bool unknown(struct conn *conn, const struct plan *plan, const char *zone, struct diags *diags,
                    struct err *err)
{
	struct option_place place = {.span = plan->span, .subject = "plan"};
	struct diag *diag;
	const char *near;

	if (!find_near(conn, zone, &diags->arena, &near, err))
		return false;
	diag = option_error(&place, diags, "bad-option", "windows", "the server knows no time zone \"%s\"", zone);
	if (near)
		diag_help(&diags->arena, diag, "did you mean \"%s\"?", near);
	else
		diag_help(&diags->arena, diag, "SELECT name FROM pg_timezone_names shows those that it knows");
	return true;
}

static bool is_known(struct conn *conn, const char *zone, bool *known, struct err *err)
{
	struct query query = {.sql = "SELECT pg_catalog.timezone($1, pg_catalog.now())", .count = 1, .params = &zone};

	*known = conn_query(conn, &query, NULL, err);
	if (*known || !err_is(err, "22023"))
		return *known;
	err_release(err);
	return true;
}

/* Have we asked for the zone of the n-th window already? */
static bool was_asked(const struct window_list *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(list->items[i].zone, list->items[n].zone) == 0)
			return true;
	return false;
}

bool check_zones(struct conn *conn, const struct plan *plan, struct diags *diags, struct err *err)
{
	struct arena arena = {0};
	struct window_problem problem;
	struct window_list list;
	bool ok = true, known;

	if (!windows_parse(&plan->settings.windows, &arena, &list, &problem))
		bug("a plan was compiled with windows that can't be read");
	for (size_t i = 0; i < list.count && ok; i++) {
		if (was_asked(&list, i))
			continue;
		ok = is_known(conn, list.items[i].zone, &known, err);
		if (ok && !known)
			ok = unknown(conn, plan, list.items[i].zone, diags, err);
	}
	arena_release(&arena);
	return ok;
}
