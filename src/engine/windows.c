/* Clocks of several zones, read at one moment; and the next opening as a time. */
#include "engine/windows.h"

#include "plan/window.h"

/* What the clock of each window's zone says; $1: the zones. */
static const char clocks[] =
	"SELECT (extract(isodow FROM c.t) - 1)::integer AS day,"
	" (extract(hour FROM c.t) * 60 + extract(minute FROM c.t))::integer AS minute,"
	" extract(epoch FROM statement_timestamp()) AS now"
	" FROM unnest($1::text[]) WITH ORDINALITY AS z(name, n)"
	" CROSS JOIN LATERAL (SELECT statement_timestamp() AT TIME ZONE z.name AS t) AS c ORDER BY z.n";

/* The first of several openings: zones, days from today, minutes of that day; $4 the moment of the question above.
 */
static const char openings[] =
	"SELECT to_char(o.at AT TIME ZONE o.zone, 'Dy YYYY-MM-DD HH24:MI') || ' ' || o.zone AS at,"
	" (extract(epoch FROM o.at - to_timestamp($4::float8)) * 1000)::bigint AS ms FROM ("
	"SELECT z.zone, (date_trunc('day', to_timestamp($4::float8) AT TIME ZONE z.zone)"
	" + make_interval(days => z.days, mins => z.minutes)) AT TIME ZONE z.zone AS at"
	" FROM unnest($1::text[], $2::integer[], $3::integer[]) AS z(zone, days, minutes)) AS o ORDER BY o.at LIMIT 1";

/* What is asked, as arrays of SQL. */
struct asked {
	struct buf zones, days, minutes;
};

static void asked_release(struct asked *asked)
{
	buf_release(&asked->zones);
	buf_release(&asked->days);
	buf_release(&asked->minutes);
}

/* The zones hold no character that would need more than its quotes (plan/window.c). */
static void add_zones(const struct window_list *list, struct buf *out)
{
	for (size_t i = 0; i < list->count; i++)
		buf_addf(out, "%s\"%s\"", i ? "," : "{", list->items[i].zone);
	buf_add(out, "}");
}

static bool ask_openings(struct conn *conn, const struct window_list *list, const struct rows *now,
                         struct rows **rows, struct err *err)
{
	struct asked asked = {0};
	const char *params[4];
	bool ok;

	add_zones(list, &asked.zones);
	for (size_t i = 0; i < list->count; i++) {
		const struct window *window = &list->items[i];
		int day = (int)rows_integer(now, i, "day"), minute = (int)rows_integer(now, i, "minute");

		buf_addf(&asked.days, "%s%d", i ? "," : "{", window_opens_after(window, day, minute));
		buf_addf(&asked.minutes, "%s%d", i ? "," : "{", window->from);
	}
	buf_add(&asked.days, "}");
	buf_add(&asked.minutes, "}");
	params[0] = buf_text(&asked.zones);
	params[1] = buf_text(&asked.days);
	params[2] = buf_text(&asked.minutes);
	params[3] = rows_get(now, 0, "now");
	ok = conn_query(conn, &(struct query){.sql = openings, .count = 4, .params = params, .prepare = true}, rows,
	                err);
	asked_release(&asked);
	return ok;
}

static bool tell_opening(struct conn *conn, const struct window_list *list, const struct rows *now,
                         struct arena *arena, struct windows_now *out, struct err *err)
{
	struct rows *rows;

	if (!ask_openings(conn, list, now, &rows, err))
		return false;
	out->opens_in = rows_integer(rows, 0, "ms");
	if (out->opens_in < 1)
		out->opens_in = 1;
	out->why = arena_printf(arena, "outside its windows until %s", rows_get(rows, 0, "at"));
	rows_free(rows);
	return true;
}

static bool ask_clocks(struct conn *conn, const struct window_list *list, struct rows **rows, struct err *err)
{
	struct buf zones = {0};
	const char *params[1];
	bool ok;

	add_zones(list, &zones);
	params[0] = buf_text(&zones);
	ok =
		conn_query(conn, &(struct query){.sql = clocks, .count = 1, .params = params, .prepare = true}, rows, err);
	buf_release(&zones);
	return ok;
}

static bool look(struct conn *conn, const struct window_list *list, struct arena *arena, struct windows_now *out,
                 struct err *err)
{
	struct rows *now;
	bool ok = true;

	if (!ask_clocks(conn, list, &now, err))
		return false;
	for (size_t i = 0; i < list->count; i++)
		out->open |=
			window_is_open(&list->items[i], (int)rows_integer(now, i, "day"), (int)rows_integer(now, i, "minute"));
	if (!out->open)
		ok = tell_opening(conn, list, now, arena, out, err);
	rows_free(now);
	return ok;
}

/* A person wrote them into interlock.control by hand: closed, until somebody corrects it. */
static bool unreadable(const char *why, struct arena *arena, struct windows_now *out)
{
	out->why = arena_printf(arena, "its windows can't be read: %s", why);
	return true;
}

bool windows_look(struct conn *conn, const struct text_list *texts, struct arena *arena, struct windows_now *out,
                  struct err *err)
{
	struct window_problem problem;
	struct window_list list;

	*out = (struct windows_now){.open = texts->count == 0};
	if (out->open)
		return true;
	if (!windows_parse(texts, arena, &list, &problem))
		return unreadable(arena_printf(arena, "%s; %s", problem.what, problem.help), arena, out);
	if (look(conn, &list, arena, out, err))
		return true;
	if (!err_is(err, "22023")) /* a zone that the server does not know */
		return false;
	unreadable(err->diag.summary, arena, out);
	err_release(err);
	return true;
}

bool windows_tell(struct conn *conn, const struct run_row *run, const struct plan *plan, struct arena *arena,
                  struct windows_now *out, struct err *err)
{
	struct limits limits;

	*out = (struct windows_now){.open = true};
	if (!run->outside)
		return true;
	return limits_read(conn, run->id, &plan->settings, arena, &limits, err) &&
	       windows_look(conn, &limits.windows, arena, out, err);
}
