/*
 * The table as the load application sees it: its columns as they are named on
 * the command line, and the statements that write it and its account.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum kind kind;
} kinds[] = {
	{"int", KIND_INT},         {"numeric", KIND_NUMERIC}, {"text", KIND_TEXT},   {"uuid", KIND_UUID},
	{"time", KIND_TIME},       {"json", KIND_JSON},       {"toast", KIND_TOAST}, {"choice", KIND_CHOICE},
	{"counter", KIND_COUNTER}, {"unique", KIND_UNIQUE},
};

static void die(const char *what, const char *text)
{
	fprintf(stderr, "application: %s \"%s\"\n", what, text);
	exit(1);
}

static enum kind kind_of(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strlen(kinds[i].name) == length && strncmp(kinds[i].name, name, length) == 0)
			return kinds[i].kind;
	die("there is no kind of column", name);
	return KIND_INT;
}

struct column column_parse(char *text)
{
	struct column column = {.name = text};
	char *kind = strrchr(text, '=');

	if (!kind)
		die("a column is NAME=KIND, not", text);
	*kind++ = '\0';
	char *end = kind + strlen(kind);
	column.not_null = end[-1] == '!';
	if (column.not_null)
		end[-1] = '\0';
	column.kind = kind_of(kind, strcspn(kind, ":"));
	if (column.kind == KIND_CHOICE && strchr(kind, ':'))
		for (char *one = strtok(strchr(kind, ':') + 1, "|"); one; one = strtok(NULL, "|"))
			if (column.choice_count < MAX_CHOICES)
				column.choices[column.choice_count++] = one;
	if (column.kind == KIND_CHOICE && column.choice_count == 0)
		die("a choice is NAME=choice:A|B, not", text);
	return column;
}

void column_new_shape(struct table *table, char *text)
{
	char *name = strchr(text, '='), *expr = name ? strchr(name, ':') : NULL;

	if (!expr)
		die("a new shape is NAME=NEW:EXPRESSION, not", text);
	*name++ = *expr++ = '\0';
	for (int i = 0; i < table->column_count; i++) {
		struct column *column = &table->columns[i];

		if (strcmp(column->name, text) == 0) {
			column->new_name = name;
			column->new_expr = expr;
			return;
		}
	}
	die("there is no column", text);
}

int unique_column(const struct table *table)
{
	for (int i = 0; i < table->column_count; i++)
		if (table->columns[i].kind == KIND_UNIQUE)
			return i;
	return -1;
}

/* A statement that is being written; params counts its $1, $2, … */
struct draft {
	FILE *out;
	const struct table *table;
	bool account, release_new;
	int shape, params;
};

static const char *relation(const struct draft *draft)
{
	return draft->account ? draft->table->account : draft->table->name;
}

static const char *name_of(const struct draft *draft, const struct column *column)
{
	return !draft->account && draft->shape && column->new_name ? column->new_name : column->name;
}

/* The value in the shape that is written. */
static void put_value(struct draft *draft, const struct column *column, const char *value)
{
	if (draft->account || !draft->shape || !column->new_expr) {
		fputs(value, draft->out);
		return;
	}
	for (const char *at = column->new_expr; *at; at++) {
		if (strncmp(at, "{}", 2) == 0) {
			fputs(value, draft->out);
			at++;
		} else {
			fputc(*at, draft->out);
		}
	}
}

static void put_param(struct draft *draft, const struct column *column)
{
	char text[16];

	snprintf(text, sizeof text, "$%d", ++draft->params);
	put_value(draft, column, text);
}

static bool written(const struct draft *draft, const struct column *column)
{
	return draft->release_new || !column->given;
}

static void put_where_key(struct draft *draft)
{
	for (int i = 0; i < draft->table->key_count; i++)
		fprintf(draft->out, "%s%s = $%d", i ? " AND " : " WHERE ", draft->table->keys[i].name, ++draft->params);
}

static void put_key_names(struct draft *draft)
{
	for (int i = 0; i < draft->table->key_count; i++)
		fprintf(draft->out, "%s%s", i ? ", " : "", draft->table->keys[i].name);
}

static void put_assignment(struct draft *draft, const struct column *column)
{
	const char *name = name_of(draft, column);

	fprintf(draft->out, "%s = ", name);
	if (column->kind == KIND_COUNTER)
		fprintf(draft->out, "%s + ", name);
	put_param(draft, column);
}

static void put_insert(struct draft *draft, bool upsert)
{
	const struct table *table = draft->table;

	fprintf(draft->out, "INSERT INTO %s (", relation(draft));
	put_key_names(draft);
	for (int i = 0; i < table->column_count; i++)
		if (written(draft, &table->columns[i]))
			fprintf(draft->out, ", %s", name_of(draft, &table->columns[i]));
	fputs(") VALUES (", draft->out);
	for (int i = 0; i < table->key_count; i++)
		fprintf(draft->out, "%s$%d", i ? ", " : "", ++draft->params);
	for (int i = 0; i < table->column_count; i++)
		if (written(draft, &table->columns[i])) {
			fputs(", ", draft->out);
			put_param(draft, &table->columns[i]);
		}
	fputs(")", draft->out);
	if (!upsert)
		return;
	fputs(" ON CONFLICT (", draft->out);
	put_key_names(draft);
	fputs(") DO UPDATE SET ", draft->out);
	const char *comma = "";
	for (int i = 0; i < table->column_count; i++) {
		const char *name = name_of(draft, &table->columns[i]);

		if (!written(draft, &table->columns[i]))
			continue;
		fprintf(draft->out, "%s%s = excluded.%s", comma, name, name);
		comma = ", ";
	}
}

static void put_update(struct draft *draft)
{
	const char *comma = "";

	fprintf(draft->out, "UPDATE %s SET ", relation(draft));
	for (int i = 0; i < draft->table->column_count; i++) {
		if (!written(draft, &draft->table->columns[i]))
			continue;
		fputs(comma, draft->out);
		put_assignment(draft, &draft->table->columns[i]);
		comma = ", ";
	}
	put_where_key(draft);
}

static void put_rekey(struct draft *draft)
{
	fprintf(draft->out, "UPDATE %s SET ", relation(draft));
	for (int i = 0; i < draft->table->key_count; i++)
		fprintf(draft->out, "%s%s = $%d", i ? ", " : "", draft->table->keys[i].name, ++draft->params);
	put_where_key(draft);
}

/*
 * One row if the table and the account differ at that key, in one snapshot.
 * A given column is compared where it was given.
 */
static void put_check(struct draft *draft)
{
	const struct table *table = draft->table;

	fprintf(draft->out, "SELECT pg_catalog.row_to_json(_m), pg_catalog.row_to_json(_a) FROM (SELECT * FROM %s",
	        table->name);
	put_where_key(draft);
	draft->params = 0;
	fprintf(draft->out, ") _m FULL JOIN (SELECT * FROM %s", table->account);
	put_where_key(draft);
	fprintf(draft->out, ") _a ON true WHERE _m.%s IS NULL OR _a.%s IS NULL", table->keys[0].name,
	        table->keys[0].name);
	for (int i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];
		char value[TEXT];

		snprintf(value, sizeof value, "_a.%s", column->name);
		fprintf(draft->out, " OR (_m.%s)::text IS DISTINCT FROM (", name_of(draft, column));
		if (column->given)
			fprintf(draft->out, "coalesce(_a.%s, _m.%s)", column->name, name_of(draft, column));
		else
			put_value(draft, column, value);
		fputs(")::text", draft->out);
	}
}

char *statement_text(const struct table *table, enum statement which, bool account, bool release_new, int shape)
{
	char *text = NULL;
	size_t size;
	struct draft draft = {.out = open_memstream(&text, &size),
	                      .table = table,
	                      .account = account,
	                      .release_new = release_new,
	                      .shape = shape};

	if (which == INSERT || which == UPSERT) {
		put_insert(&draft, which == UPSERT);
	} else if (which == UPDATE) {
		put_update(&draft);
	} else if (which == DELETE) {
		fprintf(draft.out, "DELETE FROM %s", relation(&draft));
		put_where_key(&draft);
	} else if (which == REKEY) {
		put_rekey(&draft);
	} else if (which == CHECK) {
		put_check(&draft);
	} else if (which == READ) {
		fprintf(draft.out, "SELECT * FROM %s", relation(&draft));
		put_where_key(&draft);
	} else if (which == LOCK) {
		fprintf(draft.out, "SELECT %s FROM %s", name_of(&draft, &table->columns[unique_column(table)]),
		        relation(&draft));
		put_where_key(&draft);
		fputs(" FOR UPDATE", draft.out);
	} else {
		fprintf(draft.out, "UPDATE %s SET ", relation(&draft));
		put_assignment(&draft, &table->columns[which - UPDATE_ONE]);
		put_where_key(&draft);
	}
	fclose(draft.out);
	return text;
}
