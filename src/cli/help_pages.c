/* The pages that are written out of tables: commands, options, primitives, blocks. */
#include <stdlib.h>
#include <string.h>

#include "base/interval.h"
#include "cli/args.h"
#include "cli/help.h"

static const struct {
	const char *name, *title;
} groups[] = {
	{"write", "write plans"},          {"run", "run them"},    {"decide", "decide"},        {"look", "look"},
	{"maintain", "keep things right"}, {"reuse", "libraries"}, {"try", "try, and read on"},
};

static int at_most(int width, int limit)
{
	return width < limit ? width : limit;
}

static void command_usage(const struct command *command, struct buf *out)
{
	buf_add(out, command->name);
	if (command->synopsis && *command->synopsis)
		buf_addf(out, " %s", command->synopsis);
}

void help_commands(struct page *page)
{
	struct buf usage = {0};

	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		bool any = false;

		for (size_t i = 0; commands[i]; i++) {
			if (strcmp(commands[i]->group, groups[g].name) != 0)
				continue;
			if (!any)
				page_part(page, groups[g].title);
			any = true;
			buf_clear(&usage);
			command_usage(commands[i], &usage);
			page_row(page, buf_text(&usage), 34, commands[i]->summary);
		}
		if (any)
			page_gap(page);
	}
	buf_release(&usage);
}

static void option_row(struct page *page, const struct args_option *option)
{
	struct buf left = {0};

	if (option->letter)
		buf_addf(&left, "-%c, ", option->letter);
	else
		buf_add(&left, "    ");
	buf_addf(&left, "--%s", option->name);
	if (option->argument)
		buf_addf(&left, " %s", option->argument);
	page_row(page, buf_text(&left), 30, option->help);
	buf_release(&left);
}

static void option_group(struct page *page, const char *heading, enum args_group group,
                         const struct command *command)
{
	bool any = false;

	for (const struct args_option *option = args_options; option->name; option++) {
		if (option->group != group || (command && !args_accepts(command, option)))
			continue;
		if (!any)
			page_part(page, heading);
		any = true;
		option_row(page, option);
	}
	if (any)
		page_gap(page);
}

void help_options(struct page *page)
{
	option_group(page, "connection", ARGS_CONNECTION, NULL);
	page_paragraphs(page,
	                "Everything that libpq reads counts as well: PGHOST, PGSERVICE, ~/.pgpass (interlock help "
	                "environment).\n\n",
	                2);
	option_group(page, "common to all commands", ARGS_COMMON, NULL);
	option_group(page, "of single commands", ARGS_OWN, NULL);
	page_paragraphs(page,
	                "Options may stand before or after the command. Words after \"--\" are no options. --load and "
	                "--bindir also go with --sandbox.",
	                2);
}

void help_command(struct page *page, const struct command *command)
{
	struct buf usage = {0};

	buf_add(&usage, "interlock [connection] [options] ");
	if (command->server == SERVER_NONE) {
		buf_clear(&usage);
		buf_add(&usage, "interlock [options] ");
	}
	command_usage(command, &usage);
	page_heading(page, buf_text(&usage));
	buf_release(&usage);
	page_paragraphs(page, command->summary, 2);
	page_gap(page);
	if (command->description && *command->description) {
		page_paragraphs(page, command->description, 2);
		page_gap(page);
	}
	option_group(page, "options", ARGS_OWN, command);
	page_paragraphs(page,
	                command->server == SERVER_NONE
	                    ? "Options of all commands: interlock help options"
	                    : "Connection, and options of all commands: interlock help options",
	                0);
}

void help_option(const struct option *option, struct buf *out)
{
	buf_add(out, option->help ? option->help : "");
	for (size_t i = 0; option->choices && option->choices[i]; i++)
		buf_addf(out, "%s\"%s\"", i ? ", " : "; one of ", option->choices[i]);
	if (option->minimum || option->maximum) {
		buf_add(out, "; from ");
		if (option->kind == OPTION_INTERVAL) {
			interval_format(option->minimum, out);
			buf_add(out, " to ");
			interval_format(option->maximum, out);
		} else {
			buf_addf(out, "%lld to %lld", (long long)option->minimum, (long long)option->maximum);
		}
	}
	if (option->default_value)
		buf_addf(out, "; default %s", option->default_value);
}

/* A table of options with aligned columns; the left ones as wide as their widest entry. */
static void option_table(struct page *page, const struct option *options)
{
	struct buf text = {0};
	int name = 0, kind = 0, column;

	for (const struct option *o = options; o->name; o++) {
		int names = page_width_of(o->name), kinds = page_width_of(option_kind_name(o->kind));

		name = names > name ? names : name;
		kind = kinds > kind ? kinds : kind;
	}
	column = at_most(2 + name + 2 + kind + 2 + 10, 60);
	for (const struct option *o = options; o->name; o++) {
		struct buf left = {0};

		buf_addf(&left, "%-*s  %-*s  %s", name, o->name, kind, option_kind_name(o->kind),
		         o->required ? "required" : "");
		buf_clear(&text);
		help_option(o, &text);
		page_row(page, buf_text(&left), column, buf_text(&text));
		buf_release(&left);
	}
	buf_release(&text);
}

void help_block(struct page *page, const struct help_block_page *block)
{
	page_heading(page, block->usage);
	page_paragraphs(page, block->summary, 2);
	if (block->options && block->options->name) {
		page_gap(page);
		page_part(page, "options");
		option_table(page, block->options);
	}
}

static void section(struct page *page, const char *heading, const char *text)
{
	if (!text || !*text)
		return;
	page_gap(page);
	page_part(page, heading);
	page_paragraphs(page, text, 2);
}

static void code_section(struct page *page, const char *heading, const char *code)
{
	if (!code || !*code)
		return;
	page_gap(page);
	page_part(page, heading);
	page_code(page, code, 2);
}

void help_primitive(struct page *page, const struct step_type *type)
{
	struct buf usage = {0};

	buf_addf(&usage, "%s { ... }", type->name);
	help_block(page, &(struct help_block_page){type->name, buf_text(&usage), type->summary, type->options});
	page_row(page, "...", 2 + 5, "and what every step takes: interlock help step");
	section(page, "class", step_class_name(type->class));
	section(page, "locks", type->locks);
	section(page, "way back", type->way_back ? type->way_back : type->reverse ? NULL : "none");
	if (type->min_server) {
		buf_clear(&usage);
		buf_addf(&usage, "PostgreSQL %d and newer", type->min_server / 10000);
		section(page, "server", buf_text(&usage));
	}
	code_section(page, "example", type->example);
	code_section(page, "its file", type->example_file);
	buf_release(&usage);
}

void help_primitives(struct page *page)
{
	static const enum step_class classes[] = {CLASS_ADDITIVE, CLASS_DATA, CLASS_VERIFY, CLASS_SWITCH,
	                                          CLASS_DESTRUCTIVE};

	for (size_t c = 0; c < sizeof(classes) / sizeof(classes[0]); c++) {
		bool any = false;

		for (size_t i = 0; step_types[i]; i++) {
			if (step_types[i]->class != classes[c])
				continue;
			if (!any)
				page_part(page, step_class_name(classes[c]));
			any = true;
			page_row(page, step_types[i]->name, 34, step_types[i]->summary);
		}
		if (any)
			page_gap(page);
	}
	page_paragraphs(page, "interlock help PRIMITIVE: options, locks, way back, example", 0);
}
