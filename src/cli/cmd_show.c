/* interlock show: the compiled plan, as one JSON document or written as a plan again. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/plans.h"

enum { LINE_WIDTH = 100 };

static void put_value(struct buf *out, json_t *value);

static bool is_word(const char *key)
{
	static const char *const reserved[] = {"and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
	                                       "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
	                                       "repeat",   "return", "then", "true", "until",  "while"};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(reserved[i], key) == 0)
			return false;
	return *key && !strchr("0123456789", *key) &&
	       strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(key);
}

static void put_quoted(struct buf *out, const char *text)
{
	buf_add_char(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_addf(out, "\\%c", *text);
		else if ((unsigned char)*text < ' ' || *text == 0x7F)
			buf_addf(out, "\\%03d", *text);
		else
			buf_add_char(out, *text);
	}
	buf_add_char(out, '"');
}

/* As "text", or as [[ text ]] where that spares a reader the backslashes. */
static void put_string(struct buf *out, const char *text)
{
	bool plain = true;

	for (const char *c = text; *c; c++)
		plain = plain && (unsigned char)*c >= ' ' && *c != 0x7F;
	if (plain && strpbrk(text, "\"\\") && !strchr(text, ']'))
		buf_addf(out, "[[%s]]", text);
	else
		put_quoted(out, text);
}

static void put_key(struct buf *out, const char *key)
{
	if (is_word(key)) {
		buf_add(out, key);
	} else {
		buf_add_char(out, '[');
		put_quoted(out, key);
		buf_add_char(out, ']');
	}
	buf_add(out, " = ");
}

static void put_table(struct buf *out, json_t *table)
{
	const char *key, *separator = "{ ";
	json_t *value;
	size_t i;

	json_array_foreach(table, i, value)
	{
		buf_add(out, separator);
		put_value(out, value);
		separator = ", ";
	}
	json_object_foreach(table, key, value)
	{
		buf_add(out, separator);
		put_key(out, key);
		put_value(out, value);
		separator = ", ";
	}
	buf_add(out, *separator == '{' ? "{ }" : " }");
}

static void put_value(struct buf *out, json_t *value)
{
	if (json_is_string(value))
		put_string(out, json_string_value(value));
	else if (json_is_integer(value))
		buf_addf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		buf_addf(out, "%.17g", json_real_value(value));
	else if (json_is_boolean(value))
		buf_add(out, json_is_true(value) ? "true" : "false");
	else if (json_is_null(value))
		buf_add(out, "nil");
	else
		put_table(out, value);
}

/* `head { options },` on one line, or, where that is too long, an option a line. */
static void put_call(const char *head, json_t *options, int indent)
{
	struct buf line = {0};
	const char *key;
	json_t *value;

	put_table(&line, options);
	if (indent + strlen(head) + line.length + 2 <= LINE_WIDTH || json_object_size(options) < 2) {
		printf("%*s%s %s,\n", indent, "", head, buf_text(&line));
	} else {
		printf("%*s%s {\n", indent, "", head);
		json_object_foreach(options, key, value)
		{
			buf_clear(&line);
			put_key(&line, key);
			put_value(&line, value);
			printf("%*s%s,\n", indent + 2, "", buf_text(&line));
		}
		printf("%*s},\n", indent, "");
	}
	buf_release(&line);
}

static void put_step(const struct step *step, json_t *canonical)
{
	struct buf line = {0};

	step->type->describe(step->args, &line);
	printf("    -- step %d, %s: %s\n", step->number, step_class_name(step_class_of(step)), buf_text(&line));
	buf_release(&line);
	put_call(step->type->name, json_object_get(canonical, "options"), 4);
}

static void put_block(const struct block *block, json_t *canonical)
{
	json_t *steps = json_object_get(canonical, "steps");
	struct buf head = {0};

	buf_addf(&head, "%s ", json_string_value(json_object_get(canonical, "kind")));
	put_quoted(&head, block->label);
	if (block->kind != BLOCK_PHASE) {
		put_call(buf_text(&head), json_object_get(canonical, "options"), 2);
	} else {
		printf("  %s {\n", buf_text(&head));
		for (size_t i = 0; i < block->step_count; i++)
			put_step(&block->steps[i], json_array_get(steps, i));
		puts("  },");
	}
	buf_release(&head);
}

/* "  key = value," for each entry, each line led by that text. */
static void put_entries(const char *lead, json_t *object, const char *end)
{
	struct buf line = {0};
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		buf_clear(&line);
		put_key(&line, key);
		put_value(&line, value);
		printf("%s%s%s\n", lead, buf_text(&line), end);
	}
	buf_release(&line);
}

static void put_plan(const struct plan *plan)
{
	json_t *blocks = json_object_get(plan->canonical, "blocks");
	struct buf name = {0};

	put_quoted(&name, plan->name);
	printf("-- hash %s\n", plan->hash);
	put_entries("-- parameter ", plan->parameters, "");
	printf("plan %s {\n", buf_text(&name));
	buf_release(&name);
	put_entries("  ", json_object_get(plan->canonical, "settings"), ",");
	for (size_t i = 0; i < plan->block_count; i++) {
		putchar('\n');
		put_block(&plan->blocks[i], json_array_get(blocks, i));
	}
	puts("}");
}

static enum exit_code run_show(struct context *context, struct err *err)
{
	struct plan *plan;

	if (!plan_compile_operand(context, context->operands[0], &plan, err))
		return err->code;
	if (context->options.json) {
		json_t *document = plan_document(plan);

		json_dumpf(document, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(document);
	} else {
		put_plan(plan);
	}
	plan_free(plan);
	return EXIT_DONE;
}

const struct command command_show = {
	.name = "show",
	.group = "write",
	.summary = "the compiled plan: what is checked, hashed, approved and run",
	.synopsis = "PLAN",
	.description = "Prints the plan as it was compiled: libraries, loops and parameters are resolved, SQL is "
				   "normalised. Two plans of the same hash do the same; comments and layout don't matter.\n\n"
				   "With --json: one document with hash, format, plan, settings, parameters, blocks, and beside "
				   "what is hashed \"source\": the files that were read, and the line of each block and step.",
	.server = SERVER_NONE,
	.operands_min = 1,
	.operands_max = 1,
	.document = true,
	.run = run_show,
};
