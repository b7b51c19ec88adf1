/* TAP: a test for each file, which fails by an error; findings are diagnostics. */
#include <string.h>

#include "cli/format.h"

static bool is_of(const struct diag *diag, const char *file)
{
	return diag->span.file && strcmp(diag->span.file, file) == 0;
}

static void put(FILE *to, const char *lead, const char *text)
{
	fprintf(to, "# %s", lead);
	for (const char *c = text; *c; c++) {
		fputc(*c, to);
		if (*c == '\n')
			fputs("#   ", to);
	}
	fputc('\n', to);
}

static void put_diag(FILE *to, const struct diag *diag)
{
	fprintf(to, "# line %d: %s[%s]: ", diag->span.line, severity_name(diag->severity),
	        diag->rule ? diag->rule : "");
	for (const char *c = diag->summary; *c; c++)
		fputc(*c == '\n' ? ' ' : *c, to);
	fputc('\n', to);
	for (size_t i = 0; i < diag->detail_count; i++)
		put(to, "  ", diag->details[i]);
	if (diag->help)
		put(to, "  help: ", diag->help);
}

void format_tap(FILE *to, const char *const *files, const struct diags *diags)
{
	size_t count = 0;

	while (files[count])
		count++;
	fprintf(to, "1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		bool ok = true;

		for (const struct diag *diag = diags->first; diag; diag = diag->next)
			ok &= !is_of(diag, files[i]) || diag->severity != SEVERITY_ERROR;
		fprintf(to, "%sok %zu - ", ok ? "" : "not ", i + 1);
		for (const char *c = files[i]; *c; c++)
			fputc(*c == '#' || *c == '\n' ? '?' : *c, to);
		fputc('\n', to);
		for (const struct diag *diag = diags->first; diag; diag = diag->next)
			if (is_of(diag, files[i]))
				put_diag(to, diag);
	}
}
