/* Recipes that several primitives share; each gives statements, or says why there is none. */
#include "plan/probes.h"

#include <string.h>

#include "base/err.h"
#include "plan/constraints.h"

static char *take(struct buf *buf, struct arena *arena)
{
	char *text = arena_strdup(arena, buf_text(buf));

	buf_release(buf);
	return text;
}

const char *array_literal(const char *const *names, size_t count, struct arena *arena)
{
	struct buf text = {0};

	if (count == 0)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		buf_add(&text, i ? ",\"" : "{\"");
		for (const char *c = names[i]; *c; c++) {
			if (*c == '"' || *c == '\\')
				buf_add_char(&text, '\\');
			buf_add_char(&text, *c);
		}
		buf_add_char(&text, '"');
	}
	buf_add_char(&text, '}');
	return take(&text, arena);
}

const char *array_or_empty(const char *const *names, size_t count, struct arena *arena)
{
	return count ? array_literal(names, count, arena) : "{}";
}

/* ---- Foreign keys ---- */

const char *const foreign_key_actions[] = {"no action", "restrict", "cascade", "set null", "set default", NULL};
static const char action_codes[] = "arcnd";

char foreign_key_action(const char *word)
{
	for (size_t i = 0; word && foreign_key_actions[i]; i++)
		if (strcmp(word, foreign_key_actions[i]) == 0)
			return action_codes[i];
	return 'a';
}

bool foreign_key_refer(struct foreign_key_plan *key, const char *references, struct arena *arena)
{
	struct foreign_key parsed = {0};
	struct err err = {0};
	bool ok = sql_parse_references(references, arena, &parsed, &err);

	err_release(&err);
	if (!ok)
		return false;
	key->parent = (struct relname){parsed.schema ? parsed.schema : "public", parsed.table};
	key->referenced = parsed.referenced;
	key->referenced_count = parsed.referenced_count;
	return true;
}

const char *foreign_key_name(const struct foreign_key_plan *key, struct arena *arena)
{
	struct buf columns = {0};
	const char *name;

	for (size_t i = 0; i < key->column_count; i++)
		buf_addf(&columns, "%s%s", i ? "_" : "", key->columns[i]);
	name = ident_derived(arena, key->table.name, buf_text(&columns), "fkey");
	buf_release(&columns);
	return name;
}

void foreign_key_columns(struct buf *out, const char *const *names, size_t count)
{
	buf_add_char(out, '(');
	for (size_t i = 0; i < count; i++) {
		buf_add(out, i ? ", " : "");
		ident_quote(out, names[i]);
	}
	buf_add_char(out, ')');
}

void foreign_key_on(struct buf *out, const char *event, char action)
{
	static const char *const words[] = {"", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"};

	if (action != 'a')
		buf_addf(out, " ON %s %s", event, words[strchr(action_codes, action) - action_codes]);
}

const char *foreign_key_text(const struct foreign_key_plan *key, struct arena *arena)
{
	struct buf text = {0};

	buf_add(&text, "FOREIGN KEY ");
	foreign_key_columns(&text, key->columns, key->column_count);
	buf_add(&text, " REFERENCES ");
	ident_quote_relname(&text, &key->parent);
	if (key->referenced_count)
		foreign_key_columns(&text, key->referenced, key->referenced_count);
	foreign_key_on(&text, "UPDATE", key->on_update);
	foreign_key_on(&text, "DELETE", key->on_delete);
	return take(&text, arena);
}

void foreign_key_add(const struct foreign_key_plan *key, const struct facts *facts, struct stmts *stmts)
{
	const char *kind = record_get(facts->now, "relkind");
	const char *table = relname_quoted(stmts->arena, &key->table);
	struct stmt *stmt;

	if (kind && *kind == 'p' && facts->server_version < 180000) {
		stmts_refuse(stmts, "add it to each partition first, then to the partitioned table with sql_step",
		             "%s is partitioned: before PostgreSQL 18 it takes no foreign key that is not yet validated",
		             table);
		stmts->refusal_rule = "not-valid-fk-partitioned";
		return;
	}
	stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ADD CONSTRAINT %s %s NOT VALID", table,
	                 ident_quoted(stmts->arena, key->name), foreign_key_text(key, stmts->arena));
	stmt_lock(stmts, stmt, &key->table, LOCK_SHARE_ROW_EXCLUSIVE);
	if (!relname_equal(&key->table, &key->parent))
		stmt_lock(stmts, stmt, &key->parent, LOCK_SHARE_ROW_EXCLUSIVE);
	stmt->note = "brief: existing rows are not looked at";
}

void foreign_key_validate(const struct foreign_key_plan *key, const char *name, struct stmts *stmts)
{
	struct stmt *stmt = constraint_validate(&key->table, name, stmts);

	if (!relname_equal(&key->table, &key->parent))
		stmt_lock(stmts, stmt, &key->parent, LOCK_ROW_SHARE);
}

void foreign_key_drop(const struct foreign_key_plan *key, const char *name, struct stmts *stmts)
{
	struct stmt *stmt = constraint_drop(&key->table, name, stmts);

	if (!relname_equal(&key->table, &key->parent))
		stmt_lock(stmts, stmt, &key->parent, LOCK_ACCESS_EXCLUSIVE);
}
