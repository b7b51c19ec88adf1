/* Comments that say which findings are known and why they are accepted. */
#include "hazard/ignore.h"

#include <stdlib.h>
#include <string.h>

struct ignore {
	const char *rule, *reason;
	int line, first, last; /* where findings are meant */
	bool used;
};

static const char *word(struct arena *arena, const char **text)
{
	size_t length;
	const char *start;

	*text += strspn(*text, " \t\r\n");
	start = *text;
	length = strcspn(start, " \t\r\n:");
	*text += length;
	return arena_strndup(arena, start, length);
}

/* The statement that a comment is about: the one that it stands in or ends the line of, else the next one. */
static void find_place(const struct script *script, const struct script_comment *comment, struct ignore *ignore)
{
	for (size_t i = 0; i < script->statement_count; i++) {
		const struct script_statement *s = &script->statements[i];

		if (s->last_line < comment->line)
			continue;
		ignore->first = s->line;
		ignore->last = s->last_line;
		return;
	}
	ignore->first = ignore->last = comment->line;
}

/* false: the comment is of another kind. */
static bool read_ignore(const struct script *script, const struct script_comment *comment, struct arena *arena,
                        struct ignore *out)
{
	const char *text = comment->text + strspn(comment->text, " \t\r\n");
	bool whole;

	if (strncmp(text, "interlock:ignore", 16) != 0)
		return false;
	text += 16;
	whole = strncmp(text, "-file", 5) == 0;
	text += whole ? 5 : 0;
	*out = (struct ignore){.line = comment->line};
	out->rule = word(arena, &text);
	text += strspn(text, " \t\r\n:");
	out->reason = arena_strndup(arena, text, strcspn(text, "\r\n"));
	if (whole)
		out->last = 1 << 30;
	else
		find_place(script, comment, out);
	return true;
}

static bool takes(struct ignore *ignores, size_t count, const struct diag *diag)
{
	bool taken = false;

	for (size_t i = 0; i < count; i++)
		if (*ignores[i].reason && diag->rule && strcmp(diag->rule, ignores[i].rule) == 0 &&
		    diag->span.line >= ignores[i].first && diag->span.line <= ignores[i].last)
			taken = ignores[i].used = true;
	return taken;
}

static void tell(const char *path, const struct ignore *ignore, struct diags *out)
{
	const struct span span = {path, ignore->line};
	struct diag *diag = NULL;

	if (!*ignore->rule)
		diag = diags_add(out, SEVERITY_WARNING, "unused-ignore", span, "the comment names no rule to ignore");
	else if (!*ignore->reason)
		diag = diags_add(out, SEVERITY_WARNING, "unused-ignore", span,
		                 "ignoring \"%s\" needs a reason, so nothing is ignored", ignore->rule);
	else if (!ignore->used)
		diags_add(out, SEVERITY_WARNING, "unused-ignore", span, "there is no finding of \"%s\" here to ignore",
		          ignore->rule);
	if (diag)
		diag_help(&out->arena, diag, "-- interlock:ignore RULE why this is known and harmless here");
}

/* A finding, and the place where it was found: those of one line stay in their order. */
struct place {
	const struct diag *diag;
	size_t number;
};

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->diag->span.line != y->diag->span.line)
		return x->diag->span.line < y->diag->span.line ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static struct place *by_line(const struct diags *found, struct arena *arena, size_t *count)
{
	struct place *places;
	size_t i = 0;

	*count = 0;
	for (const struct diag *diag = found->first; diag; diag = diag->next)
		(*count)++;
	places = arena_array(arena, struct place, *count + 1);
	for (const struct diag *diag = found->first; diag; diag = diag->next, i++)
		places[i] = (struct place){diag, i};
	qsort(places, *count, sizeof(*places), compare);
	return places;
}

void ignore_apply(const struct script *script, const char *path, const struct diags *found, struct diags *out)
{
	struct arena arena = {0};
	struct ignore *ignores = arena_array(&arena, struct ignore, script->comment_count + 1);
	size_t count = 0, total;
	struct place *sorted;

	for (size_t i = 0; i < script->comment_count; i++)
		count += read_ignore(script, &script->comments[i], &arena, &ignores[count]);
	sorted = by_line(found, &arena, &total);
	for (size_t i = 0; i < total; i++)
		if (!takes(ignores, count, sorted[i].diag))
			diags_append(out, sorted[i].diag);
	for (size_t i = 0; i < count; i++)
		tell(path, &ignores[i], out);
	arena_release(&arena);
}
