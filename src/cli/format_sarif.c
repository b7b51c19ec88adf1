/* SARIF 2.1.0: one run, the rules that were broken, a result for each finding. */
#include <jansson.h>
#include <string.h>

#include "base/sha256.h"
#include "base/version.h"
#include "cli/format.h"
#include "cli/help.h"

static const char *level(enum severity severity)
{
	return severity == SEVERITY_ERROR ? "error" : severity == SEVERITY_WARNING ? "warning" : "note";
}

static json_t *message(const struct diag *diag)
{
	struct arena arena = {0};
	const char *text = diag->summary;
	json_t *json;

	for (size_t i = 0; i < diag->detail_count; i++)
		text = arena_printf(&arena, "%s\n%s", text, diag->details[i]);
	if (diag->help)
		text = arena_printf(&arena, "%s\nhelp: %s", text, diag->help);
	json = json_pack("{s:s}", "text", text);
	arena_release(&arena);
	return json;
}

/* The same finding on another day: not its line, which other changes of the file move. */
static void fingerprint(const struct diag *diag, char hex[65])
{
	struct arena arena = {0};
	const char *text = arena_printf(&arena, "%s\n%s\n%s", diag->rule ? diag->rule : "",
	                                diag->span.file ? diag->span.file : "", diag->summary);

	sha256_hex(text, strlen(text), hex);
	arena_release(&arena);
}

static json_t *result(const struct diag *diag)
{
	char hex[65];
	json_t *json;

	fingerprint(diag, hex);
	json = json_pack("{s:s, s:s, s:o, s:{s:s}}", "ruleId", diag->rule ? diag->rule : "error", "level",
	                 level(diag->severity), "message", message(diag), "partialFingerprints", "interlock/v1", hex);
	if (diag->span.file)
		json_object_set_new(json, "locations",
		                    json_pack("[{s:{s:{s:s}, s:{s:i}}}]", "physicalLocation", "artifactLocation", "uri",
		                              diag->span.file, "region", "startLine",
		                              diag->span.line > 0 ? diag->span.line : 1));
	return json;
}

static bool is_listed(json_t *known, const char *id)
{
	json_t *one;
	size_t i;

	json_array_foreach(known, i, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "id")), id) == 0)
			return true;
	}
	return false;
}

static void add_rule(json_t *known, const char *id)
{
	const struct rule_page *rule = rule_page_find(id);

	if (is_listed(known, id))
		return;
	json_array_append_new(known, json_pack("{s:s, s:{s:s}, s:{s:s}}", "id", id, "shortDescription", "text",
	                                       rule ? rule->title : id, "fullDescription", "text",
	                                       rule && rule->why ? rule->why : id));
}

void format_sarif(FILE *to, const char *const *files, const struct diags *diags)
{
	json_t *known = json_array(), *results = json_array(), *document;

	(void)files;
	for (const struct diag *diag = diags->first; diag; diag = diag->next) {
		if (diag->rule)
			add_rule(known, diag->rule);
		json_array_append_new(results, result(diag));
	}
	document =
		json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:o}]}", "$schema",
	              "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs", "tool", "driver",
	              "name", "interlock", "version", INTERLOCK_VERSION, "rules", known, "results", results);
	json_dumpf(document, to, JSON_INDENT(2));
	fputc('\n', to);
	json_decref(document);
}
