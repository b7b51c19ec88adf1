/* Counting values: by a query with a short limit of time; what takes longer is not known. */
#include "hazard/values.h"

#include <stdlib.h>
#include <string.h>

#include "sql/ident.h"

/* What the text of a value looks like when the type can read it; nothing that the type accepts is left out. */
static const struct {
	const char *type, *pattern, *words;
} shapes[] = {
	{"uuid", "^\\s*\\{?([0-9a-fA-F]{4}-?){7}[0-9a-fA-F]{4}\\}?\\s*$", "are no UUIDs"},
	{"int2", "^\\s*[-+]?[0-9]+\\s*$", "are no integers"},
	{"int4", "^\\s*[-+]?[0-9]+\\s*$", "are no integers"},
	{"int8", "^\\s*[-+]?[0-9]+\\s*$", "are no integers"},
	{"numeric", "^\\s*([-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?|[nN][aA][nN]|[-+]?[iI]nf(inity)?)\\s*$",
     "are no numbers"},
	{"bool", "(?i)^\\s*(t|tr|tru|true|f|fa|fal|fals|false|y|ye|yes|n|no|on|of|off|1|0)\\s*$", "are no booleans"},
};

/* One number from the database; -1: none, or not within the time. */
static int64_t ask(struct lint *lint, const char *sql)
{
	struct rows *rows = NULL;
	struct err err = {0};
	int64_t number = -1;

	if (!lint->conn)
		return -1;
	if (conn_query(lint->conn, QUERY("BEGIN READ ONLY"), NULL, &err) &&
	    conn_query(lint->conn, QUERY("SET LOCAL statement_timeout = '1s'"), NULL, &err) &&
	    conn_query(lint->conn, QUERY("SET LOCAL lock_timeout = '100ms'"), NULL, &err) &&
	    conn_query(lint->conn, &(struct query){.sql = sql}, &rows, &err) && rows_count(rows) == 1 &&
	    rows_value(rows, 0, 0))
		number = strtoll(rows_value(rows, 0, 0), NULL, 10);
	rows_free(rows);
	err_release(&err);
	if (!conn_lost(lint->conn))
		conn_query(lint->conn, QUERY("ROLLBACK"), NULL, &err);
	err_release(&err);
	return number;
}

static bool can_ask(const struct lint *lint, const struct relation *relation)
{
	return lint->conn && relation->oid && !relation->here;
}

static const char *full_name(struct lint *lint, const struct relation *relation)
{
	const struct relname name = {relation->schema, relation->name};

	return relname_quoted(&lint->arena, &name);
}

int64_t count_values(struct lint *lint, const struct relation *relation, const struct column *column)
{
	if (!can_ask(lint, relation) || column->added)
		return -1;
	return ask(lint, text_of(lint, "SELECT count(%s) FROM %s", ident_quoted(&lint->arena, column->name),
	                         full_name(lint, relation)));
}

int64_t count_rows(struct lint *lint, const struct relation *relation)
{
	if (!can_ask(lint, relation))
		return -1;
	return ask(lint, text_of(lint, "SELECT count(*) FROM %s", full_name(lint, relation)));
}

static bool is_text(const struct type *type)
{
	return !type->is_array && (type_is(type, "text") || type_is(type, "varchar") || type_is(type, "bpchar"));
}

/* The condition that a value would be cut or refused by, and the words for it; NULL: it can't be told. */
static const char *lost_condition(struct lint *lint, const struct column *column, const struct type *to,
                                  const char **say)
{
	const char *name = ident_quoted(&lint->arena, column->name);

	if (!is_text(&column->type) || to->is_array)
		return NULL;
	if ((type_is(to, "varchar") || type_is(to, "bpchar")) && to->mod_count == 1) {
		*say = text_of(lint, "are longer than %d characters", to->mods[0]);
		return text_of(lint, "length(%s) > %d", name, to->mods[0]);
	}
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (type_is(to, shapes[i].type)) {
			*say = shapes[i].words;
			return text_of(lint, "%s::text !~ %s", name, literal_quoted(&lint->arena, shapes[i].pattern));
		}
	return NULL;
}

void count_lost_values(struct lint *lint, const struct relation *relation, const struct column *column,
                       const struct type *to, int location)
{
	const struct effect effect = {.rule = "type-lossy",
	                              .severity = SEVERITY_ERROR,
	                              .location = location,
	                              .help = "look at these values first; a new column keeps the old ones"};
	const char *say = NULL, *condition = lost_condition(lint, column, to, &say);
	int64_t lost, all;
	struct diag *diag;

	if (!condition || !can_ask(lint, relation))
		return;
	lost = ask(lint, text_of(lint, "SELECT count(*) FROM %s WHERE %s", full_name(lint, relation), condition));
	all = lost > 0 ? count_values(lint, relation, column) : -1;
	if (lost <= 0)
		return;
	diag = effect_add(lint, &effect, "%lld of %lld values of %s.%s %s", (long long)lost, (long long)all,
	                  named(lint, relation), column->name, say);
	effect_detail(lint, diag, "the statement fails on the first of them");
}
