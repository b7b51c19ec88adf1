/*
 * A change of type that would write the table anew: a second column of the
 * new type beside the first, kept alike, filled, indexed, switched, and the
 * first one dropped when nobody uses it.  The catalogue says what hangs on it.
 */
#include <string.h>

#include "convert/read.h"
#include "db/conn.h"
#include "sql/ident.h"
#include "sql/trial.h"

/* What must be made for the second column as well, in SQL; a key that can't be is told apart. */
static const char column_query[] =
	"SELECT pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull,"
	" (a.attidentity <> '' OR a.attgenerated <> '' OR c.relkind <> 'r' OR EXISTS (SELECT FROM pg_catalog.pg_constraint k"
	" WHERE k.conrelid = a.attrelid AND k.contype IN ('p', 'x') AND a.attnum = ANY (k.conkey))) AS fixed"
	" FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
	" WHERE a.attrelid = $1::oid AND a.attname = $2::name AND NOT a.attisdropped";

static const char parts_query[] =
	"SELECT 'ALTER TABLE ' || k.conrelid::regclass || ' ADD ' || pg_catalog.pg_get_constraintdef(k.oid) AS sql, 1 AS n, k.conname AS name"
	" FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)"
	" WHERE k.conrelid = $1::oid AND a.attname = $2::name AND k.contype IN ('c', 'u')"
	" UNION ALL SELECT pg_catalog.pg_get_indexdef(i.indexrelid), 2, i.indexrelid::regclass::text FROM pg_catalog.pg_index i"
	" WHERE i.indrelid = $1::oid AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid"
	" AND k.contype IN ('p', 'u', 'x')) AND EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a"
	" ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE d.classid = 'pg_catalog.pg_class'::regclass"
	" AND d.objid = i.indexrelid AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = $1::oid"
	" AND a.attname = $2::name) ORDER BY 2, 3";

struct swap {
	const struct second_column *of;
	const char *column, *second, *retired; /* quoted */
	const char *old_type;
	bool not_null;
	const char **parts; /* SQL that makes what hangs on the first column for the second */
	size_t part_count;
};

static bool ask(struct reader *r, const char *sql, const char *column, struct rows **rows)
{
	const char *params[] = {arena_printf(r->arena, "%u", r->relation->oid), column};
	const struct query query = {.sql = sql, .count = 2, .params = params};
	struct err err = {0};
	bool ok = conn_query(r->lint->conn, &query, rows, &err);

	err_release(&err);
	return ok;
}

static bool look_at_column(struct reader *r, struct swap *s)
{
	struct rows *rows = NULL;
	bool good;

	if (r->relation->oid == 0 || !ask(r, column_query, s->of->column, &rows))
		return false;
	good = rows_count(rows) == 1 && !rows_true(rows, 0, "fixed");
	if (good) {
		s->old_type = arena_strdup(r->arena, rows_get(rows, 0, "type"));
		s->not_null = rows_true(rows, 0, "attnotnull");
	}
	rows_free(rows);
	return good;
}

/* The steps from here on stand for the part of the file that is read, and for the column. */
static void claim(struct reader *r, struct draft *before, const char *column)
{
	const char *words = before ? before->next->words : r->out->first->words;

	for (struct draft *d = before ? before->next : r->out->first; d; d = d->next) {
		d->sql = r->sql;
		d->line = r->line;
		d->table = r->relation->name;
		d->made = NULL;
		d->words = d->stands_apart ? d->words : words;
		draft_name(d, column);
	}
}

static const char *folded(struct reader *r, const char *text, const struct token *token)
{
	const char *words = arena_strndup(r->arena, text + token->start, token->end - token->start), *name;

	return ident_parse_name(words, r->arena, &name) ? "" : name;
}

/* The same text with the other column's name, and without the name of the index, which PostgreSQL then chooses. */
static const char *for_second(struct reader *r, const char *sql, const struct swap *s)
{
	struct source source;
	struct buf out = {0};
	const char *text;
	size_t at = 0, open, on;

	if (!source_open(&source, sql, r->arena))
		return sql;
	open = source_open_paren(&source, 0, source.tokens.count);
	on = source_is(&source, 0, "create") ? source_find(&source, 0, open, "on") : 0;
	for (size_t i = 0; i < source.tokens.count; i++) {
		const struct token *token = &source.tokens.items[i];
		bool called = i + 1 < source.tokens.count && source.tokens.items[i + 1].kind == '(';

		buf_add_bytes(&out, sql + at, token->start - at);
		if (i + 1 == on) /* the index's name */
			buf_add(&out, "");
		else if (i > open && !called && strcmp(folded(r, sql, token), s->of->column) == 0)
			buf_add(&out, s->second);
		else
			buf_add_bytes(&out, sql + token->start, token->end - token->start);
		at = token->end;
	}
	text = arena_strdup(r->arena, buf_text(&out));
	buf_release(&out);
	return text;
}

/* Reads SQL as if it stood in the file. */
static void add_as_read(struct reader *r, const char *sql)
{
	const struct script_statement *whole = r->lint->statement;
	const struct script_statement statement = {sql, r->line, r->line};
	struct err err = {0};
	PgQuery__ParseResult *tree = statement_parse(sql, &err);

	err_release(&err);
	if (!tree)
		return;
	lint_keep_tree(r->lint, tree);
	r->lint->statement = &statement;
	for (size_t i = 0; i < tree->n_stmts; i++)
		convert_statement(r->lint, tree->stmts[i]->stmt, r->out);
	r->lint->statement = whole;
}

/* Does it stand on another column that this file switches, too?  Its index would have to be made twice. */
static bool is_shared(struct reader *r, const char *sql)
{
	for (const struct draft *d = r->out->first; d; d = d->next)
		if (!d->is_left_out && strcmp(d->primitive, "rename_swap_column") == 0 && d->name_count > 0 &&
		    strcmp(d->table, r->relation->name) == 0 && mentions(sql, d->names[0]))
			return true;
	return false;
}

/* false: one of them can't be made. */
static bool read_parts(struct reader *r, struct swap *s)
{
	struct rows *rows = NULL;
	bool good = ask(r, parts_query, s->of->column, &rows);

	if (!good)
		return false;
	s->parts = arena_array(r->arena, const char *, rows_count(rows) + 1);
	for (size_t i = 0; good && i < rows_count(rows); i++) {
		good = !is_shared(r, rows_get(rows, i, "sql"));
		s->parts[s->part_count++] = for_second(r, rows_get(rows, i, "sql"), s);
	}
	rows_free(rows);
	return good;
}

/* ---- The steps ---- */

static void one(struct reader *r, struct draft *draft, const char *option, const char *column, const char *value)
{
	const char **pair = arena_array(r->arena, const char *, 2);

	pair[0] = column;
	pair[1] = value;
	draft_map(draft, option, &pair[0], &pair[1], 1);
}

static void add_and_fill(struct reader *r, const struct swap *s)
{
	const char *forward = s->of->value ? s->of->value : s->column;
	struct draft *draft =
		add_step(r, "add_column_if_missing", RANK_EXPAND, "change %s.%s to %s", r->table, s->column, s->of->type);

	draft_text(draft, "table", r->table);
	draft_text(draft, "column", s->second);
	draft_text(draft, "type", s->of->type);
	draft = add_step(r, "sync_columns", RANK_EXPAND, "keep both alike");
	draft_text(draft, "table", r->table);
	one(r, draft, "forward", s->second, forward);
	one(r, draft, "back", s->column, arena_printf(r->arena, "%s::%s", s->second, s->old_type));
	draft_text(draft, "both", "error");
	if (s->of->value)
		draft_decide(r->arena, draft,
		             "does back give what the old type had?  It is what releases of before read of rows "
		             "that are written meanwhile");
	else if (s->of->may_lose)
		draft_decide(r->arena, draft,
		             "values that the new type can't hold stop here and in the backfill, as they stop "
		             "ALTER TABLE: are there any, and what becomes of them?");
	draft = add_step(r, "backfill", RANK_FILL, "fill it");
	draft_text(draft, "table", r->table);
	one(r, draft, "set", s->second, forward);
}

/* The drop is a plan of its own: what keeps the columns alike hangs on them until the first plan is done. */
static void switch_and_drop(struct reader *r, const struct swap *s)
{
	struct draft *draft = add_step(r, "rename_swap_column", RANK_SWITCH, "switch %s.%s", r->table, s->column);

	draft_text(draft, "table", r->table);
	draft_text(draft, "column", s->column);
	draft_text(draft, "with", s->second);
	draft_text(draft, "retire_as", s->retired);
	draft =
		add_step(r, "drop_column_if_exists", RANK_CONTRACT, "drop the old column %s of %s", s->retired, r->table);
	draft_text(draft, "table", r->table);
	draft_text(draft, "column", s->retired);
	if (!lacks_key(r))
		draft_text(draft, "archive", "90 days");
	draft->stands_apart = true;
	draft_remark(r->arena, draft,
	             "when the plan that switches is done: the triggers that fill the columns go with it");
}

bool convert_second_column(struct reader *r, const struct second_column *of)
{
	struct swap s = {.of = of, .column = plain_name(r, of->column)};
	struct draft *before = r->out->last, *draft;

	s.second = ident_quoted(r->arena, ident_derived(r->arena, of->column, NULL, "new"));
	s.retired = ident_quoted(r->arena, ident_derived(r->arena, of->column, NULL, "old"));
	if (!look_at_column(r, &s) || !read_parts(r, &s))
		return false;
	add_and_fill(r, &s);
	for (size_t i = 0; i < s.part_count; i++)
		add_as_read(r, s.parts[i]);
	if (s.not_null) {
		draft = add_step(r, "set_not_null", RANK_EXPAND, "set NOT NULL of it");
		draft_text(draft, "table", r->table);
		draft_text(draft, "column", s.second);
	}
	switch_and_drop(r, &s);
	claim(r, before, of->column);
	return true;
}
