/* Constraints: added without holding anybody up, validated apart; recipes that a file spells out become one step.
 */
#include <string.h>

#include "convert/read.h"
#include "hazard/expression.h"
#include "sql/ident.h"

/* The name that PostgreSQL would choose, as far as the model knows which are taken. */
static const char *free_name(struct reader *r, const char *second, const char *label)
{
	const char *name = ident_derived(r->arena, r->relation->name, second, label);

	for (int n = 1; relation_constraint(r->relation, name) || made_before(r, name); n++)
		name = ident_derived(r->arena, r->relation->name, second, arena_printf(r->arena, "%s%d", label, n));
	return name;
}

static const char *given_name(const PgQuery__Constraint *k)
{
	return k->conname && *k->conname ? k->conname : NULL;
}

/* The words of the constraint, without its name and without NOT VALID. */
static const char *body_of(struct reader *r, const struct constraint_part *part)
{
	size_t from = part->from, not_at = source_find(&r->source, part->from, part->end, "not");

	if (source_is(&r->source, from, "add"))
		from++;
	if (source_is(&r->source, from, "constraint"))
		from += 2;
	if (!source_is(&r->source, not_at + 1, "valid"))
		not_at = part->end;
	return source_slice(&r->source, from, not_at);
}

/* NOT VALID and VALIDATE in two steps, and so in two transactions, for what the primitive has no options for. */
static void add_in_two(struct reader *r, const struct constraint_part *part, const char *name)
{
	const char *quoted = ident_quoted(r->arena, name), *body = body_of(r, part);
	const PgQuery__Constraint *k = part->constraint;
	struct draft *draft;

	if (part->column) /* behind a column: REFERENCES … */
		body = arena_printf(r->arena, "FOREIGN KEY (%s) %s", plain_name(r, part->column), body);
	draft = add_own_sql(
		r, arena_printf(r->arena, "ALTER TABLE %s ADD CONSTRAINT %s %s NOT VALID", r->table, quoted, body),
		arena_printf(r->arena, "ALTER TABLE %s DROP CONSTRAINT %s", r->table, quoted), NULL);
	draft_name(draft, name);
	draft->made = name;
	if (k->skip_validation)
		return;
	draft = add_own_sql(r, arena_printf(r->arena, "ALTER TABLE %s VALIDATE CONSTRAINT %s", r->table, quoted),
	                    "SELECT 1", "the rows are checked while others write");
	draft_name(draft, name);
}

static const char *referenced(struct reader *r, const PgQuery__Constraint *k)
{
	const char *table = relation_name(r, k->pktable);

	return k->n_pk_attrs ? arena_printf(r->arena, "%s(%s)", table, column_names(r, k->pk_attrs, k->n_pk_attrs))
	                     : table;
}

static struct draft *foreign_key(struct reader *r, const struct constraint_part *part)
{
	const PgQuery__Constraint *k = part->constraint;
	const char *columns = part->column ? plain_name(r, part->column) : column_names(r, k->fk_attrs, k->n_fk_attrs);
	struct draft *draft = add_step(r, "add_foreign_key", RANK_EXPAND, "foreign key %s of %s to %s", columns,
	                               r->table, relation_name(r, k->pktable));

	draft_text(draft, "table", r->table);
	draft_text(draft, part->column || k->n_fk_attrs == 1 ? "column" : "columns", columns);
	draft_text(draft, "references", referenced(r, k));
	draft_text(draft, "on_delete", action_word(k->fk_del_action));
	draft_text(draft, "on_update", action_word(k->fk_upd_action));
	draft_text(draft, "name", plain_name(r, given_name(k)));
	draft->made = given_name(k);
	draft_name(draft, given_name(k));
	return draft;
}

static bool is_deferrable(struct reader *r, const struct constraint_part *part)
{
	return part->constraint->deferrable || part->constraint->initdeferred ||
	       source_find(&r->source, part->from, part->end, "deferrable") < part->end ||
	       source_find(&r->source, part->from, part->end, "deferred") < part->end;
}

static bool is_unusual_key(struct reader *r, const struct constraint_part *part)
{
	const PgQuery__Constraint *k = part->constraint;

	return is_deferrable(r, part) || (k->fk_matchtype && *k->fk_matchtype == 'f') || k->n_fk_del_set_cols > 0;
}

static const char *first_column(const struct constraint_part *part)
{
	const PgQuery__Constraint *k = part->constraint;

	return part->column        ? part->column
	       : k->n_fk_attrs > 0 ? k->fk_attrs[0]->string->sval
	       : k->n_keys > 0     ? k->keys[0]->string->sval
	                           : NULL;
}

/* NOT VALID that nobody validates stays so; a VALIDATE later in the file puts the step in its place. */
static void stays_invalid(struct reader *r, const struct constraint_part *part, struct draft *whole)
{
	const char *quoted = ident_quoted(r->arena, part->constraint->conname);
	struct draft *invalid;

	whole->is_left_out = true;
	invalid = add_sql(r, arena_printf(r->arena, "ALTER TABLE %s DROP CONSTRAINT %s", r->table, quoted),
	                  "for new rows only: rows that are there are not checked");
	invalid->made = part->constraint->conname;
	draft_name(invalid, part->constraint->conname);
	invalid->instead = whole;
}

static void read_foreign_key(struct reader *r, const struct constraint_part *part)
{
	struct draft *draft;

	if (is_unusual_key(r, part)) {
		add_in_two(r, part,
		           given_name(part->constraint) ? given_name(part->constraint)
		                                        : free_name(r, first_column(part), "fkey"));
		return;
	}
	draft = foreign_key(r, part);
	if (part->constraint->skip_validation && given_name(part->constraint))
		stays_invalid(r, part, draft);
}

/* PostgreSQL names a check after its column where it stands behind one or names exactly one. */
static const char *check_name(struct reader *r, const struct constraint_part *part)
{
	const char *const *columns;
	size_t count;

	if (given_name(part->constraint))
		return given_name(part->constraint);
	if (part->column)
		return free_name(r, part->column, "check");
	count = expression_columns(r->arena, part->constraint->raw_expr, &columns);
	return free_name(r, count == 1 ? columns[0] : NULL, "check");
}

static void read_check(struct reader *r, const struct constraint_part *part)
{
	const char *name = check_name(r, part);
	struct draft *draft;

	if (part->constraint->is_no_inherit) {
		draft = add_own_sql(
			r,
			arena_printf(r->arena, "ALTER TABLE %s ADD CONSTRAINT %s %s", r->table, ident_quoted(r->arena, name),
		                 body_of(r, part)),
			arena_printf(r->arena, "ALTER TABLE %s DROP CONSTRAINT %s", r->table, ident_quoted(r->arena, name)),
			"add_check has no NO INHERIT");
		draft_decide(r->arena, draft, "the rows are read under ACCESS EXCLUSIVE");
		draft->made = name;
		return;
	}
	draft = add_step(r, "add_check", RANK_EXPAND, "check %s of %s", ident_quoted(r->arena, name), r->table);
	draft_text(draft, "table", r->table);
	draft_text(draft, "name", ident_quoted(r->arena, name));
	draft_sql(draft, "check",
	          source_inside(&r->source,
	                        source_open_paren(&r->source, source_find(&r->source, part->from, part->end, "check"),
	                                          part->end)));
	draft->made = name;
	draft_name(draft, name);
	if (part->constraint->skip_validation && given_name(part->constraint))
		stays_invalid(r, part, draft);
}

/* ---- Unique constraints and primary keys ---- */

static struct draft *unique_step(struct reader *r, const char *columns, const char *name)
{
	struct draft *draft = add_step(r, "add_unique", RANK_EXPAND, "unique %s of %s", columns, r->table);

	draft_text(draft, "table", r->table);
	draft_text(draft, "columns", columns);
	draft_text(draft, "name", plain_name(r, name));
	draft->made = name;
	draft_name(draft, name);
	return draft;
}

static void not_null_columns(struct reader *r, const struct constraint_part *part)
{
	const PgQuery__Constraint *k = part->constraint;

	for (size_t i = 0; i < k->n_keys; i++) {
		const char *column = ident_quoted(r->arena, k->keys[i]->string->sval);
		const struct column *known = relation_column(r->relation, k->keys[i]->string->sval);
		struct draft *draft;

		if (known && known->not_null == TRI_YES)
			continue;
		draft = add_step(r, "set_not_null", RANK_EXPAND, "set NOT NULL of %s.%s", r->table, column);
		draft_text(draft, "table", r->table);
		draft_text(draft, "column", column);
		draft_name(draft, k->keys[i]->string->sval);
	}
}

/* No primitive makes a primary key: its columns, its index, and then the key over the index that is there. */
static void primary_key(struct reader *r, const struct constraint_part *part)
{
	const PgQuery__Constraint *k = part->constraint;
	const char *name = given_name(k) ? given_name(k) : ident_derived(r->arena, r->relation->name, NULL, "pkey");
	const char *quoted = ident_quoted(r->arena, name);
	const char *columns = part->column ? plain_name(r, part->column) : column_names(r, k->keys, k->n_keys);
	struct draft *draft;

	if (k->n_including > 0 || is_deferrable(r, part)) {
		draft = add_sql(r, arena_printf(r->arena, "ALTER TABLE %s DROP CONSTRAINT %s", r->table, quoted), NULL);
		draft_decide(r->arena, draft,
		             "the index is built under ACCESS EXCLUSIVE: nobody reads or writes the table "
		             "meanwhile");
		return;
	}
	if (!part->column)
		not_null_columns(r, part);
	draft = add_step(r, "create_index_if_missing", RANK_EXPAND, "unique index of %s", r->table);
	draft_text(draft, "table", r->table);
	draft_text(draft, "columns", columns);
	draft_text(draft, "name", quoted);
	draft_word(draft, "unique", "true");
	draft_name(draft, name);
	draft = add_own_sql(r,
	                    arena_printf(r->arena, "ALTER TABLE %s ADD CONSTRAINT %s PRIMARY KEY USING INDEX %s",
	                                 r->table, quoted, quoted),
	                    arena_printf(r->arena, "ALTER TABLE %s DROP CONSTRAINT %s", r->table, quoted),
	                    "the key stands on the index above, and nothing is built under its lock");
	draft->made = name;
	draft_name(draft, name);
}

static bool is_for_constraint(const struct draft *index)
{
	return strcmp(index->primitive, "create_index_if_missing") == 0 && draft_option_of(index, "unique") &&
	       !draft_option_of(index, "where") && !draft_option_of(index, "include");
}

/* CREATE UNIQUE INDEX CONCURRENTLY, then this: one step, where the file itself makes the index. */
static void using_index(struct reader *r, const struct constraint_part *part)
{
	const PgQuery__Constraint *k = part->constraint;
	struct draft *index = made_before(r, k->indexname), *draft;
	bool unique = k->contype == PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE && !is_deferrable(r, part);
	const char *name = given_name(k) ? given_name(k) : k->indexname;

	if (unique && index && is_for_constraint(index)) {
		index->is_left_out = true;
		draft = unique_step(r, draft_option_of(index, "columns")->text, name);
		draft_remark(r->arena, draft, "with the index of line %d in it", index->line);
		return;
	}
	draft = add_sql(
		r, arena_printf(r->arena, "ALTER TABLE %s DROP CONSTRAINT %s", r->table, ident_quoted(r->arena, name)),
		NULL);
	draft->made = name;
	draft_name(draft, name);
	if (!index && k->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY)
		draft_remark(r->arena, draft,
		             "where a column of the index takes NULL, all rows are read under the lock: "
		             "set_not_null before this step does that without it");
}

static void read_unique(struct reader *r, const struct constraint_part *part)
{
	const PgQuery__Constraint *k = part->constraint;
	const char *columns = part->column ? plain_name(r, part->column) : column_names(r, k->keys, k->n_keys);
	struct draft *draft;

	if (k->n_including > 0 || k->n_options > 0 || k->initdeferred) {
		draft = add_sql(r, NULL, "add_unique has no such clause");
		draft_decide(r->arena, draft,
		             "the index is built under ACCESS EXCLUSIVE: nobody reads or writes the table "
		             "meanwhile");
		return;
	}
	draft = unique_step(r, columns, given_name(k));
	if (k->nulls_not_distinct)
		draft_word(draft, "nulls_not_distinct", "true");
	if (is_deferrable(r, part))
		draft_word(draft, "deferrable", "true");
}

static void exclusion(struct reader *r, const struct constraint_part *part)
{
	const char *name = given_name(part->constraint);
	struct draft *draft = add_sql(
		r,
		name ? arena_printf(r->arena, "ALTER TABLE %s DROP CONSTRAINT %s", r->table, ident_quoted(r->arena, name))
			 : NULL,
		NULL);

	if (!r->relation->here)
		draft_decide(
			r->arena, draft,
			"PostgreSQL has no way to build an exclusion constraint without ACCESS EXCLUSIVE: nobody reads "
			"or writes the table meanwhile; where it is large, a parallel_table with it and a switch");
}

void convert_constraint(struct reader *r, const struct constraint_part *part)
{
	const PgQuery__Constraint *k = part->constraint;

	if (k->indexname && *k->indexname) {
		using_index(r, part);
		return;
	}
	switch (k->contype) {
	case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
		read_foreign_key(r, part);
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
		read_check(r, part);
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
		read_unique(r, part);
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
		primary_key(r, part);
		break;
	case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
		exclusion(r, part);
		break;
	default:
		add_sql(r, NULL, NULL);
	}
}

/* The second half of a recipe of this file is in its first; else it is a step. */
void convert_validate(struct reader *r, const char *name)
{
	struct draft *before = made_before(r, name), *draft;

	if (before && before->instead) {
		before->is_left_out = true;
		before->instead->is_left_out = false;
		draft_remark(r->arena, before->instead, "validates it too, which line %d of the file does", r->line);
		return;
	}
	draft = add_sql(r, "SELECT 1", "the rows are checked while others write; nothing to take back");
	draft_name(draft, name);
}

void convert_drop_constraint(struct reader *r, const PgQuery__AlterTableCmd *command)
{
	struct draft *before = made_before(r, command->name), *draft;

	if (before && before->table && strcmp(before->table, r->relation->name) == 0) {
		before->is_left_out = true; /* made by this file to be dropped, as the check before SET NOT NULL */
		return;
	}
	draft = add_step(r, "drop_constraint_if_exists", RANK_CONTRACT, "drop constraint %s of %s",
	                 plain_name(r, command->name), r->table);
	draft_text(draft, "table", r->table);
	draft_text(draft, "constraint", plain_name(r, command->name));
	draft_name(draft, command->name);
	if (command->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
		draft_decide(r->arena, draft,
		             "CASCADE would take along the foreign keys that need it; this step refuses then and names "
		             "them: drop them first, in steps of their own");
}
