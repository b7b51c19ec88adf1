/* The answer to one statement: a PGresult behind words of our own. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "db/session.h"

struct rows {
	PGresult *result;
};

struct rows *rows_new(PGresult *result)
{
	struct rows *rows = xcalloc(1, sizeof(*rows));

	rows->result = result;
	return rows;
}

void rows_free(struct rows *rows)
{
	if (!rows)
		return;
	PQclear(rows->result);
	free(rows);
}

size_t rows_count(const struct rows *rows)
{
	return (size_t)PQntuples(rows->result);
}

size_t rows_columns(const struct rows *rows)
{
	return (size_t)PQnfields(rows->result);
}

const char *rows_name(const struct rows *rows, size_t column)
{
	if (column >= rows_columns(rows))
		bug("column %zu of %zu", column, rows_columns(rows));
	return PQfname(rows->result, (int)column);
}

const char *rows_value(const struct rows *rows, size_t row, size_t column)
{
	if (row >= rows_count(rows) || column >= rows_columns(rows))
		bug("row %zu of %zu, column %zu of %zu", row, rows_count(rows), column, rows_columns(rows));
	if (PQgetisnull(rows->result, (int)row, (int)column))
		return NULL;
	return PQgetvalue(rows->result, (int)row, (int)column);
}

/* Not PQfnumber(), which folds case. */
static size_t column_named(const struct rows *rows, const char *name)
{
	for (size_t i = 0; i < rows_columns(rows); i++)
		if (strcmp(rows_name(rows, i), name) == 0)
			return i;
	bug("no column \"%s\"", name);
}

const char *rows_get(const struct rows *rows, size_t row, const char *name)
{
	return rows_value(rows, row, column_named(rows, name));
}

bool rows_true(const struct rows *rows, size_t row, const char *name)
{
	const char *value = rows_get(rows, row, name);

	return value && strcmp(value, "t") == 0;
}

int64_t rows_integer(const struct rows *rows, size_t row, const char *name)
{
	const char *value = rows_get(rows, row, name);

	return value ? strtoimax(value, NULL, 10) : 0;
}

struct record *rows_record(const struct rows *rows, size_t row, struct arena *arena)
{
	struct record *record = arena_alloc(arena, sizeof(*record));
	size_t count = rows_columns(rows);
	const char **names = arena_array(arena, const char *, count),
			   **values = arena_array(arena, const char *, count);

	for (size_t i = 0; i < count; i++) {
		names[i] = arena_strdup(arena, rows_name(rows, i));
		values[i] = arena_strdup(arena, rows_value(rows, row, i));
	}
	*record = (struct record){count, names, values};
	return record;
}

int64_t rows_affected(const struct rows *rows)
{
	return strtoimax(PQcmdTuples(rows->result), NULL, 10);
}
