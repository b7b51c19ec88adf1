/* A UNIQUE constraint on an index that is built while readers and writers go on. */
#include <string.h>

#include "plan/columns.h"
#include "plan/constraints.h"
#include "plan/family.h"
#include "plan/indexes.h"

struct add_unique_args {
	struct relname table;
	struct column_list columns;
	const char *name;
	bool nulls_not_distinct, deferrable;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct add_unique_args, table),
     .help = "the table or partitioned table"},
	{.name = "columns",
     .kind = OPTION_COLUMNS,
     .required = true,
     .offset = offsetof(struct add_unique_args, columns),
     .help = "the columns that no two rows may have in common; of a partitioned table with its partition key"},
	{.name = "name",
     .kind = OPTION_NAME,
     .offset = offsetof(struct add_unique_args, name),
     .help = "the name of the constraint; PostgreSQL's own choice where it is left out"},
	{.name = "nulls_not_distinct",
     .kind = OPTION_BOOLEAN,
     .offset = offsetof(struct add_unique_args, nulls_not_distinct),
     .help = "two NULLs are the same too; PostgreSQL 15 and newer"},
	{.name = "deferrable",
     .kind = OPTION_BOOLEAN,
     .offset = offsetof(struct add_unique_args, deferrable),
     .help = "a transaction may have it checked at its end, with SET CONSTRAINTS"},
	OPTION_END,
};

/* A column and nothing else: no expression, no DESC, no operator class. */
static bool is_plain(const struct index_column *column, struct arena *arena)
{
	const char *name;

	return column->column && !ident_parse_name(column->text, arena, &name) && strcmp(name, column->column) == 0;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct add_unique_args *args = step;
	struct diag *diag;

	for (size_t i = 0; i < args->columns.count; i++) {
		const struct index_column *column = &args->columns.items[i];

		if (!is_plain(column, &diags->arena)) {
			diag = option_error(place, diags, "bad-option", "columns",
			                    "a unique constraint has plain columns only, not \"%s\"", column->text);
			diag_help(
				&diags->arena, diag,
				"name the columns, or use create_index_if_missing with unique = true, which takes expressions "
				"and orders");
			return false;
		}
		for (size_t j = 0; j < i; j++)
			if (strcmp(args->columns.items[j].column, column->column) == 0) {
				diag = option_error(place, diags, "bad-option", "columns", "column \"%s\" is named twice",
				                    column->column);
				diag_help(&diags->arena, diag, "name each column once");
				return false;
			}
	}
	return true;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct add_unique_args *)step)->table;
	return true;
}

static const char *columns_of(const struct add_unique_args *args, struct arena *arena)
{
	const char **names = arena_array(arena, const char *, args->columns.count);

	for (size_t i = 0; i < args->columns.count; i++)
		names[i] = args->columns.items[i].column;
	return array_literal(names, args->columns.count, arena);
}

/* As PostgreSQL chooses it: <table>_<columns>_key. */
static const char *key_name(const struct add_unique_args *args, struct arena *arena)
{
	struct buf columns = {0};
	const char *name;

	for (size_t i = 0; i < args->columns.count; i++)
		buf_addf(&columns, "%s%s", i ? "_" : "", args->columns.items[i].column);
	name = args->name ? args->name : ident_derived(arena, args->table.name, buf_text(&columns), "key");
	buf_release(&columns);
	return name;
}

static struct index_plan plan_of(const struct add_unique_args *args, struct arena *arena)
{
	return (struct index_plan){.table = args->table,
	                           .name = key_name(args, arena),
	                           .label = "key",
	                           .body = arena_printf(arena, "USING btree (%s)%s", args->columns.text,
	                                                args->nulls_not_distinct ? " NULLS NOT DISTINCT" : ""),
	                           .unique = true};
}

/* An index that was there before and became the constraint's comes back under this name first. */
static const char *substitute_name(const struct index_plan *index, struct arena *arena)
{
	return ident_derived(arena, "__il", index->name, "index");
}

/* ---- What is there ---- */

/* clang-format off */

#define CONSTRAINT(k) \
	"'constraint ' || pg_catalog.quote_ident(" k ".conname) || ' ' || pg_catalog.pg_get_constraintdef(" k ".oid)"

/* A column of a partition key, at any level, that is not among the columns $5; an expression is none of them. */
#define LACKS_KEY \
	"(SELECT coalesce(pg_catalog.quote_ident(a.attname), 'an expression') || ' of the partition key of '" \
	" || p.partrelid::regclass::text FROM pg_catalog.pg_partition_tree(rel.oid) t" \
	" JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = t.relid" \
	" CROSS JOIN pg_catalog.unnest(p.partattrs) WITH ORDINALITY k(attnum, n)" \
	" LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = k.attnum AND k.attnum <> 0" \
	" WHERE rel.relkind = 'p' AND coalesce(a.attname::text, '') <> ALL ($5::text[]) ORDER BY t.level, p.partrelid, k.n LIMIT 1)"

#define STATUS(name) \
	"(SELECT CASE WHEN i.indisvalid THEN 'valid' ELSE 'invalid' END FROM pg_catalog.pg_index i" \
	" JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = rel.oid AND c.relname = " name "::text)"

/* Foreign keys that refer to constraint $3, on it or on its index. */
#define REFERRING \
	"(SELECT pg_catalog.string_agg(DISTINCT 'foreign key ' || pg_catalog.quote_ident(f.conname) || ' of '" \
	" || f.conrelid::regclass::text, ', ') FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_constraint f" \
	" ON f.contype = 'f' AND f.conindid = k.conindid WHERE k.conrelid = rel.oid AND k.conname = $3::text" \
	" AND k.contype = 'u')"

#define IDENTIFIES \
	"EXISTS (SELECT FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_index i ON i.indexrelid = k.conindid" \
	" WHERE k.conrelid = rel.oid AND k.conname = $3::text AND k.contype = 'u' AND i.indisreplident)"

static const char query[] =
	"WITH " SQL_REL ", " SQL_FAMILY ", " SQL_TAKEN " SELECT s.state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2")
	" WHEN rel.relkind NOT IN ('r', 'p') THEN " SQL_IS_A("rel.relkind")
	" WHEN s.state = 'missing' THEN " SQL_NO_COLUMN("l.lacking")
	" WHEN l.virtual IS NOT NULL THEN l.virtual WHEN s.old THEN 'PostgreSQL ' || pg_catalog.current_setting('server_version')"
	" WHEN s.state = 'conflict' THEN " SQL_IS_TAKEN " END AS found,"
	" CASE WHEN s.state <> 'conflict' THEN NULL WHEN rel.relkind NOT IN ('r', 'p') THEN 'a table'"
	" WHEN l.virtual IS NOT NULL THEN " SQL_STORED_COLUMNS " WHEN s.old THEN 'PostgreSQL 15 or newer, for nulls_not_distinct' ELSE 'constraint '"
	" || pg_catalog.quote_ident($3::text) || ' on ' || " SQL_NAME("$1", "$2") " END AS expected,"
	" CASE WHEN l.virtual IS NOT NULL THEN 'columns' WHEN s.old THEN 'nulls_not_distinct' WHEN rel.relkind IN ('r', 'p') AND s.state = 'conflict' THEN 'name'"
	" WHEN rel.relkind IN ('r', 'p') THEN 'columns' ELSE 'table' END AS option,"
	" rel.relkind, rel.relhassubclass AS has_children, " STATUS("$3") " AS index, " STATUS("$4") " AS substitute,"
	" " LACKS_KEY " AS lacks_key, " REFERRING " AS referring, " IDENTIFIES " AS identifies, "
	SQL_INDEX_PARTITIONS " AS partitions, " SQL_OWNER_FACTS
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN taken ON true"
	" CROSS JOIN LATERAL (SELECT " SQL_LACKING("$5::text[]") ", " SQL_VIRTUAL("$5::text[]") ") l(lacking, virtual)"
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NULL THEN 'missing'"
	" WHEN rel.relkind NOT IN ('r', 'p') THEN 'conflict' WHEN l.lacking IS NOT NULL THEN 'missing'"
	" WHEN o.old OR l.virtual IS NOT NULL THEN 'conflict' WHEN EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = rel.oid"
	" AND (k.contype = 'u' OR k.conname = $3::text)) OR " STATUS("$3") " IS NOT NULL THEN 'compare'"
	" WHEN taken.oid IS NOT NULL THEN 'conflict' ELSE 'absent' END, o.old FROM (SELECT $6::boolean"
	" AND pg_catalog.current_setting('server_version_num')::integer < 150000) o(old)) s(state, old)";

static const char compare[] =
	"WITH " SQL_REL ", " SQL_TWIN ", " SQL_TAKEN ", idx AS (" SQL_INDEX("rel") "), twin_idx AS (" SQL_INDEX("twin") "),"
	" new AS (SELECT k.* FROM twin JOIN pg_catalog.pg_constraint k ON k.conrelid = twin.oid AND k.conname = $3::text),"
	" same AS (SELECT k.oid, k.conname, i.indisvalid FROM new CROSS JOIN rel JOIN pg_catalog.pg_constraint k"
	" ON k.conrelid = rel.oid AND k.contype = 'u'"
	" AND pg_catalog.pg_get_constraintdef(k.oid) = pg_catalog.pg_get_constraintdef(new.oid)"
	" JOIN pg_catalog.pg_index i ON i.indexrelid = k.conindid"
	" ORDER BY k.conname = $3::text DESC, i.indisvalid DESC, k.conname LIMIT 1),"
	" other AS (SELECT k.oid, k.conname FROM rel JOIN pg_catalog.pg_constraint k ON k.conrelid = rel.oid"
	" AND k.conname = $3::text)"
	" SELECT CASE WHEN same.oid IS NOT NULL THEN CASE WHEN same.indisvalid AND left_over.status IS NULL"
	" THEN 'done' ELSE 'partial' END WHEN other.oid IS NOT NULL THEN 'conflict'"
	" WHEN idx.indexrelid IS NOT NULL THEN CASE WHEN rel.relkind = 'p' OR t.have <> t.want OR t.builder IS NOT NULL"
	" THEN 'conflict' ELSE 'partial' END WHEN taken.oid IS NOT NULL THEN 'conflict' ELSE 'absent' END AS state,"
	" CASE WHEN same.oid IS NOT NULL THEN " CONSTRAINT("same") " || CASE WHEN same.indisvalid THEN ''"
	" ELSE ', not on all partitions' END"
	" WHEN other.oid IS NOT NULL THEN " CONSTRAINT("other")
	" WHEN idx.indexrelid IS NOT NULL THEN t.have || CASE WHEN t.builder IS NOT NULL THEN ', being built by process '"
	" || t.builder WHEN idx.indisvalid THEN '' ELSE ', invalid' END || ', without a constraint'"
	" WHEN taken.oid IS NOT NULL THEN " SQL_IS_TAKEN " END AS found, " CONSTRAINT("new") " AS expected,"
	" CASE WHEN idx.indexrelid IS NULL AND other.oid IS NULL THEN 'name' ELSE 'columns' END AS option,"
	" same.conname AS constraint FROM new CROSS JOIN rel CROSS JOIN LATERAL (SELECT " STATUS("$4") ") left_over(status)"
	" LEFT JOIN same ON true LEFT JOIN other ON true LEFT JOIN taken ON true LEFT JOIN idx ON true"
	" LEFT JOIN twin_idx ON true CROSS JOIN LATERAL (SELECT " SQL_INDEX_DEFINITION("idx") " AS have,"
	" " SQL_INDEX_DEFINITION("twin_idx") " AS want, CASE WHEN NOT idx.indisvalid THEN " SQL_INDEX_BUILDER("idx")
	" END AS builder) t";

/* clang-format on */

/* "UNIQUE NULLS NOT DISTINCT (a, b) DEFERRABLE" */
static const char *constraint_text(const struct add_unique_args *args, struct arena *arena)
{
	return arena_printf(arena, "UNIQUE %s(%s)%s", args->nulls_not_distinct ? "NULLS NOT DISTINCT " : "",
	                    args->columns.text, args->deferrable ? " DEFERRABLE" : "");
}

static void probe(const void *step, struct probe *probe)
{
	const struct add_unique_args *args = step;
	struct arena *arena = probe->arena;
	struct index_plan index = plan_of(args, arena);
	const char *twin = ident_quoted(arena, args->table.name);

	probe->query = (struct probe_query){.sql = query,
	                                    .params = {args->table.schema, args->table.name, index.name,
	                                               substitute_name(&index, arena), columns_of(args, arena),
	                                               args->nulls_not_distinct ? "t" : "f"},
	                                    .count = 6};
	probe->scratch[probe->scratch_count++] =
		arena_printf(arena, "CREATE TEMPORARY TABLE %s (LIKE %s)", twin, relname_quoted(arena, &args->table));
	probe->scratch[probe->scratch_count++] =
		arena_printf(arena, "ALTER TABLE pg_temp.%s ADD CONSTRAINT %s %s", twin, ident_quoted(arena, index.name),
	                 constraint_text(args, arena));
	probe->compare = probe->query;
	probe->compare.sql = compare;
	probe->compare.count = 4;
}

/* ---- There ---- */

/* What apply and reverse work with. */
struct work {
	const struct add_unique_args *args;
	const struct facts *facts;
	struct stmts *stmts;
	struct index_plan index;
	const struct culprits *culprits;
};

static const char *table_text(const struct work *w)
{
	const char *kind = record_get(w->facts->now, "relkind");
	bool only = kind && *kind == 'r' && record_true(w->facts->now, "has_children");

	return arena_printf(w->stmts->arena, "%s%s", only ? "ONLY " : "",
	                    relname_quoted(w->stmts->arena, &w->args->table));
}

static const struct culprits *duplicates(const struct work *w)
{
	struct arena *arena = w->stmts->arena;
	size_t count = w->args->columns.count;
	const char **columns = arena_array(arena, const char *, count);
	struct unique_values values = {.table = table_text(w), .columns = columns, .count = count};

	for (size_t i = 0; i < count; i++)
		columns[i] = w->args->columns.items[i].text;
	values.nulls_are_equal = w->args->nulls_not_distinct;
	return index_duplicates(&values, arena);
}

static void build(const struct work *w, const struct relname *table, const char *name)
{
	index_build(&w->index, table, name, w->stmts)->culprits = w->culprits;
}

static void use_index(const struct work *w, const struct relname *table, const char *name)
{
	const char *quoted = ident_quoted(w->stmts->arena, name);
	struct stmt *stmt = stmts_add(w->stmts, STMT_ALONE, "ALTER TABLE %s ADD CONSTRAINT %s UNIQUE USING INDEX %s%s",
	                              relname_quoted(w->stmts->arena, table), quoted, quoted,
	                              w->args->deferrable ? " DEFERRABLE" : "");

	stmt_lock(w->stmts, stmt, table, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: the index is there";
}

/* On a table with partitions: a frame that is not enforced until all below is attached to it. */
static void add_only(const struct work *w, const struct relname *table, const char *name)
{
	struct stmt *stmt = stmts_add(w->stmts, STMT_ALONE, "ALTER TABLE ONLY %s ADD CONSTRAINT %s %s",
	                              relname_quoted(w->stmts->arena, table), ident_quoted(w->stmts->arena, name),
	                              constraint_text(w->args, w->stmts->arena));

	stmt_lock(w->stmts, stmt, table, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: an empty frame for the constraints of the partitions";
}

static void apply_to_leaf(const struct work *w, const struct index_partition *leaf)
{
	if (leaf->status && (index_has_status(leaf, "attached") || index_has_status(leaf, "constraint")))
		return;
	if (index_has_status(leaf, "invalid"))
		index_drop(&leaf->table, leaf->index, w->stmts);
	if (!index_has_status(leaf, "valid"))
		build(w, &leaf->table, leaf->index);
	use_index(w, &leaf->table, leaf->index);
}

static void apply_partitioned(const struct work *w)
{
	struct index_partition *partitions;
	size_t count = index_partitions(&w->index, w->facts->now, w->stmts->arena, &partitions);
	const char *lacks = record_get(w->facts->now, "lacks_key");

	if (lacks) {
		stmts_refuse(
			w->stmts,
			"add it to columns, or make the values unique within each partition with create_index_if_missing "
			"on the partitions",
			"a unique constraint on %s must contain %s: rows of two partitions are never compared",
			relname_quoted(w->stmts->arena, &w->args->table), lacks);
		w->stmts->refusal_rule = "unique-without-partition-key";
		return;
	}
	if (index_foreign_refused(partitions, count, "the constraint", w->stmts))
		return;
	index_verify(w->culprits, w->stmts);
	if (!record_get(w->facts->now, "constraint"))
		add_only(w, &w->args->table, w->index.name);
	for (size_t i = 0; i < count; i++)
		if (!partitions[i].leaf && !partitions[i].status)
			add_only(w, &partitions[i].table, partitions[i].index);
	for (size_t i = 0; i < count; i++)
		if (partitions[i].leaf)
			apply_to_leaf(w, &partitions[i]);
	for (size_t i = count; i-- > 0;)
		if (!index_has_status(&partitions[i], "attached"))
			index_attach(&w->index, &partitions[i], w->stmts);
}

static bool is_partitioned(const struct facts *facts)
{
	const char *kind = record_get(facts->now, "relkind");

	return kind && *kind == 'p';
}

static void drop_substitute(const struct work *w)
{
	if (record_get(w->facts->now, "substitute"))
		index_drop(&w->args->table, substitute_name(&w->index, w->stmts->arena), w->stmts);
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct add_unique_args *args = step;
	struct work w = {args, facts, stmts, plan_of(args, stmts->arena), NULL};
	const char *index = record_get(facts->now, "index");
	bool valid = index && strcmp(index, "valid") == 0;

	if (owner_refused(facts, stmts))
		return;
	w.culprits = duplicates(&w);
	if (is_partitioned(facts)) {
		apply_partitioned(&w);
		return;
	}
	if (!record_get(facts->now, "constraint")) {
		if (!valid) {
			index_verify(w.culprits, w.stmts);
			if (index)
				index_drop(&args->table, w.index.name, stmts);
			build(&w, &args->table, w.index.name);
		}
		use_index(&w, &args->table, w.index.name);
	}
	drop_substitute(&w);
}

/* ---- And back ---- */

static void drop_alone(const struct work *w, const struct relname *table, const char *name)
{
	constraint_drop(table, name, w->stmts)->mode = STMT_ALONE;
}

/* Was there, on this partition, one of the name of ours before this run began? */
static bool was_there(const struct work *w, const struct index_partition *partition)
{
	struct index_partition *before;
	size_t count = index_partitions(&w->index, w->facts->before, w->stmts->arena, &before);

	for (size_t i = 0; i < count; i++)
		if (relname_equal(&before[i].table, &partition->table))
			return before[i].status && !index_has_status(&before[i], "invalid");
	return false;
}

/* What is not attached yet goes one by one; the rest goes with the constraint of the whole table. */
static void reverse_partitioned(const struct work *w)
{
	struct index_partition *partitions;
	size_t count = index_partitions(&w->index, w->facts->now, w->stmts->arena, &partitions);

	for (size_t i = count; i-- > 0;) {
		const struct index_partition *p = &partitions[i];

		if (index_has_status(p, "attached") && was_there(w, p)) {
			stmts_refuse(w->stmts, "drop the constraint by hand, then give the partition its own again",
			             "%s of partition %s was there before, and would go with the constraint",
			             ident_quoted(w->stmts->arena, p->index), relname_quoted(w->stmts->arena, &p->table));
			return;
		}
		if (!p->status || index_has_status(p, "attached") || was_there(w, p))
			continue;
		if (index_has_status(p, "constraint"))
			drop_alone(w, &p->table, p->index);
		else
			index_drop(&p->table, p->index, w->stmts);
	}
	if (record_get(w->facts->now, "constraint"))
		drop_alone(w, &w->args->table, w->index.name);
}

/* The index became the constraint's and goes with it: another takes its place before, so that it is never missing.
 */
static void give_back_index(const struct work *w)
{
	struct arena *arena = w->stmts->arena;
	const char *name = substitute_name(&w->index, arena), *status = record_get(w->facts->now, "substitute");
	struct relname substitute = {w->args->table.schema, name};

	if (status && strcmp(status, "valid") != 0)
		index_drop(&w->args->table, name, w->stmts);
	if (!status || strcmp(status, "valid") != 0)
		index_build(&w->index, &w->args->table, name, w->stmts);
	constraint_drop(&w->args->table, w->index.name, w->stmts);
	stmts_add(w->stmts, STMT_TOGETHER, "ALTER INDEX %s RENAME TO %s", relname_quoted(arena, &substitute),
	          ident_quoted(arena, w->index.name));
}

/* true, with the refusal set, where it is no longer only ours to drop. */
static bool kept_by_others(const struct work *w)
{
	struct arena *arena = w->stmts->arena;
	const char *referring = record_get(w->facts->now, "referring"), *name = ident_quoted(arena, w->index.name);
	const char *table = relname_quoted(arena, &w->args->table);

	if (owner_refused(w->facts, w->stmts))
		return true;
	if (w->facts->state == STATE_CONFLICT)
		stmts_refuse(w->stmts, "drop it by hand", "the constraint is no longer what this run made: %s",
		             record_get(w->facts->now, "found"));
	else if (referring)
		stmts_refuse(w->stmts, "drop what refers to it first, or leave the constraint",
		             "constraint %s of %s is referred to by %s", name, table, referring);
	else if (record_true(w->facts->now, "identifies"))
		stmts_refuse(w->stmts, "choose another with ALTER TABLE … REPLICA IDENTITY first, or leave the constraint",
		             "constraint %s of %s is the replica identity of the table", name, table);
	return w->stmts->refusal != NULL;
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct add_unique_args *args = step;
	struct work w = {args, facts, stmts, plan_of(args, stmts->arena), NULL};
	const char *existing = record_get(facts->now, "constraint"), *index = record_get(facts->before, "index");
	bool had_index = index && strcmp(index, "valid") == 0;

	if ((record_get(facts->before, "constraint") && !is_partitioned(facts)) || kept_by_others(&w))
		return;
	if (is_partitioned(facts))
		reverse_partitioned(&w);
	else if (existing && strcmp(existing, w.index.name) == 0 && had_index)
		give_back_index(&w);
	else if (existing && strcmp(existing, w.index.name) == 0)
		drop_alone(&w, &args->table, w.index.name);
	else if (record_get(facts->now, "index") && !had_index)
		index_drop(&args->table, w.index.name, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct add_unique_args *args = step;

	buf_add(out, "add to ");
	ident_quote_relname(out, &args->table);
	buf_addf(out, " UNIQUE %s(%s)%s", args->nulls_not_distinct ? "NULLS NOT DISTINCT " : "", args->columns.text,
	         args->deferrable ? " DEFERRABLE" : "");
}

const struct step_type step_add_unique = {
	.name = "add_unique",
	.summary =
		"adds a UNIQUE constraint, its index built while readers and writers go on, and lists duplicates before",
	.example = "add_unique { table = \"app.users\", columns = \"email\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY, email text);\n"
			 "INSERT INTO app.users SELECT n, 'u' || n FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct add_unique_args),
	.options = options,
	.locks =
		"SHARE UPDATE EXCLUSIVE on the table, or on one partition after the other, while the index is built; then "
		"ACCESS EXCLUSIVE, briefly",
	.way_back =
		"drops the constraint if this run added it, with ACCESS EXCLUSIVE on the table, briefly; refused where "
		"something refers to it",
	.may_refuse_undo = true,
	.check = check,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
