/* Column references found in the tree, and their last names put back as tokens. */
#include "sql/rename.h"

#include <string.h>

#include "base/buf.h"
#include "sql/ident.h"
#include "sql/tree.h"

static const struct tree_form form = {"an expression", "SELECT ", ""};

enum { REFERENCES_MAX = 1000 };

/* References that get another name, by the byte at which they begin. */
struct finding {
	const struct sql_renaming *renamings;
	size_t renaming_count, shift, count;
	struct {
		size_t at, parts;
		const char *to;
	} references[REFERENCES_MAX];
	bool impossible;
};

static const char *new_name(const struct finding *finding, const char *name)
{
	for (size_t i = 0; i < finding->renaming_count; i++)
		if (strcmp(finding->renamings[i].from, name) == 0)
			return finding->renamings[i].to;
	return NULL;
}

static void take(struct finding *finding, const PgQuery__ColumnRef *reference)
{
	const char *name = tree_string(reference->fields[reference->n_fields - 1]);
	const char *to = name ? new_name(finding, name) : NULL;

	if (!name || finding->count == REFERENCES_MAX) {
		finding->impossible = true;
		return;
	}
	if (!to)
		return;
	finding->references[finding->count].at = (size_t)reference->location - finding->shift;
	finding->references[finding->count].parts = reference->n_fields;
	finding->references[finding->count++].to = to;
}

static bool see(const ProtobufCMessage *message, void *context)
{
	struct finding *finding = context;

	if (message->descriptor == &pg_query__sub_link__descriptor)
		finding->impossible = true;
	if (message->descriptor != &pg_query__column_ref__descriptor)
		return true;
	take(finding, (const PgQuery__ColumnRef *)(const void *)message);
	return false;
}

static void rewrite(const char *text, const struct tokens *tokens, const struct finding *finding, struct buf *out)
{
	size_t from = 0;

	for (size_t i = 0; i < tokens->count; i++)
		for (size_t r = 0; r < finding->count; r++) {
			const struct token *last;

			if (finding->references[r].at != tokens->items[i].start)
				continue;
			last = &tokens->items[i + 2 * (finding->references[r].parts - 1)]; /* names, and points between */
			buf_add_bytes(out, text + from, last->start - from);
			ident_quote(out, finding->references[r].to);
			from = last->end;
		}
	buf_add(out, text + from);
}

const char *sql_rename_columns(const char *expression, const struct sql_renaming *renamings, size_t count,
                               struct arena *arena)
{
	struct finding finding = {.renamings = renamings, .renaming_count = count, .shift = strlen(form.before)};
	struct err err = {0};
	struct buf out = {0};
	const char *result = NULL;
	struct tree tree;

	if (!tree_parse(expression, &form, &tree, &err)) {
		err_release(&err);
		return NULL;
	}
	tree_visit_node(tree_statement(&tree), see, &finding);
	if (!finding.impossible) {
		rewrite(expression, &tree.tokens, &finding, &out);
		result = arena_strdup(arena, buf_text(&out));
	}
	buf_release(&out);
	tree_release(&tree);
	return result;
}
