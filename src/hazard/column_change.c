/* ALTER COLUMN … TYPE: what the old type, the indexes, checks, keys and dependents of the column make of it. */
#include <string.h>

#include "hazard/expression.h"
#include "hazard/statements.h"
#include "hazard/values.h"
#include "sql/tree.h"

/* One change of type while it is judged. */
struct type_work {
	struct lint *lint;
	struct relation *relation;
	struct column *column;
	struct type from, to; /* domains replaced */
	struct type new_type; /* as written */
	const PgQuery__ColumnDef *definition;
	const PgQuery__Node *use; /* USING, unless it is the column itself or a cast of it to the new type */
	bool collates;
	struct type_change change;
};

static const char *words(struct type_work *w)
{
	return text_of(w->lint, "TYPE %s of \"%s\"", type_text(&w->new_type, &w->lint->arena), w->column->name);
}

/* USING c, or USING c::newtype, changes nothing. */
static bool is_plain_use(const PgQuery__Node *use, const char *column, const struct type *to, struct arena *arena)
{
	if (use && use->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
		struct type cast = type_read(use->type_cast->type_name, arena);

		if (!type_same_base(&cast, to) || (cast.mod_count && cast.mods[0] != to->mods[0]))
			return false;
		use = use->type_cast->arg;
	}
	return use && use->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && use->column_ref->n_fields == 1 &&
	       tree_string(use->column_ref->fields[0]) && strcmp(tree_string(use->column_ref->fields[0]), column) == 0;
}

/* A domain with constraints is checked for each row, which is written anew for it. */
static enum tri constrained_domain(struct type_work *w)
{
	const struct domain *domain =
		w->new_type.built_in || w->new_type.is_array ? NULL : schema_domain(&w->lint->schema, &w->new_type);

	if (domain && type_same_base(&w->column->type, &w->new_type))
		return TRI_NO;
	return domain ? domain->constrained : TRI_NO;
}

static void judge(struct type_work *w)
{
	w->from = schema_base_type(&w->lint->schema, &w->column->type);
	w->to = schema_base_type(&w->lint->schema, &w->new_type);
	w->change = type_change(&w->from, &w->to, setting_now(&w->lint->utc), w->lint->server_version);
	if (w->use) {
		w->change.rewrites = TRI_YES;
		w->change.loses = TRI_YES;
		w->change.by_timezone = false;
	}
	if (constrained_domain(w) == TRI_YES)
		w->change.rewrites = TRI_YES;
}

static const char *columns_text(struct lint *lint, const struct relation *relation, const struct constraint *c)
{
	const char *list = NULL;

	for (size_t i = 0; i < c->column_count; i++)
		list =
			text_of(lint, "%s%s%s.%s", list ? list : "", list ? ", " : "", named(lint, relation), c->columns[i]);
	return list;
}

/* The columns elsewhere that refer to this one, also by keys that an earlier statement of the file dropped. */
static void name_referencing(struct type_work *w, struct diag *diag)
{
	for (struct relation *r = w->lint->schema.relations; r; r = r->next)
		for (struct constraint *c = r->constraints; c; c = c->next)
			if (c->kind == CONSTRAINT_FOREIGN && c->referenced == w->relation &&
			    (c->referenced_count == 0 ||
			     has_name(c->referenced_columns, c->referenced_count, w->column->name)))
				effect_detail(w->lint, diag, "%s refers%s to it%s: its type would no longer match",
				              columns_text(w->lint, r, c), c->dropped ? "" : "",
				              c->dropped ? " (by the key that this file drops)" : "");
}

/*
 * Types that people come to from others of the same bytes: varchar without a limit from a shorter one, citext from
 * text, inet from cidr; and, where TimeZone is UTC, the two timestamps from each other.
 */
static bool is_likely_free(const struct type_work *w)
{
	const struct type *to = &w->to;

	if (w->from.name || w->use || !to->name || to->is_array || to->mod_count > 0)
		return false;
	if (type_is(to, "timestamp") || type_is(to, "timestamptz"))
		return setting_now(&w->lint->utc) == TRI_YES;
	return type_is(to, "varchar") || type_is(to, "inet") || strcmp(to->name, "citext") == 0;
}

static void tell_rewrite(struct type_work *w)
{
	struct effect effect = {.rule = "alter-type-rewrite",
	                        .relation = w->relation,
	                        .work = WORK_REWRITE,
	                        .lock = LOCK_ACCESS_EXCLUSIVE,
	                        .certain = w->change.rewrites,
	                        .location = w->definition->location,
	                        .help = "a second column of the new type, filled in batches, and a switch"};
	struct diag *diag;

	if (is_likely_free(w) && was_there(w->lint, w->relation)) {
		effect.work = WORK_NONE;
		effect.severity = SEVERITY_NOTE;
		diag = effect_add(w->lint, &effect,
		                  "%s leaves the stored values as they are only from types of the same bytes", words(w));
	} else {
		diag = effect_add(w->lint, &effect, "%s", words(w));
	}
	if (w->use)
		effect_detail(w->lint, diag, "USING is computed for every row");
	else if (w->change.by_timezone)
		effect_detail(w->lint, diag, "only where TimeZone is UTC the stored values stay as they are");
	else if (w->from.name)
		effect_detail(w->lint, diag, "it is %s now", type_text(&w->from, &w->lint->arena));
	else
		effect_detail(w->lint, diag, "its present type is not known here; a database can tell");
	name_referencing(w, diag);
}

static bool is_indexed(const struct index *index, const char *column)
{
	return !index->dropped && (has_name(index->columns, index->column_count, column) ||
	                           has_name(index->mentioned, index->mentioned_count, column));
}

static void tell_indexes(struct type_work *w)
{
	struct effect effect = {.rule = "alter-type-index-rebuild",
	                        .relation = w->relation,
	                        .work = WORK_BUILD,
	                        .lock = LOCK_ACCESS_EXCLUSIVE,
	                        .location = w->definition->location,
	                        .help = "drop the index CONCURRENTLY before, build it CONCURRENTLY after"};

	for (struct index *i = w->relation->indexes; i; i = i->next) {
		bool computed = has_name(i->mentioned, i->mentioned_count, w->column->name);

		if (is_indexed(i, w->column->name) && (computed || w->collates || w->change.rebuilds_indexes == TRI_YES)) {
			struct diag *diag = effect_add(w->lint, &effect, "%s", words(w));

			effect_detail(w->lint, diag, "%s is built anew: %s", i->name ? i->name : "an index",
			              computed ? "its expression or WHERE mentions the column"
			                       : "the new type or collation sorts by other rules");
		}
	}
}

static void tell_checks(struct type_work *w)
{
	struct effect effect = {.rule = "alter-type-recheck-scan",
	                        .relation = w->relation,
	                        .work = WORK_SCAN,
	                        .lock = LOCK_ACCESS_EXCLUSIVE,
	                        .location = w->definition->location,
	                        .help = "drop the check before; after it add it NOT VALID and validate it"};

	for (struct constraint *c = w->relation->constraints; c; c = c->next)
		if (!c->dropped && c->kind == CONSTRAINT_CHECK && c->valid != TRI_NO &&
		    has_name(c->columns, c->column_count, w->column->name)) {
			struct diag *diag = effect_add(w->lint, &effect, "%s", words(w));

			effect_detail(w->lint, diag, "check \"%s\" mentions the column, and is made again for all rows",
			              c->name ? c->name : "");
		}
}

static void tell_keys(struct type_work *w)
{
	struct effect effect = {.rule = "alter-type-fk",
	                        .work = WORK_SCAN,
	                        .lock = LOCK_ACCESS_EXCLUSIVE,
	                        .location = w->definition->location,
	                        .help = "drop the foreign key before; after it add it NOT VALID and validate it"};

	for (struct relation *r = w->lint->schema.relations; r; r = r->next)
		for (struct constraint *c = r->constraints; c; c = c->next) {
			bool own = r == w->relation && has_name(c->columns, c->column_count, w->column->name);
			bool other = c->referenced == w->relation &&
			             has_name(c->referenced_columns, c->referenced_count, w->column->name);

			if (c->dropped || c->kind != CONSTRAINT_FOREIGN || (!own && !other))
				continue;
			takes_lock(w->lint, own ? c->referenced : r, LOCK_ACCESS_EXCLUSIVE);
			effect.relation = r;
			if (w->change.rewrites == TRI_YES && !type_same_base(&w->from, &w->to) && !own)
				effect_detail(w->lint, effect_add(w->lint, &effect, "%s", words(w)),
				              "foreign key \"%s\" is checked again for all rows", c->name ? c->name : "");
		}
}

/* false: PostgreSQL refuses it, so the rest does not happen. */
static bool check_refused(struct type_work *w)
{
	struct effect effect = {.severity = SEVERITY_ERROR, .location = w->definition->location};
	struct diag *diag = NULL;

	if (has_name(w->relation->partition_keys, w->relation->partition_key_count, w->column->name) ||
	    (w->relation->parent && has_name(w->relation->parent->partition_keys,
	                                     w->relation->parent->partition_key_count, w->column->name))) {
		effect.rule = "partition-key-type";
		diag =
			effect_add(w->lint, &effect, "\"%s\" is in the partition key: its type can't change", w->column->name);
		effect_detail(w->lint, diag, "PostgreSQL refuses it (42P16)");
		return false;
	}
	for (const struct dependent *d = w->relation->dependents; d; d = d->next) {
		if (!d->blocks_type || !d->column || strcmp(d->column, w->column->name) != 0)
			continue;
		if (!diag) {
			effect.rule = "dependent-view";
			effect.help = "drop them before it and make them again after it";
			diag = effect_add(w->lint, &effect, "the type of \"%s\" can't change: others use the column",
			                  w->column->name);
			effect_detail(w->lint, diag, "PostgreSQL refuses it (0A000)");
		}
		effect_detail(w->lint, diag, "used by %s", d->what);
	}
	return !diag;
}

static void tell_nothing_to_do(struct type_work *w)
{
	struct effect effect = {
		.rule = "alter-type-rewrite", .severity = SEVERITY_NOTE, .location = w->definition->location};
	struct diag *diag;

	if (!w->from.name || !w->column->type.name || w->use || w->change.rewrites != TRI_NO || w->collates ||
	    !type_same_base(&w->column->type, &w->new_type) || w->column->type.mod_count != w->new_type.mod_count ||
	    (w->new_type.mod_count > 0 && w->column->type.mods[0] != w->new_type.mods[0]))
		return;
	diag = effect_add(w->lint, &effect, "%s changes nothing here: it is %s already", words(w),
	                  type_text(&w->column->type, &w->lint->arena));
	effect_detail(
		w->lint, diag,
		"where the column is of another type, it may write %s and its indexes anew under ACCESS EXCLUSIVE",
		named(w->lint, w->relation));
}

void read_column_type(struct lint *lint, const struct alteration *a)
{
	struct type_work w = {.lint = lint,
	                      .relation = a->relation,
	                      .column = relation_column_known(&lint->schema, a->relation, a->command->name),
	                      .definition = a->command->def->column_def};

	w.new_type = type_read(w.definition->type_name, &lint->arena);
	w.collates = w.definition->coll_clause != NULL;
	w.use = w.definition->raw_default;
	if (w.use && is_plain_use(w.use, w.column->name, &w.new_type, &lint->arena))
		w.use = NULL;
	judge(&w);
	if (!check_refused(&w))
		return;
	if (w.change.rewrites != TRI_NO)
		tell_rewrite(&w);
	else
		tell_indexes(&w);
	if (w.change.rewrites == TRI_NO)
		tell_checks(&w);
	tell_keys(&w);
	tell_nothing_to_do(&w);
	if (w.change.loses != TRI_NO && w.from.name)
		count_lost_values(lint, a->relation, w.column, &w.new_type, w.definition->location);
	if (w.change.rewrites != TRI_NO || !type_same_base(&w.from, &w.to))
		change_add(lint, CONCERN_CHANGE, a->relation, "changes the type of column \"%s\" of %s", w.column->name,
		           named(lint, a->relation));
	else
		change_add(lint, CONCERN_CHANGE, a->relation, "sets the type of column \"%s\" of %s", w.column->name,
		           named(lint, a->relation));
	w.column->type = w.new_type;
}
