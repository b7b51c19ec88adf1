/* GitHub's workflow commands: a line for each finding, shown at its line of the pull request. */
#include <string.h>

#include "cli/format.h"

/* Percent signs and line ends are written as %25, %0A; in properties also colons and commas. */
static void put(FILE *to, const char *text, bool property)
{
	for (const char *c = text; *c; c++) {
		if (*c == '%' || *c == '\n' || *c == '\r' || (property && (*c == ':' || *c == ',')))
			fprintf(to, "%%%02X", (unsigned char)*c);
		else
			fputc(*c, to);
	}
}

void format_github(FILE *to, const char *const *files, const struct diags *diags)
{
	static const char *const commands[] = {"notice", "warning", "error"};

	(void)files;
	for (const struct diag *diag = diags->first; diag; diag = diag->next) {
		fprintf(to, "::%s ", commands[diag->severity]);
		if (diag->span.file) {
			fputs("file=", to);
			put(to, diag->span.file, true);
			fprintf(to, ",line=%d,", diag->span.line > 0 ? diag->span.line : 1);
		}
		fputs("title=", to);
		put(to, diag->rule ? diag->rule : "interlock", true);
		fputs("::", to);
		put(to, diag->summary, false);
		for (size_t i = 0; i < diag->detail_count; i++) {
			fputs("%0A", to);
			put(to, diag->details[i], false);
		}
		if (diag->help) {
			fputs("%0Ahelp: ", to);
			put(to, diag->help, false);
		}
		fputc('\n', to);
	}
}
