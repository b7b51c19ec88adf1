/* One error: an exit code, a SQLSTATE, a diagnostic, in an arena of its own. */
#include "base/err.h"

#include <string.h>

bool err_set(struct err *err, enum exit_code code, const char *format, ...)
{
	struct arena arena = {0};
	const char *summary;
	va_list args;

	va_start(args, format); /* the arguments may point into what it held before */
	summary = arena_vprintf(&arena, format, args);
	va_end(args);
	err_release(err);
	err->arena = arena;
	err->code = code;
	err->diag.severity = SEVERITY_ERROR;
	err->diag.summary = summary;
	return false;
}

void err_detail(struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	diag_detail(&err->arena, &err->diag, "%s", arena_vprintf(&err->arena, format, args));
	va_end(args);
}

void err_help(struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err->diag.help = arena_vprintf(&err->arena, format, args);
	va_end(args);
}

void err_prefix(struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err->diag.summary = arena_printf(&err->arena, "%s: %s", arena_vprintf(&err->arena, format, args),
	                                 err->diag.summary ? err->diag.summary : "");
	va_end(args);
}

void err_at(struct err *err, struct span span)
{
	err->diag.span = (struct span){arena_strdup(&err->arena, span.file), span.line};
}

bool err_is(const struct err *err, const char *sqlstate)
{
	return err->sqlstate[0] && strncmp(err->sqlstate, sqlstate, strlen(sqlstate)) == 0;
}

void err_release(struct err *err)
{
	arena_release(&err->arena);
	*err = (struct err){0};
}
