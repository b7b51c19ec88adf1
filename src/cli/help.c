/* Finding the pages of the manual by name; the overview. */
#include "cli/help.h"

#include <string.h>

#include "base/suggest.h"
#include "base/version.h"
#include "cli/args.h"
#include "plan/plan.h"

/* Lists that are pages. */
static const struct {
	const char *name, *summary;
	void (*print)(struct page *page);
} lists[] = {
	{"commands", "all commands", help_commands},
	{"options", "all options of the command line", help_options},
	{"primitives", "the steps that plans are made of", help_primitives},
	{"rules", "what the checker knows, rule by rule", help_rules},
	{"std", "the standard library: whole changes in one call", help_libraries},
};

const struct help_block_page help_blocks[] = {
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
	{"rollout", "rollout \"label\" { ... }",
     "run stops here until 100 % of the application's keys are in: interlock rollout PLAN PERCENT LABEL; interlock "
     "help rollouts",
     rollout_options},
	{.name = NULL},
};

enum { LISTS = sizeof(lists) / sizeof(lists[0]), NAMES = 512 };

void help_overview(struct page *page)
{
	page_paragraphs(
		page, "interlock " INTERLOCK_VERSION ": safe PostgreSQL migrations, phase by phase, with a way back\n\n",
		0);
	page_code(page, "interlock [connection] COMMAND [options] [PLAN]\n\n", 0);
	help_commands(page);
	page_part(page, "connection");
	page_row(page, "-h -p -U -d", 34,
	         "host, port, role, database, as in psql; or PGHOST, PGSERVICE, DATABASE_URL, ...");
	page_row(page, "--target NAME", 34, "a target of interlock.conf");
	page_row(page, "--sandbox", 34, "a throwaway server for this one command");
	page_gap(page);
	page_part(page, "pages");
	for (const struct help_topic *topic = help_topics; topic->name; topic++)
		page_row(page, topic->name, 34, topic->summary);
	for (size_t i = 1; i < LISTS; i++)
		page_row(page, lists[i].name, 34, lists[i].summary);
	page_gap(page);
	page_code(page, "interlock help PAGE, COMMAND, PRIMITIVE or RULE\n", 0);
}

/* Parts two pages of one name. */
static void next_page(struct page *page, bool *found)
{
	if (*found)
		page_gap(page);
	*found = true;
}

bool help_print(struct page *page, const char *name)
{
	bool found = false;

	for (size_t i = 0; i < LISTS; i++)
		if (strcmp(lists[i].name, name) == 0)
			next_page(page, &found), lists[i].print(page);
	for (const struct help_topic *topic = help_topics; topic->name; topic++)
		if (strcmp(topic->name, name) == 0)
			next_page(page, &found), page_paragraphs(page, topic->text, 0);
	if (command_find(name))
		next_page(page, &found), help_command(page, command_find(name));
	for (const struct help_block_page *block = help_blocks; block->name; block++)
		if (strcmp(block->name, name) == 0)
			next_page(page, &found), help_block(page, block);
	if (step_type_find(name))
		next_page(page, &found), help_primitive(page, step_type_find(name));
	if (rule_page_find(name))
		next_page(page, &found), help_rule(page, rule_page_find(name));
	if (help_library_find(name))
		next_page(page, &found), help_library(page, help_library_find(name));
	return found;
}

/* The names of all pages, in the arena or not; how many they are. */
static size_t all_names(const char **names, size_t room, struct arena *arena)
{
	size_t count = 0;
	const char *library;

	for (size_t i = 0; i < LISTS; i++)
		names[count++] = lists[i].name;
	for (size_t i = 0; help_blocks[i].name; i++)
		names[count++] = help_blocks[i].name;
	for (size_t i = 0; help_topics[i].name && count < room; i++)
		names[count++] = help_topics[i].name;
	for (size_t i = 0; commands[i] && count < room; i++)
		names[count++] = commands[i]->name;
	for (size_t i = 0; step_types[i] && count < room; i++)
		names[count++] = step_types[i]->name;
	for (const struct rule_page *rule = rule_pages(); rule->id && count < room; rule++)
		names[count++] = rule->id;
	for (size_t i = 0; (library = help_library_name(i, arena)) && count < room; i++)
		names[count++] = library;
	return count;
}

const char *help_suggest(const char *name, struct arena *arena)
{
	const char *names[NAMES];

	return suggest(name, names, all_names(names, NAMES, arena));
}

bool help_knows(const char *name)
{
	const char *names[NAMES];
	struct arena arena = {0};
	size_t count = all_names(names, NAMES, &arena);
	bool known = false;

	for (size_t i = 0; i < count && !known; i++)
		known = strcmp(names[i], name) == 0;
	arena_release(&arena);
	return known;
}
