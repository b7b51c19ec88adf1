/* Finding the pages of the manual by name; the overview. */
#include "cli/help.h"

#include <string.h>

#include "base/suggest.h"
#include "base/version.h"
#include "cli/args.h"
#include "plan/lua_sources.h"
#include "plan/plan.h"

/* Lists that are pages. */
static const struct {
	const char *name, *summary;
	void (*print)(FILE *to);
} lists[] = {
	{"commands", "all commands", help_commands},
	{"options", "all options of the command line", help_options},
	{"primitives", "the steps that plans are made of", help_primitives},
	{"rules", "what the checker knows, rule by rule", help_rules},
};

/* What a plan file is made of besides steps. */
static const struct {
	const char *name, *usage, *summary;
	const struct option *options;
} blocks[] = {
	{"plan", "plan \"name\" { settings, blocks }",
     "a whole plan; its blocks are executed in the order of the file", setting_options},
	{"phase", "phase \"label\" { steps }", "steps that are run together; done when all of them are", NULL},
	{"step", "primitive { ... }", "what every step takes besides its own options", common_options},
	{"gate", "gate \"label\" { ... }", "run stops here until the gate is passed: interlock gate pass PLAN LABEL",
     gate_options},
	{"approval", "approval \"label\" { ... }",
     "run stops here until somebody approves exactly this compiled plan: interlock approve PLAN LABEL",
     approval_options},
	{"safety_period", "safety_period \"30 days\" { ... }",
     "run stops here until that much time has passed since the block before it was done", safety_options},
};

enum { LISTS = sizeof(lists) / sizeof(lists[0]), BLOCKS = sizeof(blocks) / sizeof(blocks[0]) };

void help_overview(FILE *to)
{
	fprintf(to, "interlock %s: safe PostgreSQL migrations, phase by phase, with a way back\n\n",
	        INTERLOCK_VERSION);
	help_code(to, "interlock [connection] COMMAND [options] [PLAN]\n\n", 0);
	help_commands(to);
	help_heading(to, "connection");
	help_row(to, "-h -p -U -d", 34,
	         "host, port, role, database, as in psql; or PGHOST, PGSERVICE, DATABASE_URL, ...");
	help_row(to, "--target NAME", 34, "a target of interlock.conf");
	help_row(to, "--sandbox", 34, "a throwaway server for this one command");
	fputc('\n', to);
	help_heading(to, "pages");
	for (const struct help_topic *topic = help_topics; topic->name; topic++)
		help_row(to, topic->name, 34, topic->summary);
	for (size_t i = 1; i < LISTS; i++)
		help_row(to, lists[i].name, 34, lists[i].summary);
	fputc('\n', to);
	help_code(to, "interlock help PAGE, COMMAND, PRIMITIVE or RULE\n", 0);
}

/* The comment at the head of a library that is inside the binary: "std.keys" is lua/std/keys.lua. */
static bool print_library(FILE *to, const char *name)
{
	char path[128];

	if (strncmp(name, "std.", 4) != 0)
		return false;
	snprintf(path, sizeof(path), "lua/std/%s.lua", name + 4);
	for (const struct lua_source *source = lua_sources; source->path; source++) {
		if (strcmp(source->path, path) != 0)
			continue;
		help_heading(to, name);
		for (const char *line = source->text; strncmp(line, "--", 2) == 0;) {
			size_t length = strcspn(line, "\n");

			fprintf(to, "  %.*s\n", (int)length - 2, line + 2);
			line += length + (line[length] == '\n');
		}
		return true;
	}
	return false;
}

/* Parts two pages of one name. */
static void next_page(FILE *to, bool *found)
{
	if (*found)
		fputc('\n', to);
	*found = true;
}

bool help_print(FILE *to, const char *name)
{
	bool found = false;

	for (size_t i = 0; i < LISTS; i++)
		if (strcmp(lists[i].name, name) == 0)
			next_page(to, &found), lists[i].print(to);
	for (const struct help_topic *topic = help_topics; topic->name; topic++)
		if (strcmp(topic->name, name) == 0)
			next_page(to, &found), help_paragraphs(to, topic->text, 0);
	if (command_find(name))
		next_page(to, &found), help_command(to, command_find(name));
	for (size_t i = 0; i < BLOCKS; i++)
		if (strcmp(blocks[i].name, name) == 0)
			next_page(to, &found), help_block(to, blocks[i].usage, blocks[i].summary, blocks[i].options);
	if (step_type_find(name))
		next_page(to, &found), help_primitive(to, step_type_find(name));
	if (rule_find(name))
		next_page(to, &found), help_rule(to, rule_find(name));
	return found || print_library(to, name);
}

const char *help_suggest(const char *name)
{
	const char *names[512];
	size_t count = 0;

	for (size_t i = 0; i < LISTS; i++)
		names[count++] = lists[i].name;
	for (size_t i = 0; i < BLOCKS; i++)
		names[count++] = blocks[i].name;
	for (size_t i = 0; help_topics[i].name && count < 512; i++)
		names[count++] = help_topics[i].name;
	for (size_t i = 0; commands[i] && count < 512; i++)
		names[count++] = commands[i]->name;
	for (size_t i = 0; step_types[i] && count < 512; i++)
		names[count++] = step_types[i]->name;
	for (size_t i = 0; rules[i].id && count < 512; i++)
		names[count++] = rules[i].id;
	return suggest(name, names, count);
}
