/*
 * The SQL of it.  A line is converted as JSON is by PostgreSQL, with the input
 * function of the column's type and its length, so that a value that is too
 * long is refused, where a cast would cut it.  The function is read with the
 * plan's search_path, as the table's triggers and defaults are to be; so every
 * name in it says where it comes from.
 */
#include "plan/importing.h"

#include <string.h>

enum { PAIRS_MAX = 40 }; /* a function takes 100 arguments */

/* A line as JSON. */
#define LINE "coalesce(s.fields, s.text)::pg_catalog.json"
#define FIELD LINE " OPERATOR(pg_catalog.->) "
/* Lines behind the first and up to the second parameter, by number: a column may have any name. */
#define RANGE "s.line OPERATOR(pg_catalog.>) $1 AND s.line OPERATOR(pg_catalog.<=) $2"

/* What is wrong with a row, not with the whole statement; P0: a trigger says no. */
#define ROW_ERRORS                                                                                                 \
	"data_exception OR integrity_constraint_violation OR with_check_option_violation OR program_limit_exceeded OR" \
	" plpgsql_error"

const char *importing_lines(const struct facts *facts, struct arena *arena)
{
	return arena_printf(arena, "interlock.import_%lld_%d", (long long)facts->run, facts->number);
}

const char *importing_rejected(const struct facts *facts, struct arena *arena)
{
	return arena_printf(arena, "interlock.rejected_%lld_%d", (long long)facts->run, facts->number);
}

static const char *take(struct buf *text, struct arena *arena)
{
	const char *copy = arena_strdup(arena, buf_text(text));

	buf_release(text);
	return copy;
}

/* The value of a field, for json_build_object: text that is to become JSON is read as that. */
static const char *field_of(const struct importing *in, const struct import_column *c, struct arena *arena)
{
	const char *name = literal_quoted(arena, c->field);

	if (in->csv && c->is_json)
		return arena_printf(arena, "(" LINE " OPERATOR(pg_catalog.->>) %s)::pg_catalog.json", name);
	return arena_printf(arena, FIELD "%s", name);
}

/* "CROSS JOIN LATERAL json_to_record(json_build_object('a', …)) r0(a integer)", each for a few columns. */
static const char *records(const struct importing *in, size_t from, size_t to, struct arena *arena)
{
	struct buf out = {0}, declared = {0};

	for (size_t i = from; i < to; i++) {
		const struct import_column *c = &in->columns[i];

		if ((i - from) % PAIRS_MAX == 0)
			buf_add(&out, " CROSS JOIN LATERAL pg_catalog.json_to_record(pg_catalog.json_build_object(");
		buf_addf(&out, "%s%s::pg_catalog.text, %s", (i - from) % PAIRS_MAX ? ", " : "",
		         literal_quoted(arena, c->name), field_of(in, c, arena));
		buf_addf(&declared, "%s%s %s", declared.length ? ", " : "", c->quoted, c->type);
		if ((i - from) % PAIRS_MAX == PAIRS_MAX - 1 || i + 1 == to) {
			buf_addf(&out, ")) r%zu(%s)", (i - from) / PAIRS_MAX, buf_text(&declared));
			buf_clear(&declared);
		}
	}
	buf_release(&declared);
	return take(&out, arena);
}

/* "r0.a, CASE WHEN … IS NULL THEN now() ELSE r0.b END": the values of all columns. */
static const char *values(const struct importing *in, struct arena *arena)
{
	struct buf out = {0};

	for (size_t i = 0; i < in->column_count; i++) {
		const struct import_column *c = &in->columns[i];
		const char *value = arena_printf(arena, "r%zu.%s", i / PAIRS_MAX, c->quoted);

		if (c->value && !(c->in_key && in->skips))
			value = arena_printf(arena, "CASE WHEN " FIELD "%s IS NULL THEN (%s) ELSE %s END",
			                     literal_quoted(arena, c->field), c->value, value);
		buf_addf(&out, "%s%s", i ? ", " : "", value);
	}
	return take(&out, arena);
}

static const char *names(const struct importing *in, struct arena *arena)
{
	struct buf out = {0};

	for (size_t i = 0; i < in->column_count; i++)
		buf_addf(&out, "%s%s", i ? ", " : "", in->columns[i].quoted);
	return take(&out, arena);
}

static const char *insertion(const struct importing *in, const char *where, struct arena *arena)
{
	return arena_printf(arena, "INSERT INTO %s (%s) SELECT %s FROM %s s%s%s ORDER BY s.line%s", in->into,
	                    names(in, arena), values(in, arena), in->lines, records(in, 0, in->column_count, arena),
	                    where, in->skips ? " ON CONFLICT DO NOTHING" : "");
}

const char *importing_insertion(const struct importing *in, struct arena *arena)
{
	return insertion(in, "", arena);
}

/* ARRAY[…] of texts. */
static void add_text(struct buf *out, const char *text, struct arena *arena)
{
	buf_addf(out, "%s%s", out->length ? ", " : "", literal_quoted(arena, text));
}

static const char *known_fields(const struct importing *in, struct arena *arena)
{
	struct buf out = {0};

	for (size_t i = 0; i < in->column_count; i++)
		add_text(&out, in->columns[i].field, arena);
	for (size_t i = 0; i < in->ignored.count; i++)
		add_text(&out, in->ignored.items[i], arena);
	return take(&out, arena);
}

/* Raises where a line is no object, or does not tell whether its row is there. */
static const char *shape_checks(const struct importing *in, struct arena *arena)
{
	struct buf out = {0};

	buf_addf(&out,
	         "  IF EXISTS (SELECT FROM %s s WHERE " RANGE " AND pg_catalog.json_typeof(" LINE
	         ") OPERATOR(pg_catalog.<>) 'object') THEN\n"
	         "   RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'this is not a JSON object';\n  END IF;\n",
	         in->lines);
	for (size_t i = 0; in->skips && i < in->column_count; i++) {
		const struct import_column *c = &in->columns[i];
		const char *field = literal_quoted(arena, c->field);

		if (c->in_key)
			buf_addf(&out,
			         "  IF EXISTS (SELECT FROM %s s WHERE " RANGE " AND coalesce(pg_catalog.json_typeof(" FIELD
			         "%s), 'null') OPERATOR(pg_catalog.=) 'null') THEN\n"
			         "   RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = %s;\n  END IF;\n",
			         in->lines, field,
			         literal_quoted(arena,
			                        arena_printf(arena,
			                                     "it has no \"%s\", which tells whether its row is there already",
			                                     c->field)));
	}
	return take(&out, arena);
}

/* The fields that nothing is known of: none of these is silently dropped. */
static const char *stray_check(const struct importing *in, struct arena *arena)
{
	return arena_printf(
		arena,
		"  SELECT pg_catalog.string_agg(x.text, ', ') INTO stray FROM (SELECT"
		" pg_catalog.concat('\"', k.name, '\" (line ', pg_catalog.min(s.line), ')') AS text FROM %s s"
		" CROSS JOIN LATERAL pg_catalog.json_object_keys(" LINE ") k(name) WHERE " RANGE
		" AND k.name OPERATOR(pg_catalog.<>) ALL (ARRAY[%s]::pg_catalog.text[])"
		" GROUP BY k.name ORDER BY pg_catalog.min(s.line), k.name LIMIT 10) x;\n"
		"  IF stray IS NOT NULL THEN\n   RETURN;\n  END IF;\n",
		in->lines, known_fields(in, arena));
}

/*
 * For each column its field and a statement that converts it alone, in line
 * $1; before these one that only reads the line, and blames no field.
 */
static const char *tries(const struct importing *in, struct arena *arena)
{
	struct buf fields = {0}, statements = {0};
	const char *result;

	buf_add(&fields, "NULL");
	add_text(&statements,
	         arena_printf(arena, "SELECT " FIELD "'' FROM %s s WHERE s.line OPERATOR(pg_catalog.=) $1", in->lines),
	         arena);
	for (size_t i = 0; i < in->column_count; i++) {
		add_text(&fields, in->columns[i].field, arena);
		add_text(&statements,
		         arena_printf(arena, "SELECT r0.* FROM %s s%s WHERE s.line OPERATOR(pg_catalog.=) $1", in->lines,
		                      records(in, i, i + 1, arena)),
		         arena);
	}
	result = arena_printf(arena,
	                      " il_fields pg_catalog.text[] := ARRAY[%s]::pg_catalog.text[];\n"
	                      " il_tries pg_catalog.text[] := ARRAY[%s]::pg_catalog.text[];\n",
	                      buf_text(&fields), buf_text(&statements));
	buf_release(&fields);
	buf_release(&statements);
	return result;
}

/* A row that refers to another of the same table, which is perhaps in the file: that shows when all are inserted.
 */
static const char *family_check(const struct importing *in, struct arena *arena)
{
	const char *table = arena_printf(arena, "%s::pg_catalog.regclass", literal_quoted(arena, in->into));

	return arena_printf(
		arena,
		"   IF NOT il_keep AND il_state OPERATOR(pg_catalog.=) '23503' AND EXISTS (SELECT FROM pg_catalog.pg_constraint k"
		" WHERE k.confrelid OPERATOR(pg_catalog.=) %s AND k.contype OPERATOR(pg_catalog.=) 'f'"
		" AND k.conname OPERATOR(pg_catalog.=) il_constraint AND (k.conrelid OPERATOR(pg_catalog.=) %s OR EXISTS (SELECT"
		" FROM pg_catalog.pg_partition_tree(%s) t WHERE t.relid OPERATOR(pg_catalog.=) k.conrelid))) THEN\n"
		"    RETURN;\n   END IF;\n",
		table, table, table);
}

/* The line that is left when a range was halved often enough: why, and away with it. */
static const char *rejection(const struct importing *in, struct arena *arena)
{
	return arena_printf(
		arena,
		"  IF il_hi OPERATOR(pg_catalog.-) il_lo OPERATOR(pg_catalog.=) 1 THEN\n%s"
		"   FOR il_n IN 1 .. CASE WHEN pg_catalog.left(il_state, 2) OPERATOR(pg_catalog.=) '22'"
		" THEN pg_catalog.cardinality(il_tries) ELSE 0 END LOOP\n"
		"    BEGIN\n     EXECUTE il_tries[il_n] USING il_hi;\n"
		"    EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN\n"
		"     IF SQLERRM OPERATOR(pg_catalog.=) il_reason THEN\n"
		"      il_field := il_fields[il_n];\n      EXIT;\n     END IF;\n    END;\n   END LOOP;\n"
		"   IF il_detail OPERATOR(pg_catalog.<>) '' AND il_state OPERATOR(pg_catalog.<>) ALL"
		" (ARRAY['23502', '23514']::pg_catalog.text[]) THEN\n"
		"    il_reason := pg_catalog.concat(il_reason, ': ', il_detail);\n   END IF;\n"
		"   WITH gone AS (DELETE FROM %s s WHERE s.line OPERATOR(pg_catalog.=) il_hi RETURNING s.line, s.text)\n"
		"   INSERT INTO %s (line, text, reason) SELECT gone.line, gone.text,"
		" pg_catalog.concat(il_field OPERATOR(pg_catalog.||) ': ', il_reason) FROM gone;\n"
		"   rejected := 1;\n   RETURN;\n  END IF;\n",
		family_check(in, arena), in->lines, in->rejected);
}

static const char *halving(const struct importing *in, struct arena *arena)
{
	return arena_printf(
		arena,
		" il_mid := il_lo OPERATOR(pg_catalog.+) ((il_hi OPERATOR(pg_catalog.-) il_lo)"
		" OPERATOR(pg_catalog./) 2);\n"
		" SELECT pg_catalog.sum(f.inserted), pg_catalog.sum(f.rejected), pg_catalog.string_agg(f.stray, ', ')"
		" INTO inserted, rejected, stray\n"
		"  FROM (VALUES (il_lo, il_mid), (il_mid, il_hi)) h(lo, hi)"
		" CROSS JOIN LATERAL %s(h.lo, h.hi, il_keep) f;\n",
		in->lines);
}

/*
 * Lines (il_lo, il_hi] become rows; with il_keep false only for a moment, to
 * see whether they can.  Where one of them can't, each half is tried.  stray:
 * fields that are for no column; then nothing was done.
 */
static const char *function(const struct importing *in, struct arena *arena)
{
	const char *body = arena_printf(
		arena,
		"\n#variable_conflict use_column\nDECLARE\n il_mid pg_catalog.int8;\n il_state pg_catalog.text;\n"
		" il_reason pg_catalog.text;\n il_detail pg_catalog.text;\n il_constraint pg_catalog.text;\n il_field pg_catalog.text;\n%s"
		"BEGIN\n inserted := 0;\n rejected := 0;\n BEGIN\n%s%s"
		"  WITH put AS (%s RETURNING *) INSERT INTO %s SELECT * FROM put;\n"
		"  GET DIAGNOSTICS inserted = ROW_COUNT;\n"
		"  IF il_keep THEN\n   RETURN;\n  END IF;\n  RAISE EXCEPTION USING ERRCODE = 'ILTRY';\n"
		" EXCEPTION WHEN SQLSTATE 'ILTRY' THEN\n  RETURN;\n WHEN " ROW_ERRORS " THEN\n"
		"  GET STACKED DIAGNOSTICS il_state = RETURNED_SQLSTATE, il_reason = MESSAGE_TEXT,"
		" il_detail = PG_EXCEPTION_DETAIL, il_constraint = CONSTRAINT_NAME;\n  inserted := 0;\n%s END;\n%sEND\n",
		tries(in, arena), shape_checks(in, arena), stray_check(in, arena), insertion(in, " WHERE " RANGE, arena),
		in->store, rejection(in, arena), halving(in, arena));

	return arena_printf(arena,
	                    "CREATE FUNCTION %s(il_lo bigint, il_hi bigint, il_keep boolean, OUT inserted bigint,"
	                    " OUT rejected bigint, OUT stray text) LANGUAGE plpgsql AS %s",
	                    in->lines, literal_quoted(arena, body));
}

void importing_make(const struct importing *in, struct stmts *stmts)
{
	stmts_add(stmts, STMT_TOGETHER,
	          "CREATE TABLE %s (line pg_catalog.int8 PRIMARY KEY, text pg_catalog.text NOT NULL,"
	          " fields pg_catalog.text)",
	          in->lines);
	stmts_add(stmts, STMT_TOGETHER,
	          "CREATE TABLE %s (line pg_catalog.int8 PRIMARY KEY, text pg_catalog.text NOT NULL,"
	          " reason pg_catalog.text NOT NULL)",
	          in->rejected);
	stmts_add(stmts, STMT_TOGETHER, "%s", function(in, stmts->arena))->note = "turns lines into rows";
}
