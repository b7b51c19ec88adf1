/* The copies of inserted rows, and deleting the rows again that are still what they were. */
#include "plan/inserted.h"

#include <jansson.h>
#include <string.h>

#include "plan/again.h"

/* The pieces of which the statements are made. */
struct inserted {
	const struct facts *facts;
	struct stmts *stmts;
	const char *into, *store; /* the table and the copies, quoted */
	json_t *keys;             /* quoted names, of when it was done */
	json_t *were, *are;       /* columns then and now */
};

const char *inserted_table(const struct facts *facts, struct arena *arena)
{
	return arena_printf(arena, "interlock.inserted_%lld_%d", (long long)facts->run, facts->number);
}

static const char *bare(const char *store)
{
	return store + strlen("interlock.");
}

bool inserted_already(const struct facts *facts, struct arena *arena)
{
	return again_holds(record_get(facts->now, "inserted"), bare(inserted_table(facts, arena)));
}

bool inserted_refused(const struct relname *into, const struct facts *facts, struct stmts *stmts)
{
	const char *role = record_get(facts->now, "role"), *table = relname_quoted(stmts->arena, into);

	if (!role || record_true(facts->now, "may_insert"))
		return false;
	stmts_refuse(stmts,
	             arena_printf(stmts->arena, "GRANT SELECT, INSERT ON %s TO %s, or run the plan as its owner",
	                          table, ident_quoted(stmts->arena, role)),
	             "role \"%s\" may not insert into %s", role, table);
	stmts->refusal_option = "into";
	return true;
}

void inserted_make(const struct relname *into, const struct facts *facts, struct stmts *stmts)
{
	stmts_add(stmts, STMT_TOGETHER, "CREATE TABLE %s AS TABLE %s WITH NO DATA",
	          inserted_table(facts, stmts->arena), relname_quoted(stmts->arena, into));
}

void inserted_expire(const struct facts *facts, struct stmts *stmts)
{
	if (inserted_already(facts, stmts->arena))
		stmts_add(stmts, STMT_TOGETHER, "DROP TABLE %s", inserted_table(facts, stmts->arena))->note =
			"its time is over; the rows stay";
}

static json_t *list_of(const struct record *record, const char *column)
{
	const char *text = record_get(record, column);

	return text ? json_loads(text, 0, NULL) : NULL;
}

static const char *text_of(json_t *entry, const char *key)
{
	return json_string_value(json_object_get(entry, key));
}

static bool has_column(json_t *columns, const char *name)
{
	json_t *entry;
	size_t i;

	json_array_foreach(columns, i, entry) if (strcmp(text_of(entry, "name"), name) == 0) return true;
	return false;
}

/* "a.x = b.x AND a.y = b.y" over the key, for two aliases. */
static const char *match(const struct inserted *in, const char *a, const char *b)
{
	struct buf out = {0};
	json_t *entry;
	const char *copy;
	size_t i;

	json_array_foreach(in->keys, i, entry) buf_addf(&out, "%s%s.%s = %s.%s", i ? " AND " : "", a,
	                                                json_string_value(entry), b, json_string_value(entry));
	copy = arena_strdup(in->stmts->arena, buf_text(&out));
	buf_release(&out);
	return copy;
}

/* "t.x, t.y": the key, for people. */
static const char *shown(const struct inserted *in)
{
	struct buf out = {0};
	json_t *entry;
	const char *copy;
	size_t i;

	json_array_foreach(in->keys, i, entry) buf_addf(&out, "%st.%s", i ? ", " : "", json_string_value(entry));
	copy = arena_strdup(in->stmts->arena, buf_text(&out));
	buf_release(&out);
	return copy;
}

/* "app.kinds t JOIN interlock.inserted_7_3 i ON …" */
static const char *both(const struct inserted *in)
{
	return arena_printf(in->stmts->arena, "%s t JOIN %s i ON %s", in->into, in->store, match(in, "i", "t"));
}

/*
 * The condition that row t holds something that row i, its copy, does not.  A
 * column that came since is only looked at for what is not its default, one
 * of another type than it had with that type.
 */
static const char *is_changed(const struct inserted *in)
{
	struct buf then = {0}, now = {0}, since = {0};
	json_t *entry;
	const char *copy;
	size_t i;

	json_array_foreach(in->are, i, entry)
	{
		const char *name = text_of(entry, "name"), *value = text_of(entry, "default");

		if (has_column(in->were, name)) {
			buf_addf(&now, "%st.%s", now.length ? ", " : "", name);
			buf_addf(&then, "%si.%s::%s", then.length ? ", " : "", name, text_of(entry, "type"));
		} else if (!json_is_true(json_object_get(entry, "generated"))) {
			buf_addf(&since, " OR t.%s IS NOT NULL AND t.%s::text IS DISTINCT FROM (%s)::text", name, name,
			         value ? value : "NULL");
		}
	}
	copy = arena_printf(in->stmts->arena, "pg_catalog.record_image_ne(ROW(%s), ROW(%s))%s", buf_text(&now),
	                    buf_text(&then), buf_text(&since));
	buf_release(&then);
	buf_release(&now);
	buf_release(&since);
	return copy;
}

static struct stmt *must_be_empty(const struct inserted *in, const char *query, const char *wrong)
{
	struct stmt *stmt = stmts_add(in->stmts, STMT_TOGETHER, "%s LIMIT %d", query, VERIFY_ROWS);

	stmt->must_be_empty = true;
	stmt->wrong = wrong;
	return stmt;
}

static struct stmt *verify_unchanged(const struct inserted *in)
{
	struct stmt *stmt = must_be_empty(
		in, arena_printf(in->stmts->arena, "SELECT %s FROM %s WHERE %s", shown(in), both(in), is_changed(in)),
		"rows that this step inserted were changed since");

	stmt->help = "undo loses nothing: delete them by hand, or set them to what they were";
	return stmt;
}

/* Whatever the foreign key would do to them: what refers to our rows is not ours. */
static void verify_nobody_refers(const struct inserted *in)
{
	json_t *referrers = list_of(in->facts->now, "referrers"), *entry;
	struct arena *arena = in->stmts->arena;
	struct stmt *stmt;
	size_t i;

	json_array_foreach(referrers, i, entry)
	{
		const char *table = text_of(entry, "table"), *others = "";

		if (json_is_true(json_object_get(entry, "own")))
			others =
				arena_printf(arena, " AND NOT EXISTS (SELECT FROM %s o WHERE %s)", in->store, match(in, "o", "c"));
		stmt = must_be_empty(
			in,
			arena_printf(
				arena, "SELECT %s, %s AS referred_to_by FROM %s WHERE EXISTS (SELECT FROM %s c WHERE %s%s)",
				shown(in), literal_quoted(arena, table), both(in), table, text_of(entry, "match"), others),
			"rows that this step inserted are referred to by others");
		stmt->help = "undo loses nothing: let those refer to other rows, or delete them; then undo again";
	}
	json_decref(referrers);
}

static void take_back(const struct inserted *in)
{
	struct stmt *stmt;

	/* Asked before anything is taken back, and again when nobody can change them any more. */
	stmt = verify_unchanged(in);
	stmt->mode = STMT_ALONE;
	stmt->slow = true;
	/* From here on nobody changes them, and nobody can begin to refer to them. */
	stmt = stmts_add(in->stmts, STMT_TOGETHER, "SELECT count(*) FROM (SELECT FROM %s FOR UPDATE OF t) AS locked",
	                 both(in));
	stmt->slow = true;
	verify_unchanged(in);
	verify_nobody_refers(in);
	stmt = stmts_add(in->stmts, STMT_TOGETHER, "DELETE FROM %s t USING %s i WHERE %s", in->into, in->store,
	                 match(in, "i", "t"));
	stmt->note = "exactly the rows that were inserted";
}

/* Is there a table of the name of the one that got the rows? */
static bool is_there(const struct inserted *in)
{
	return record_true(in->facts->now, "there");
}

static bool refused(const struct inserted *in)
{
	const char *store = bare(in->store), *instead = record_get(in->facts->now, "instead");
	json_t *entry;
	size_t i;

	if (!again_holds(record_get(in->facts->now, "inserted"), store)) {
		stmts_refuse(in->stmts, "delete by hand what should go",
		             "table %s, which says what was inserted into %s, is gone", in->store, in->into);
		in->stmts->refusal_stays = true;
	} else if (instead) {
		stmts_refuse(in->stmts, "bring the table back under its name", "%s", instead);
	}
	json_array_foreach(in->keys, i, entry)
	{
		if (in->stmts->refusal || !is_there(in) || has_column(in->are, json_string_value(entry)))
			continue;
		stmts_refuse(in->stmts, "bring it back under its name",
		             "%s has no column %s any more, by which the inserted rows are found", in->into,
		             json_string_value(entry));
	}
	return in->stmts->refusal != NULL;
}

void inserted_take_back(const struct relname *into, const struct facts *facts, struct stmts *stmts)
{
	struct inserted in = {.facts = facts, .stmts = stmts};

	in.into = relname_quoted(stmts->arena, into);
	in.store = inserted_table(facts, stmts->arena);
	in.keys = list_of(facts->before, "key_names");
	in.were = list_of(facts->before, "columns");
	in.are = list_of(facts->now, "columns");
	if (!refused(&in)) {
		/* Where the table is gone, so are the rows. */
		if (is_there(&in))
			take_back(&in);
		stmts_add(stmts, STMT_TOGETHER, "DROP TABLE %s", in.store);
	}
	json_decref(in.keys);
	json_decref(in.were);
	json_decref(in.are);
}
