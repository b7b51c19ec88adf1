/* GitLab's code quality report: an array of issues with fingerprints that stay the same while other lines move. */
#include <jansson.h>
#include <string.h>

#include "base/sha256.h"
#include "cli/format.h"

static const char *severity(enum severity value)
{
	return value == SEVERITY_ERROR ? "critical" : value == SEVERITY_WARNING ? "major" : "info";
}

/* The n-th finding of one rule and text in one file, so that two of them differ. */
static int ordinal(const struct diags *diags, const struct diag *which)
{
	int n = 0;

	for (const struct diag *diag = diags->first; diag != which; diag = diag->next)
		n += diag->rule && which->rule && strcmp(diag->rule, which->rule) == 0 && diag->span.file &&
		     which->span.file && strcmp(diag->span.file, which->span.file) == 0 &&
		     strcmp(diag->summary, which->summary) == 0;
	return n;
}

static json_t *issue(const struct diags *diags, const struct diag *diag)
{
	struct arena arena = {0};
	const char *file = diag->span.file ? diag->span.file : "", *id = diag->rule ? diag->rule : "error";
	const char *text = arena_printf(&arena, "%s\n%s\n%s\n%d", id, file, diag->summary, ordinal(diags, diag));
	char hex[65];
	json_t *json;

	sha256_hex(text, strlen(text), hex);
	json = json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:{s:i}}}", "description", diag->summary, "check_name", id,
	                 "fingerprint", hex, "severity", severity(diag->severity), "location", "path", file, "lines",
	                 "begin", diag->span.line > 0 ? diag->span.line : 1);
	arena_release(&arena);
	return json;
}

void format_gitlab(FILE *to, const char *const *files, const struct diags *diags)
{
	json_t *issues = json_array();

	(void)files;
	for (const struct diag *diag = diags->first; diag; diag = diag->next)
		json_array_append_new(issues, issue(diags, diag));
	json_dumpf(issues, to, JSON_INDENT(2));
	fputc('\n', to);
	json_decref(issues);
}
