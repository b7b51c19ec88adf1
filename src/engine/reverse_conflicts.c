/* What of interlock.undo_conflict people are told. */
#include <stdio.h>
#include <string.h>

#include "engine/reverse.h"

enum { SHOW_ROWS = 3 };

/* The key as the new table calls its columns. */
static const char question[] =
	"SELECT u.kind, coalesce(u.message, '') AS message, coalesce((SELECT string_agg(quote_ident(k ->> 'shadow') || ' = '"
	" || u.key[n], ', ' ORDER BY n) FROM jsonb_array_elements(p.keys) WITH ORDINALITY e(k, n) WHERE n <="
	" cardinality(u.key)), '') AS key, count(*) OVER () AS total, quote_ident(p.retired_schema) || '.' ||"
	" quote_ident(p.retired_name) AS retired FROM interlock.undo_conflict u JOIN interlock.pair p ON p.run = u.run"
	" AND p.number = u.pair WHERE u.run = $1::bigint AND u.pair = $2::integer AND"
	" (u.kind = 'left') = $4::boolean ORDER BY u.kind, u.since DESC, u.key LIMIT $3::integer";

/* A pair; the rows that undo would lose, or those whose keys only_rows had left behind. */
struct about {
	int64_t run;
	int number;
	bool left;
};

/* Those rows, for the caller to free. */
static bool ask(struct conn *conn, const struct about *about, size_t limit, struct rows **rows, struct err *err)
{
	char texts[3][24];
	const char *params[] = {texts[0], texts[1], texts[2], about->left ? "true" : "false"};

	snprintf(texts[0], sizeof(texts[0]), "%lld", (long long)about->run);
	snprintf(texts[1], sizeof(texts[1]), "%d", about->number);
	snprintf(texts[2], sizeof(texts[2]), "%zu", limit);
	return conn_query(conn, &(struct query){.sql = question, .count = 4, .params = params}, rows, err);
}

bool reverse_conflicts(struct session *s, const struct copying *c, size_t limit, struct arena *arena,
                       struct undo_conflict **conflicts, size_t *count, int64_t *total, struct err *err)
{
	struct rows *rows;

	if (!ask(s->worker, &(struct about){c->run, c->number, false}, limit, &rows, err))
		return false;
	*count = rows_count(rows);
	*total = *count ? rows_integer(rows, 0, "total") : 0;
	*conflicts = arena_array(arena, struct undo_conflict, *count);
	for (size_t r = 0; r < *count; r++)
		(*conflicts)[r] = (struct undo_conflict){arena_strdup(arena, rows_get(rows, r, "kind")),
		                                         arena_strdup(arena, rows_get(rows, r, "key")),
		                                         arena_strdup(arena, rows_get(rows, r, "message"))};
	rows_free(rows);
	return true;
}

/* "id = 7 (numeric field overflow), id = 8 (…), …" */
static void add_rows(const struct rows *rows, bool messages, struct buf *out)
{
	for (size_t r = 0; r < rows_count(rows); r++) {
		buf_addf(out, "%s%s", r ? ", " : "", rows_get(rows, r, "key"));
		if (messages)
			buf_addf(out, " (%s)", rows_get(rows, r, "message"));
	}
	if (rows_integer(rows, 0, "total") > (int64_t)rows_count(rows))
		buf_add(out, ", …");
}

/* "3 rows written since the switch don't fit app.orders_retired, and undo would lose them: id = 7 (…)" */
static void add_lost(const struct rows *rows, struct buf *out)
{
	const char *retired = rows_get(rows, 0, "retired");
	int64_t total = rows_integer(rows, 0, "total");

	if (strcmp(rows_get(rows, 0, "kind"), "truncate") == 0) {
		buf_addf(out, "%s, and %s was not: undo would bring its rows back", rows_get(rows, 0, "message"), retired);
		return;
	}
	buf_addf(out, "%lld %s written since the switch %s fit %s, and undo would lose %s: ", (long long)total,
	         total == 1 ? "row" : "rows", total == 1 ? "doesn't" : "don't", retired, total == 1 ? "it" : "them");
	add_rows(rows, true, out);
}

static void add_left(const struct rows *rows, struct buf *out)
{
	bool one = rows_integer(rows, 0, "total") == 1;

	buf_addf(out,
	         "%s%s written since the switch under %s that only_rows had left behind in %s, and undo brings %s back"
	         " instead: ",
	         out->length ? "; " : "", one ? "a row was" : "rows were", one ? "a key" : "keys",
	         rows_get(rows, 0, "retired"), one ? "that one" : "those");
	add_rows(rows, false, out);
}

bool reverse_sentence(struct conn *conn, int64_t run, int number, struct arena *arena, const char **sentence,
                      struct err *err)
{
	struct about about = {run, number, false};
	struct rows *lost, *left;
	struct buf out = {0};

	*sentence = NULL;
	if (!ask(conn, &about, SHOW_ROWS, &lost, err))
		return false;
	about.left = true;
	if (!ask(conn, &about, SHOW_ROWS, &left, err)) {
		rows_free(lost);
		return false;
	}
	if (rows_count(lost))
		add_lost(lost, &out);
	if (rows_count(left))
		add_left(left, &out);
	if (out.length)
		*sentence = arena_strdup(arena, buf_text(&out));
	rows_free(lost);
	rows_free(left);
	buf_release(&out);
	return true;
}
