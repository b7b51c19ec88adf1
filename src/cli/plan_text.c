/* Lua out of the canonical form, as a person would write it. */
#include "cli/plan_text.h"

#include <string.h>

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
static void put_call(struct buf *out, const char *head, json_t *options, int indent)
{
	struct buf line = {0};
	const char *key;
	json_t *value;

	put_table(&line, options);
	if (indent + strlen(head) + line.length + 2 <= LINE_WIDTH || json_object_size(options) < 2) {
		buf_addf(out, "%*s%s %s,\n", indent, "", head, buf_text(&line));
	} else {
		buf_addf(out, "%*s%s {\n", indent, "", head);
		json_object_foreach(options, key, value)
		{
			buf_clear(&line);
			put_key(&line, key);
			put_value(&line, value);
			buf_addf(out, "%*s%s,\n", indent + 2, "", buf_text(&line));
		}
		buf_addf(out, "%*s},\n", indent, "");
	}
	buf_release(&line);
}

static void put_step(struct buf *out, const struct step *step, bool numbered, json_t *canonical)
{
	struct buf line = {0};

	step->type->describe(step->args, &line);
	buf_add(out, "    -- ");
	if (numbered)
		buf_addf(out, "step %d, ", step->number);
	buf_addf(out, "%s: %s\n", step_class_name(step_class_of(step)), buf_text(&line));
	buf_release(&line);
	put_call(out, step->type->name, json_object_get(canonical, "options"), 4);
}

static void put_block(struct buf *out, const struct block *block, bool numbered, json_t *canonical)
{
	json_t *steps = json_object_get(canonical, "steps");
	struct buf head = {0};

	buf_addf(&head, "%s ", json_string_value(json_object_get(canonical, "kind")));
	put_quoted(&head, block->label);
	if (block->kind != BLOCK_PHASE) {
		put_call(out, buf_text(&head), json_object_get(canonical, "options"), 2);
	} else {
		buf_addf(out, "  %s {\n", buf_text(&head));
		for (size_t i = 0; i < block->step_count; i++)
			put_step(out, &block->steps[i], numbered, json_array_get(steps, i));
		buf_add(out, "  },\n");
	}
	buf_release(&head);
}

/* "  key = value," for each entry, each line led by that text. */
static void put_entries(struct buf *out, const char *lead, json_t *object, const char *end)
{
	struct buf line = {0};
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		buf_clear(&line);
		put_key(&line, key);
		put_value(&line, value);
		buf_addf(out, "%s%s%s\n", lead, buf_text(&line), end);
	}
	buf_release(&line);
}

void plan_text(const struct plan *plan, bool numbered, struct buf *out)
{
	json_t *blocks = json_object_get(plan->canonical, "blocks");
	struct buf name = {0};

	put_quoted(&name, plan->name);
	if (numbered)
		buf_addf(out, "-- hash %s\n", plan->hash);
	put_entries(out, "-- parameter ", plan->parameters, "");
	buf_addf(out, "plan %s {\n", buf_text(&name));
	buf_release(&name);
	put_entries(out, "  ", json_object_get(plan->canonical, "settings"), ",");
	for (size_t i = 0; i < plan->block_count; i++) {
		buf_add_char(out, '\n');
		put_block(out, &plan->blocks[i], numbered, json_array_get(blocks, i));
	}
	buf_add(out, "}\n");
}
