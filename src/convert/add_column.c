/* ADD COLUMN: the column alone first, then what would have to look at rows, or to fill them. */
#include <string.h>

#include "convert/read.h"
#include "hazard/expression.h"
#include "sql/ident.h"

/* A column definition, cut into its pieces. */
struct pieces {
	const PgQuery__ColumnDef *definition;
	const char *name, *type;
	const PgQuery__Constraint *value; /* DEFAULT; NULL: none */
	const char *default_text;
	bool not_null, is_special; /* special: computed, or with a collation or storage of its own */
	const PgQuery__Constraint *identity, *reference;
};

/* Where the piece that begins at this byte ends: where the next one begins. */
static size_t piece_end(struct reader *r, const PgQuery__ColumnDef *d, int location)
{
	int next = -1;

	for (size_t i = 0; i < d->n_constraints; i++) {
		int begins = d->constraints[i]->constraint->location;

		if (d->constraints[i]->constraint->contype >= PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE)
			continue; /* DEFERRABLE and the like belong to what stands before them */
		if (begins > location && (next < 0 || begins < next))
			next = begins;
	}
	if (d->coll_clause && d->coll_clause->location > location && (next < 0 || d->coll_clause->location < next))
		next = d->coll_clause->location;
	return next < 0 ? r->end : source_token_at(&r->source, next);
}

static void take_pieces(struct reader *r, const PgQuery__ColumnDef *d, struct pieces *p)
{
	*p = (struct pieces){.definition = d, .name = d->colname};
	p->type = source_slice(&r->source, source_token_at(&r->source, d->type_name->location),
	                       piece_end(r, d, d->type_name->location));
	p->is_special = d->coll_clause || (d->storage && *d->storage) || (d->compression && *d->compression);
	for (size_t i = 0; i < d->n_constraints; i++) {
		const PgQuery__Constraint *constraint = d->constraints[i]->constraint;
		size_t end = piece_end(r, d, constraint->location),
			   from = source_token_at(&r->source, constraint->location);

		switch (constraint->contype) {
		case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
		case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
			p->not_null = true;
			break;
		case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
			p->value = constraint;
			p->default_text = source_slice(&r->source, source_find(&r->source, from, end, "default") + 1, end);
			break;
		case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED:
			p->is_special = true;
			break;
		case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY:
			p->identity = constraint;
			break;
		default:
			break;
		}
	}
}

static void set_not_null(struct reader *r, const struct pieces *p)
{
	const char *column = plain_name(r, p->name);
	struct draft *draft = add_step(r, "set_not_null", RANK_EXPAND, "set NOT NULL of %s.%s", r->table, column);

	draft_text(draft, "table", r->table);
	draft_text(draft, "column", column);
	draft_name(draft, p->name);
	if (!p->value && !r->relation->here)
		draft_decide(r->arena, draft,
		             "rows that are there have no value in %s: give the column a default above, or fill it in a "
		             "phase before this one: backfill { table = …, set = { %s = … } }",
		             column, column);
}

void convert_fill(struct reader *r, const struct fill *fill)
{
	const char *const *keys = NULL, *const *values = NULL, **pair = arena_array(r->arena, const char *, 2);
	const char *column = plain_name(r, fill->column);
	struct draft *draft;

	pair[0] = column;
	pair[1] = fill->value;
	keys = &pair[0];
	values = &pair[1];
	draft = add_step(r, "set_default", RANK_EXPAND, "set the default of %s.%s", r->table, column);
	draft_text(draft, "table", r->table);
	draft_text(draft, "column", column);
	draft_sql(draft, "default", fill->value);
	draft_name(draft, fill->column);
	draft = add_step(r, "backfill", RANK_FILL, "fill %s.%s", r->table, column);
	draft_text(draft, "table", r->table);
	draft_map(draft, "set", keys, values, 1);
	draft_word(draft, "volatile", "true");
	draft_name(draft, fill->column);
	if (!fill->not_null)
		return;
	draft = add_step(r, "set_not_null", RANK_EXPAND, "set NOT NULL of %s.%s", r->table, column);
	draft_text(draft, "table", r->table);
	draft_text(draft, "column", column);
	draft_name(draft, fill->column);
}

/* A foreign key that the column's own step can make: without a name or unusual clauses. */
static bool is_simple_reference(const PgQuery__ColumnDef *d, const PgQuery__Constraint *k)
{
	for (size_t i = 0; i < d->n_constraints; i++)
		if (d->constraints[i]->constraint->contype >= PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE)
			return false;
	return (!k->conname || !*k->conname) &&
	       (!k->fk_upd_action || !*k->fk_upd_action || *k->fk_upd_action == 'a') &&
	       (!k->fk_matchtype || *k->fk_matchtype != 'f') && k->n_fk_del_set_cols == 0;
}

const char *action_word(const char *code)
{
	switch (code ? *code : 0) {
	case 'r':
		return "restrict";
	case 'c':
		return "cascade";
	case 'n':
		return "set null";
	case 'd':
		return "set default";
	default:
		return NULL;
	}
}

static const char *reference_text(struct reader *r, const PgQuery__Constraint *k)
{
	const char *table = relation_name(r, k->pktable);

	return k->n_pk_attrs ? arena_printf(r->arena, "%s(%s)", table, column_names(r, k->pk_attrs, k->n_pk_attrs))
	                     : table;
}

static void further_constraints(struct reader *r, const struct pieces *p, const PgQuery__Constraint *done)
{
	const PgQuery__ColumnDef *d = p->definition;

	for (size_t i = 0; i < d->n_constraints; i++) {
		const PgQuery__Constraint *k = d->constraints[i]->constraint;

		if (k == done || (k->contype != PG_QUERY__CONSTR_TYPE__CONSTR_CHECK &&
		                  k->contype != PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE &&
		                  k->contype != PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN &&
		                  k->contype != PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY))
			continue;
		convert_constraint(r, &(struct constraint_part){.constraint = k,
		                                                .column = d->colname,
		                                                .from = source_token_at(&r->source, k->location),
		                                                .end = piece_end(r, d, k->location)});
	}
}

static struct draft *add_column(struct reader *r, const struct pieces *p, const char *type, const char *value)
{
	const char *column = plain_name(r, p->name);
	struct draft *draft =
		add_step(r, "add_column_if_missing", RANK_EXPAND, "add column %s to %s", column, r->table);

	draft_text(draft, "table", r->table);
	draft_text(draft, "column", column);
	draft_text(draft, "type", type);
	draft_sql(draft, "default", value);
	draft_name(draft, p->name);
	return draft;
}

/* A number for each row, from a sequence: what serial does, in steps that rewrite nothing. */
static void add_serial(struct reader *r, const struct pieces *p, const struct type *type)
{
	const char *whole = type_is(type, "bigserial") || type_is(type, "serial8")     ? "bigint"
	                    : type_is(type, "smallserial") || type_is(type, "serial2") ? "smallint"
	                                                                               : "integer";
	const struct relname name = {r->relation->schema, ident_derived(r->arena, r->relation->name, p->name, "seq")};
	const char *sequence =
		strcmp(name.schema, "public") == 0 ? ident_quoted(r->arena, name.name) : relname_quoted(r->arena, &name);
	struct fill fill = {p->name, NULL, true};
	struct draft *draft;

	add_column(r, p, whole, NULL);
	draft = add_step(r, "create_sequence_if_missing", RANK_EXPAND, "create sequence %s", sequence);
	draft_text(draft, "sequence", sequence);
	draft_text(draft, "type", whole);
	draft_text(draft, "owned_by", arena_printf(r->arena, "%s.%s", r->table, plain_name(r, p->name)));
	draft_name(draft, name.name);
	fill.value = arena_printf(r->arena, "nextval(%s)", literal_quoted(r->arena, relname_quoted(r->arena, &name)));
	convert_fill(r, &fill);
}

/* What no primitive makes: the server writes the table anew, or makes the column in one piece. */
static void add_whole(struct reader *r, const struct pieces *p)
{
	struct draft *draft = add_sql(
		r, arena_printf(r->arena, "ALTER TABLE %s DROP COLUMN %s", r->table, plain_name(r, p->name)), NULL);

	draft_name(draft, p->name);
	if (r->relation->here)
		return;
	if (p->identity)
		draft_decide(
			r->arena, draft,
			"an identity column rewrites the whole table under ACCESS EXCLUSIVE; where it is large, add a "
			"plain column, fill it from a sequence, and make it an identity column afterwards");
	else if (p->definition->coll_clause)
		draft_remark(r->arena, draft, "add_column_if_missing has no collation");
	else
		draft_decide(
			r->arena, draft,
			"a stored generated column rewrites the whole table under ACCESS EXCLUSIVE; where it is large, "
			"add a plain column and fill it: backfill keeps it up to date, but only while the plan is open");
}

void convert_add_column(struct reader *r, const PgQuery__ColumnDef *definition)
{
	struct pieces p;
	struct type type = type_read(definition->type_name, r->arena);
	const PgQuery__Constraint *reference = NULL;
	const char *culprit = NULL;
	bool is_volatile;
	struct draft *draft;

	take_pieces(r, definition, &p);
	if (p.is_special || p.identity) {
		add_whole(r, &p);
		return;
	}
	if (type_is_serial(&type)) {
		add_serial(r, &p, &type);
		further_constraints(r, &p, NULL);
		return;
	}
	is_volatile = p.value && expression_volatile(r->lint, p.value->raw_expr, &culprit) != TRI_NO;
	for (size_t i = 0; i < definition->n_constraints; i++)
		if (definition->constraints[i]->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN &&
		    is_simple_reference(definition, definition->constraints[i]->constraint))
			reference = definition->constraints[i]->constraint;
	draft = add_column(r, &p, p.type, is_volatile ? NULL : p.default_text);
	if (reference) {
		draft_text(draft, "references", reference_text(r, reference));
		draft_text(draft, "on_delete", action_word(reference->fk_del_action));
	}
	if (is_volatile)
		convert_fill(r, &(struct fill){p.name, p.default_text, p.not_null});
	else if (p.not_null)
		set_not_null(r, &p);
	further_constraints(r, &p, reference);
}
