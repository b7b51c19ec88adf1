/* Which file reads which kind of statement, and what all of them need. */
#include "convert/read.h"

#include <stdarg.h>
#include <string.h>

#include "sql/classify.h"
#include "sql/ident.h"
#include "sql/tree.h"

#define NODE(name) PG_QUERY__NODE__NODE_##name

static void leave_out(struct reader *r, const PgQuery__Node *node)
{
	(void)r;
	(void)node;
}

/* It changes no schema and no row, and what a plan's steps promise does not hold for it. */
static void maintenance(struct reader *r, const PgQuery__Node *node)
{
	struct diag *diag = diags_add(r->out->left_out, SEVERITY_NOTE, NULL, (struct span){r->out->path, r->line},
	                              "\"%.*s\" stands in no plan", (int)strcspn(r->sql, "\r\n"), r->sql);

	(void)node;
	diag_help(&r->out->left_out->arena, diag,
	          "it changes neither schema nor rows: run it by hand, apart from the plan");
}

/* The transactions, settings and locks of a plan are Interlock's; a search_path is in the model. */
static const struct kind {
	PgQuery__Node__NodeCase node;
	void (*read)(struct reader *r, const PgQuery__Node *node);
} kinds[] = {
	{NODE(TRANSACTION_STMT), leave_out},
	{NODE(VARIABLE_SET_STMT), leave_out},
	{NODE(VARIABLE_SHOW_STMT), leave_out},
	{NODE(LOCK_STMT), leave_out},
	{NODE(CONSTRAINTS_SET_STMT), leave_out},
	{NODE(REINDEX_STMT), maintenance},
	{NODE(VACUUM_STMT), maintenance},
	{NODE(CLUSTER_STMT), maintenance},
	{NODE(CHECK_POINT_STMT), maintenance},
	{NODE(ALTER_TABLE_STMT), convert_alter_table},
	{NODE(CREATE_STMT), convert_create_table},
	{NODE(INDEX_STMT), convert_create_index},
	{NODE(VIEW_STMT), convert_create_view},
	{NODE(CREATE_ENUM_STMT), convert_create_enum},
	{NODE(ALTER_ENUM_STMT), convert_alter_enum},
	{NODE(CREATE_SEQ_STMT), convert_create_sequence},
	{NODE(CREATE_SCHEMA_STMT), convert_create_schema},
	{NODE(CREATE_EXTENSION_STMT), convert_create_extension},
	{NODE(DROP_STMT), convert_drop},
	{NODE(TRUNCATE_STMT), convert_truncate},
	{NODE(RENAME_STMT), convert_rename},
	{NODE(UPDATE_STMT), convert_update},
	{NODE(DELETE_STMT), convert_delete},
	{NODE(INSERT_STMT), convert_insert},
	{NODE(COMMENT_STMT), convert_comment},
	{NODE(GRANT_STMT), convert_grant},
	{NODE(CREATE_FUNCTION_STMT), convert_create_other},
	{NODE(CREATE_TRIG_STMT), convert_create_other},
	{NODE(CREATE_POLICY_STMT), convert_create_other},
	{NODE(CREATE_DOMAIN_STMT), convert_create_other},
	{NODE(COMPOSITE_TYPE_STMT), convert_create_other},
	{NODE(CREATE_TABLE_AS_STMT), convert_create_other},
};

void read_part(struct reader *r, size_t from, size_t end, const char *sql)
{
	r->from = from;
	r->end = end;
	r->sql = sql ? sql : source_slice(&r->source, from, end);
	r->line = r->lint->statement->line;
	if (from < r->source.tokens.count)
		for (size_t i = 0; i < r->source.tokens.items[from].start; i++)
			r->line += r->source.text[i] == '\n';
}

/* In the schema that the model finds, so that a search_path of the file does not matter to the plan. */
const char *relation_name(struct reader *r, const PgQuery__RangeVar *range)
{
	const struct relation *relation = schema_find(&r->lint->schema, range->schemaname, range->relname);
	const char *schema = range->schemaname && *range->schemaname ? range->schemaname
	                     : relation                              ? relation->schema
	                                                             : schema_creates_in(&r->lint->schema);
	const struct relname name = {schema, range->relname};

	return strcmp(schema, "public") == 0 ? ident_quoted(r->arena, name.name) : relname_quoted(r->arena, &name);
}

const char *list_relation_name(struct reader *r, PgQuery__Node *const *words, size_t count)
{
	const char *schema, *name = list_name(words, count, &schema);
	PgQuery__RangeVar range = PG_QUERY__RANGE_VAR__INIT;

	range.schemaname = (char *)(uintptr_t)(schema ? schema : "");
	range.relname = (char *)(uintptr_t)(name ? name : "");
	return relation_name(r, &range);
}

const char *plain_name(struct reader *r, const char *name)
{
	return name && *name ? ident_quoted(r->arena, name) : NULL;
}

const char *column_names(struct reader *r, PgQuery__Node *const *words, size_t count)
{
	struct buf out = {0};
	const char *text;

	for (size_t i = 0; i < count; i++)
		buf_addf(&out, "%s%s", i ? ", " : "", ident_quoted(r->arena, tree_string(words[i])));
	text = arena_strdup(r->arena, buf_text(&out));
	buf_release(&out);
	return text;
}

void read_on(struct reader *r, const PgQuery__RangeVar *range)
{
	r->relation = schema_relation(&r->lint->schema, range);
	r->table = relation_name(r, range);
}

static void append(struct conversion *out, struct draft *draft)
{
	if (out->last)
		out->last->next = draft;
	else
		out->first = draft;
	out->last = draft;
}

struct draft *add_step(struct reader *r, const char *primitive, enum rank rank, const char *words, ...)
{
	struct draft *draft = draft_new(r->arena, primitive, rank);
	va_list args;

	draft->line = r->line;
	draft->sql = r->sql;
	draft->table = r->relation ? arena_strdup(r->arena, r->relation->name) : NULL;
	va_start(args, words);
	draft->words = arena_vprintf(r->arena, words, args);
	va_end(args);
	append(r->out, draft);
	return draft;
}

struct draft *made_before(struct reader *r, const char *name)
{
	struct draft *found = NULL;

	for (struct draft *d = r->out->first; d; d = d->next)
		if (!d->is_left_out && d->made && strcmp(d->made, name) == 0)
			found = d;
	return found;
}

bool lacks_key(const struct reader *r)
{
	if (!r->relation->known)
		return false;
	for (const struct constraint *c = r->relation->constraints; c; c = c->next)
		if (!c->dropped && (c->kind == CONSTRAINT_PRIMARY || c->kind == CONSTRAINT_UNIQUE))
			return false;
	return true;
}

/* ---- SQL as it is ---- */

enum { WORDS_MAX = 60 }; /* of a statement in a title */

static enum rank rank_of(const struct statement *statement)
{
	switch (statement->kind) {
	case STATEMENT_ADDITIVE:
		return RANK_EXPAND;
	case STATEMENT_SWITCH:
		return RANK_SWITCH;
	case STATEMENT_DESTRUCTIVE:
		return RANK_CONTRACT;
	default:
		return RANK_FILL;
	}
}

static void tell_path(struct reader *r, const struct statement *statement)
{
	const char *const *path = r->lint->schema.path;
	struct buf out = {0};

	if (!statement->unplaced && path[0] && strcmp(path[0], "public") == 0)
		return;
	for (size_t i = 0; path[i]; i++)
		if (strcmp(path[i], "pg_catalog") != 0)
			buf_addf(&out, "%s%s", out.length ? ", " : "", ident_quoted(r->arena, path[i]));
	buf_addf(&out, "%spg_catalog", out.length ? ", " : "");
	r->out->search_path = arena_strdup(r->arena, buf_text(&out));
	buf_release(&out);
}

struct draft *add_own_sql(struct reader *r, const char *sql, const char *undo, const char *reason)
{
	struct statement *statements;
	struct err err = {0};
	size_t count = 0;
	struct draft *draft;
	enum rank rank = RANK_EXPAND;
	int shown = (int)strcspn(sql, "\r\n");

	if (!sql_classify(sql, r->arena, &statements, &count, &err))
		rank = RANK_FILL;
	err_release(&err);
	for (size_t i = 0; i < count; i++) {
		enum rank next = rank_of(&statements[i]);

		rank = next > rank ? next : rank;
		tell_path(r, &statements[i]);
	}
	if (shown > WORDS_MAX) {
		for (shown = WORDS_MAX; shown > 0 && ((unsigned char)sql[shown] & 0xC0) == 0x80;)
			shown--;
	}
	draft = add_step(r, "sql_step", rank, "%.*s%s", shown, sql, sql[shown] ? " …" : "");
	draft_sql(draft, "sql", sql);
	if (undo)
		draft_sql(draft, "undo", undo);
	else
		draft_word(draft, "undo", "false");
	draft_text(draft, "reason", reason);
	return draft;
}

struct draft *add_sql(struct reader *r, const char *undo, const char *reason)
{
	return add_own_sql(r, r->sql, undo, reason);
}

/* ---- One statement ---- */

void convert_statement(struct lint *lint, const PgQuery__Node *node, struct conversion *out)
{
	struct reader r = {.lint = lint, .out = out, .arena = &out->arena};

	if (!node || !source_open(&r.source, lint->statement->text, r.arena))
		return;
	read_part(&r, 0, r.source.tokens.count, NULL);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].node == node->node_case) {
			kinds[i].read(&r, node);
			return;
		}
	convert_any(&r, node);
}

static void listen(struct lint *lint, const PgQuery__Node *node, void *context)
{
	convert_statement(lint, node, context);
}

static void keep_unreadable(const struct diags *found, struct diags *diags)
{
	for (const struct diag *diag = found->first; diag; diag = diag->next)
		if (diag->rule && strcmp(diag->rule, "cannot-check") == 0)
			diags_append(diags, diag);
}

bool convert_text(struct lint *lint, const char *path, const char *text, struct conversion *conversion,
                  struct diags *diags, struct err *err)
{
	struct diags found = {0};
	bool ok;

	conversion->left_out = diags;
	conversion->path = path;
	lint->listener = listen;
	lint->listener_context = conversion;
	ok = lint_text(lint, path, text, &found, err);
	lint->listener = NULL;
	if (ok)
		keep_unreadable(&found, diags);
	diags_release(&found);
	return ok;
}

void conversion_release(struct conversion *conversion)
{
	arena_release(&conversion->arena);
	*conversion = (struct conversion){0};
}
