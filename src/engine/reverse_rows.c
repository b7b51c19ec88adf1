/* What changed, column by column; the statements around it. */
#include "engine/reverse_rows.h"

#include <string.h>

#include "plan/copied_lookup.h"

#define WAS "pg_temp.\"~interlock_was\""

static const char *taken(struct buf *buf, struct arena *arena)
{
	const char *text = arena_strdup(arena, buf_text(buf));

	buf_release(buf);
	return text;
}

const char *const *reverse_key_items(const struct copying *c, const char *row, struct arena *arena)
{
	const char **items = arena_array(arena, const char *, c->key_count);

	for (size_t i = 0; i < c->key_count; i++)
		items[i] = arena_printf(arena, "%s.\"~%zu\"", row, i + 1);
	return items;
}

const char *reverse_keys(const struct copying *c, const char *deeds, const char *which, struct arena *arena)
{
	struct buf out = {0};

	buf_addf(&out, "(SELECT %s FROM " REVERSE_KEYS " WHERE deed IN (%s) AND %s) AS \"~w\"(",
	         copying_numbered(c, "k", arena), deeds, which);
	for (size_t i = 0; i < c->key_count; i++)
		buf_addf(&out, "%s\"~%zu\"", i ? ", " : "", i + 1);
	buf_add_char(&out, ')');
	return taken(&out, arena);
}

/* The key of a row of one side is that of a key row. */
static const char *same(const struct copying *c, enum copying_side side, const char *row, const char *keys,
                        struct arena *arena)
{
	return copying_same(c, copying_key_items(c, side, row, arena), reverse_key_items(c, keys, arena), arena);
}

/* The new table and the keys, for FROM. */
static const char *new_rows(const struct copying *c, const char *deeds, const char *which, struct arena *arena)
{
	return arena_printf(arena, "%s JOIN ONLY %s AS %s ON %s", reverse_keys(c, deeds, which, arena), c->live_quoted,
	                    c->shadow_alias, same(c, COPYING_SHADOW, c->shadow_alias, "\"~w\"", arena));
}

/* ---- What changed ---- */

static void add_difference(const char *a, const char *b, bool comparable, struct buf *out)
{
	const char *as = comparable ? "" : "::pg_catalog.text COLLATE pg_catalog.\"C\"";

	buf_addf(out, "%s%s IS DISTINCT FROM %s%s", a, as, b, as);
}

/*
 * What was looked up is another one than the copy wrote, but not because the
 * other table has changed since: its notes say what it was (plan/copied_lookup.h).
 */
static void add_not_noted(const struct copying *c, size_t column, struct buf *out)
{
	if (c->lookup && strcmp(c->columns[column].name, c->lookup->column) == 0)
		buf_addf(
			out,
			" AND NOT EXISTS (SELECT FROM %s AS \"~g\" WHERE %s AND \"~g\".was::pg_catalog.text IS NOT DISTINCT"
			" FROM \"~n\".\"~s%zu\"::pg_catalog.text)",
			c->lookup->looked, c->lookup->noted, column);
}

/* Not the key by which the row was found, nor what the new row has no say in: NULL. */
static const char *changed(const struct copying *c, const struct copied_back *b, struct arena *arena)
{
	struct buf out = {0};

	if ((b->is_key && b->comparable) || (b->read_count == 0 && !b->reads_others))
		return NULL;
	if (b->reads_others) {
		add_difference(arena_printf(arena, "\"~n\".\"~g%zu\"", (size_t)(b - c->back)),
		               arena_printf(arena, "%s.%s", c->alias, b->name), b->comparable, &out);
		return taken(&out, arena);
	}
	for (size_t i = 0; i < b->read_count; i++) {
		const struct copied_column *column = &c->columns[b->reads[i]];

		buf_add(&out, i ? " OR " : "");
		add_difference(arena_printf(arena, "(%s)::%s", column->value, column->type),
		               arena_printf(arena, "\"~n\".\"~s%zu\"", b->reads[i]), column->comparable, &out);
		add_not_noted(c, b->reads[i], &out);
	}
	return taken(&out, arena);
}

bool reverse_rows_only_anew(const struct copying *c)
{
	for (size_t i = 0; i < c->back_count; i++)
		if (c->back[i].is_always_identity && !c->back[i].is_key)
			return true;
	return false;
}

/* Does the SQL of a column that comes back read this one? */
static bool is_read(const struct copying *c, size_t column)
{
	for (size_t i = 0; i < c->back_count; i++)
		for (size_t r = 0; r < c->back[i].read_count; r++)
			if (c->back[i].reads[r] == column)
				return true;
	return false;
}

/* The new rows with what they give back, "~g0" …, and what that is made of, "~s0" …. */
static const char *given_back(const struct copying *c, const char *which, struct arena *arena)
{
	struct buf out = {0};

	buf_add(&out, "(SELECT \"~w\".*");
	for (size_t i = 0; i < c->back_count; i++)
		buf_addf(&out, ", (%s)::%s AS \"~g%zu\"", c->back[i].value, c->back[i].plain, i);
	for (size_t i = 0; i < c->column_count; i++)
		if (is_read(c, i))
			buf_addf(&out, ", %s.%s AS \"~s%zu\"", c->shadow_alias, c->columns[i].name, i);
	buf_addf(&out, " FROM %s) AS \"~n\"", new_rows(c, "'u'", which, arena));
	return taken(&out, arena);
}

/*
 * Rows of `target`, the retired table or what was taken out of it, get what
 * changed.  A value is assigned without its length, so that the server
 * refuses what is too long.
 */
static const char *update(const struct copying *c, const char *target, bool identity, const char *which,
                          struct arena *arena)
{
	struct buf set = {0}, where = {0};
	const char *text = "";

	for (size_t i = 0; i < c->back_count; i++) {
		const struct copied_back *b = &c->back[i];
		const char *condition = b->is_always_identity && !identity ? NULL : changed(c, b, arena);

		if (!condition)
			continue;
		buf_addf(&set, "%s%s = CASE WHEN %s THEN \"~n\".\"~g%zu\" ELSE %s.%s END", set.length ? ", " : "", b->name,
		         condition, i, c->alias, b->name);
		buf_addf(&where, "%s(%s)", where.length ? " OR " : "", condition);
	}
	if (set.length)
		text = arena_printf(arena, "UPDATE ONLY %s AS %s SET %s FROM %s WHERE %s AND (%s);\n", target, c->alias,
		                    buf_text(&set), given_back(c, which, arena),
		                    same(c, COPYING_LIVE, c->alias, "\"~n\"", arena), buf_text(&where));
	buf_release(&set);
	buf_release(&where);
	return text;
}

/* ---- Statements ---- */

static const char *removal(const struct copying *c, const char *deeds, const char *which, struct arena *arena)
{
	return arena_printf(arena, "DELETE FROM ONLY %s AS \"~o\" USING %s WHERE %s;\n", c->retired_quoted,
	                    reverse_keys(c, deeds, which, arena), same(c, COPYING_LIVE, "\"~o\"", "\"~w\"", arena));
}

static const char *insertion(const struct copying *c, const char *which, struct arena *arena)
{
	struct buf names = {0}, values = {0};
	const char *text;

	for (size_t i = 0; i < c->back_count; i++) {
		buf_addf(&names, "%s%s", i ? ", " : "", c->back[i].name);
		buf_addf(&values, "%s(%s)", i ? ", " : "", c->back[i].value);
	}
	text =
		arena_printf(arena, "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s;\n", c->retired_quoted,
	                 buf_text(&names), buf_text(&values), new_rows(c, "'i', 'r'", which, arena));
	buf_release(&names);
	buf_release(&values);
	return text;
}

const char *reverse_rows_plain(const struct copying *c, const char *which, struct arena *arena)
{
	return arena_printf(arena, "%s%s%s", removal(c, "'d', 'r'", which, arena),
	                    update(c, c->retired_quoted, false, which, arena), insertion(c, which, arena));
}

const char *reverse_rows_take_out(const struct copying *c, const char *which, struct arena *arena)
{
	return arena_printf(arena,
	                    "DROP TABLE IF EXISTS " WAS ";\n"
	                    "CREATE TEMPORARY TABLE \"~interlock_was\" ON COMMIT DROP AS SELECT \"~o\".* FROM %s"
	                    " JOIN ONLY %s AS \"~o\" ON %s;\n%s%s",
	                    reverse_keys(c, "'u'", which, arena), c->retired_quoted,
	                    same(c, COPYING_LIVE, "\"~o\"", "\"~w\"", arena), update(c, WAS, true, which, arena),
	                    removal(c, "'d', 'r', 'u'", which, arena));
}

const char *reverse_rows_list(const struct copying *c, struct arena *arena)
{
	return arena_printf(
		arena,
		"SELECT pg_catalog.string_agg(pg_catalog.quote_ident(attname), ', ' ORDER BY attnum) INTO \"~list\""
		" FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass(%s) AND attnum > 0"
		" AND NOT attisdropped AND attgenerated = '';\n",
		literal_quoted(arena, c->retired_quoted));
}

/* What was taken out, all of it or as `where` says. */
static const char *put(const struct copying *c, const char *where, const char *using, struct arena *arena)
{
	const char *into = arena_printf(arena, "INSERT INTO %s (", c->retired_quoted);
	const char *from = arena_printf(arena, " FROM " WAS " AS \"~o\"%s", where);

	return arena_printf(arena,
	                    "EXECUTE pg_catalog.concat(%s, \"~list\", ') OVERRIDING SYSTEM VALUE SELECT ', \"~list\","
	                    " %s)%s;\n",
	                    literal_quoted(arena, into), literal_quoted(arena, from), using);
}

const char *reverse_rows_put_all(const struct copying *c, const char *which, struct arena *arena)
{
	return arena_printf(arena, "%s%s", put(c, "", "", arena), insertion(c, which, arena));
}

const char *reverse_rows_put_one(const struct copying *c, struct arena *arena)
{
	const char *where =
		arena_printf(arena, " WHERE EXISTS (SELECT FROM %s WHERE %s)", reverse_keys(c, "'u'", "no = $1", arena),
	                 same(c, COPYING_LIVE, "\"~o\"", "\"~w\"", arena));

	return arena_printf(arena, "%s%s", put(c, where, " USING \"~no\"", arena),
	                    insertion(c, "no = \"~no\"", arena));
}
