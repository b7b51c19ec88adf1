/* interlock new: a commented plan file to begin with. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/suggest.h"
#include "cli/command.h"
#include "cli/report.h"
#include "cli/scaffold.h"
#include "plan/plan.h"

/* What stands around a step of a class. */
static const struct frame {
	const char *before; /* the blocks that it needs before its phase */
	const char *phase;
} frames[] = {
	[CLASS_ADDITIVE] = {"", "expand"},
	[CLASS_DATA] = {"", "data"},
	[CLASS_VERIFY] = {"", "verify"},
	[CLASS_SWITCH] =
		{"  -- run stops here until somebody says that it may go on\n"
         "  gate \"the new release is live\" { text = \"which release must be live, and which one gone?\" },\n\n",
         "switch"},
	[CLASS_DESTRUCTIVE] =
		{"  -- run stops here until somebody says that it may go on, and then for as long as the period says\n"
         "  gate \"the old release is gone\" { text = \"who knows that nobody uses it any more?\" },\n"
         "  safety_period \"30 days\" { },\n\n",
         "contract"},
};

enum { COMMENT_WIDTH = 100 };

/* Words as comment lines, the later ones indented a little more. */
static void add_comment(struct buf *out, const char *text)
{
	size_t at = 0;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (at == 0 || at + 1 + word > COMMENT_WIDTH) {
			buf_add(out, at ? "\n    --   " : "    -- ");
			at = at ? 9 : 7;
		} else {
			buf_add_char(out, ' ');
			at++;
		}
		buf_add_bytes(out, text, word);
		at += word;
		text += word + (text[word] == ' ');
	}
	buf_add_char(out, '\n');
}

static bool is_used(const char *example, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = example; (at = strstr(at, name)); at += length)
		if ((at == example || strchr(" {,\n", at[-1])) && strchr(" =", at[length]))
			return true;
	return false;
}

/* The options that the example does not use, each with what it is for. */
static void add_further_options(struct buf *out, const struct step_type *type)
{
	struct buf row = {0};
	bool any = false;

	for (const struct option *o = type->options; o->name; o++) {
		if (is_used(type->example, o->name))
			continue;
		if (!any)
			buf_add(out, "    -- it also takes:\n");
		any = true;
		buf_clear(&row);
		buf_addf(&row, "%s (%s): %s", o->name, option_kind_name(o->kind), o->help);
		add_comment(out, buf_text(&row));
	}
	buf_release(&row);
}

static void add_example(struct buf *out, const char *example)
{
	while (*example) {
		size_t length = strcspn(example, "\n");

		buf_addf(out, "    %.*s%s\n", (int)length, example, example[length] ? "" : ",");
		example += length + (example[length] == '\n');
	}
}

static void write_plan(struct buf *out, const char *name, const struct step_type *type)
{
	const struct frame *frame = &frames[type->class];
	struct buf line = {0};

	buf_addf(out,
	         "-- What this plan changes, and why: for whoever reads it in a year.\n"
	         "-- interlock help plans is the language on a page;\n-- interlock check %s says what is wrong.\n",
	         name);
	buf_addf(out, "plan \"%s\" {\n", name);
	buf_add(out, "  title  = \"one line for people: what will be different afterwards?\",\n"
	             "  owner  = \"the team to ask\",\n"
	             "  ticket = \"where the reason is written down\",\n\n");
	buf_add(out, frame->before);
	buf_addf(out, "  phase \"%s\" {\n", frame->phase);
	buf_addf(&line, "%s: %s", type->name, type->summary);
	add_comment(out, buf_text(&line));
	buf_clear(&line);
	buf_addf(&line, "locks: %s", type->locks);
	add_comment(out, buf_text(&line));
	buf_release(&line);
	add_example(out, type->example);
	add_further_options(out, type);
	buf_add(out, "  },\n}\n");
}

static const struct step_type *find_type(const char *name, struct err *err)
{
	const struct step_type *type = step_type_find(name);
	const char *names[256], *near;
	size_t count = 0;

	if (type)
		return type;
	for (; step_types[count] && count < 256; count++)
		names[count] = step_types[count]->name;
	near = suggest(name, names, count);
	err_set(err, EXIT_USAGE, "there is no primitive \"%s\"", name);
	if (near)
		err_help(err, "did you mean \"%s\"?", near);
	else
		err_help(err, "interlock help primitives lists them");
	return NULL;
}

/* The plan's name and its file: NAME, or a path to NAME.lua. */
static bool name_and_path(struct context *context, const char **name, const char **path, struct err *err)
{
	const char *operand = context->operands[0], *base = strrchr(operand, '/');
	size_t length;

	base = base ? base + 1 : operand;
	length = strlen(base);
	if (length > 4 && strcmp(base + length - 4, ".lua") == 0)
		length -= 4;
	*name = arena_strndup(&context->arena, base, length);
	*path = base[length] || base != operand ? operand : arena_printf(&context->arena, "plans/%s.lua", *name);
	if (plan_name_is_good(*name))
		return true;
	err_set(err, EXIT_USAGE, "\"%s\" is not a name for a plan", *name);
	err_help(err, "up to 48 letters, digits, \"_\", \"-\" and \".\"");
	return false;
}

static enum exit_code run_new(struct context *context, struct err *err)
{
	const char *from = context->options.from ? context->options.from : "add_column_if_missing", *name, *path;
	const struct step_type *type = find_type(from, err);
	struct buf text = {0};
	bool there, ok;

	if (!type || !name_and_path(context, &name, &path, err))
		return err->code;
	write_plan(&text, name, type);
	ok = scaffold_write(path, buf_text(&text), &there, err);
	buf_release(&text);
	if (ok && there) {
		ok = err_set(err, EXIT_OWN, "\"%s\" is there already, and was left as it is", path);
		err_help(err, "choose another name, or edit that file");
	}
	if (!ok)
		return err->code;
	if (context->options.json)
		report_json(json_pack("{s:s, s:s, s:b}", "type", "file", "path", path, "written", true));
	else if (!context->options.quiet)
		printf("%s written\nnext: edit it, then interlock check %s\n", path, context->operands[0]);
	return EXIT_DONE;
}

const struct command command_new = {
	.name = "new",
	.group = "write",
	.summary = "begin a plan: a commented file that passes check",
	.synopsis = "NAME",
	.description =
		"Writes plans/NAME.lua (or the file NAME, where it is a path) with one step in it, and what belongs around such "
		"a step: a gate before a switch, a safety period before something is taken away. --from chooses the primitive. "
		"A file that is there is never written over.",
	.accepts = "from",
	.server = SERVER_NONE,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_new,
};
