/* Lists of diagnostics, all in one arena. */
#include "base/diag.h"

#include <string.h>

static void append(struct diags *diags, struct diag *diag)
{
	if (diags->last)
		diags->last->next = diag;
	else
		diags->first = diag;
	diags->last = diag;
	diags->errors += diag->severity == SEVERITY_ERROR;
	diags->warnings += diag->severity == SEVERITY_WARNING;
}

struct diag *diags_add(struct diags *diags, enum severity severity, const char *rule, struct span span,
                       const char *format, ...)
{
	struct diag *diag = arena_alloc(&diags->arena, sizeof(*diag));
	va_list args;

	diag->severity = severity;
	diag->rule = arena_strdup(&diags->arena, rule);
	diag->span = (struct span){arena_strdup(&diags->arena, span.file), span.line};
	va_start(args, format);
	diag->summary = arena_vprintf(&diags->arena, format, args);
	va_end(args);
	append(diags, diag);
	return diag;
}

void diags_append(struct diags *diags, const struct diag *diag)
{
	append(diags, diag_copy(&diags->arena, diag));
}

void diags_weigh(struct diags *diags, struct diag *diag, enum severity severity)
{
	diags->errors -= diag->severity == SEVERITY_ERROR;
	diags->warnings -= diag->severity == SEVERITY_WARNING;
	diag->severity = severity;
	diags->errors += severity == SEVERITY_ERROR;
	diags->warnings += severity == SEVERITY_WARNING;
}

void diags_release(struct diags *diags)
{
	arena_release(&diags->arena);
	*diags = (struct diags){0};
}

void diag_detail(struct arena *arena, struct diag *diag, const char *format, ...)
{
	const char **more = arena_array(arena, const char *, diag->detail_count + 1);
	va_list args;

	if (diag->detail_count)
		memcpy(more, diag->details, diag->detail_count * sizeof(*more));
	va_start(args, format);
	more[diag->detail_count++] = arena_vprintf(arena, format, args);
	va_end(args);
	diag->details = more;
}

void diag_help(struct arena *arena, struct diag *diag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	diag->help = arena_vprintf(arena, format, args);
	va_end(args);
}

void diag_chain(struct arena *arena, struct diag *diag, const struct span *chain, size_t length)
{
	struct span *copy = arena_array(arena, struct span, length);

	for (size_t i = 0; i < length; i++)
		copy[i] = (struct span){arena_strdup(arena, chain[i].file), chain[i].line};
	diag->chain = copy;
	diag->chain_length = length;
}

struct diag *diag_copy(struct arena *arena, const struct diag *diag)
{
	struct diag *copy = arena_alloc(arena, sizeof(*copy));

	copy->severity = diag->severity;
	copy->rule = arena_strdup(arena, diag->rule);
	copy->summary = arena_strdup(arena, diag->summary);
	copy->span = (struct span){arena_strdup(arena, diag->span.file), diag->span.line};
	diag_chain(arena, copy, diag->chain, diag->chain_length);
	for (size_t i = 0; i < diag->detail_count; i++)
		diag_detail(arena, copy, "%s", diag->details[i]);
	copy->help = arena_strdup(arena, diag->help);
	copy->sql = arena_strdup(arena, diag->sql);
	return copy;
}

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {"note", "warning", "error"};

	return names[severity];
}
