/* The language of plans in lua-language-server's annotations: one class for the options of each word. */
#include <string.h>

#include "base/version.h"
#include "cli/editor.h"
#include "cli/help.h"

/* How a value is written; of what is a string in Lua the kind tells more. */
static void add_type(const struct option *option, struct buf *out)
{
	switch (option->kind) {
	case OPTION_TABLES:
	case OPTION_COLUMNS:
	case OPTION_TEXTS:
		buf_add(out, "string|string[]");
		break;
	case OPTION_SET:
		buf_add(out, option->lookups ? "table<string, string|interlock.lookup>" : "table<string, string>");
		break;
	case OPTION_INTEGER:
	case OPTION_NUMBER:
		buf_add(out, "integer");
		break;
	case OPTION_BOOLEAN:
		buf_add(out, "boolean");
		break;
	case OPTION_UNDO:
		buf_add(out, "string|false");
		break;
	case OPTION_CHOICE:
		for (size_t i = 0; option->choices[i]; i++)
			buf_addf(out, "%s\"%s\"", i ? "|" : "", option->choices[i]);
		break;
	case OPTION_ANY:
		buf_add(out, "any");
		break;
	default:
		buf_addf(out, "string %s:", option_kind_name(option->kind));
	}
}

/* A text of any lines, each behind "--- ". */
static void add_words(const char *text, struct buf *out)
{
	while (text && *text) {
		size_t length = strcspn(text, "\n");

		buf_addf(out, "--- %.*s\n", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

static void add_fields(const struct option *options, struct buf *out)
{
	struct buf words = {0};

	for (const struct option *o = options; o && o->name; o++) {
		buf_clear(&words);
		help_option(o, &words);
		buf_addf(out, "---@field %s%s ", o->name, o->required ? "" : "?");
		add_type(o, out);
		buf_addf(out, " %s\n", buf_text(&words));
	}
	buf_release(&words);
}

/* Of a word that takes a label and then braces. */
static void add_block(const struct help_block_page *block, struct buf *out)
{
	const char *inside = strcmp(block->name, "plan") == 0    ? "interlock.block|interlock.fragment"
	                     : strcmp(block->name, "phase") == 0 ? "interlock.step|interlock.fragment"
	                                                         : NULL;

	buf_addf(out, "---@class interlock.%s.entries\n", block->name);
	add_fields(block->options, out);
	if (inside)
		buf_addf(out, "---@field [integer] %s\n", inside);
	buf_add(out, "\n");
	add_words(block->summary, out);
	buf_addf(out,
	         "---@param label string\n---@return fun(entries: interlock.%s.entries): interlock.block\n"
	         "function %s(label) end\n\n",
	         block->name, block->name);
}

static void add_blocks(struct buf *out)
{
	for (const struct help_block_page *block = help_blocks; block->name; block++)
		if (strcmp(block->name, "step") != 0)
			add_block(block, out);
}

static void add_step(const struct step_type *type, struct buf *out)
{
	buf_addf(out, "---@class interlock.%s.options: interlock.common_options\n", type->name);
	add_fields(type->options, out);
	buf_add(out, "\n");
	add_words(type->summary, out);
	buf_addf(out, "---\n--- Class: %s\n", step_class_name(type->class));
	if (type->locks)
		buf_addf(out, "---\n--- Locks: %s\n", type->locks);
	if (type->way_back)
		buf_addf(out, "---\n--- Way back: %s\n", type->way_back);
	buf_addf(out,
	         "---@param options interlock.%s.options\n---@return interlock.step\nfunction %s(options) end\n\n",
	         type->name, type->name);
}

static const char head[] =
	"---@meta\n"
	"-- The words of plans, for lua-language-server. interlock " INTERLOCK_VERSION
	" wrote it, and writes it anew: interlock editor\n\n"
	"---@class interlock.step    what a primitive gives; it stands in a phase\n"
	"---@class interlock.block   what phase, gate, approval, … give; it stands in a plan\n"
	"---@class interlock.fragment    what a library gives; it stands where its steps or blocks may\n\n"
	"---@class interlock.lookup\n"
	"---@field table string the table to look into\n"
	"---@field match table<string, string> its columns, and the SQL over our row that each equals\n"
	"---@field value string its column that holds the value\n"
	"---@field missing \"null\"|\"error\"|\"create\" what becomes of rows that match none\n"
	"---@field create? table<string, string> the other columns of a row that is created\n\n";

static const char tail[] =
	"--- Blocks, or steps, that a library returns.\n"
	"---@param entries table\n---@return interlock.fragment\nfunction fragment(entries) end\n\n"
	"--- In set and copy: the value of a column is in the row of another table; interlock help lookup\n"
	"---@param options interlock.lookup\n---@return interlock.lookup\nfunction lookup(options) end\n\n"
	"--- Checks the options of a library against their kinds, and fills in what was left out.\n"
	"---@param given table\n---@param declared table<string, string|table>\n---@return table\n"
	"function options(given, declared) end\n\n"
	"--- A parameter of the plan, given by --set NAME=VALUE.\n"
	"---@param name string\n---@return fun(declared: table): any\nfunction param(name) end\n\n"
	"--- SQL with values in it, as psql has them: :\"name\" an identifier, :'name' a literal, :name a checked name.\n"
	"---@param text string\n---@param values? table<string, any>\n---@return string\nfunction sql(text, values) end\n";

void editor_definitions(struct buf *out)
{
	buf_add(out, head);
	buf_add(out, "---@class interlock.common_options\n");
	add_fields(common_options, out);
	buf_add(out, "\n");
	add_blocks(out);
	for (size_t i = 0; step_types[i]; i++)
		add_step(step_types[i], out);
	buf_add(out, tail);
}
