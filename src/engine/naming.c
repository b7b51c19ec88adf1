/* A run as a command line names it: the plan and its parameters. */
#include "engine/naming.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A value as --set takes it: texts as they are, everything else as JSON writes it. */
static char *value_text(const json_t *value)
{
	return json_is_string(value) ? strdup(json_string_value(value)) : json_dumps(value, JSON_ENCODE_ANY);
}

/* One word for a shell: quoted where it needs to be. */
static void add_word(struct buf *out, const char *text)
{
	bool plain =
		*text &&
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:/@%+=") == strlen(text);

	if (plain) {
		buf_add(out, text);
		return;
	}
	buf_add_char(out, '\'');
	for (; *text; text++)
		if (*text == '\'')
			buf_add(out, "'\\''");
		else
			buf_add_char(out, *text);
	buf_add_char(out, '\'');
}

/* Each parameter, as `before` NAME=VALUE, with `between` them. */
static void add_parameters(struct buf *out, const char *parameters, const char *before, const char *between)
{
	json_t *object = parameters ? json_loads(parameters, 0, NULL) : NULL, *value;
	struct buf word = {0};
	const char *name, *sep = "";

	json_object_foreach(object, name, value)
	{
		char *text = value_text(value);

		buf_clear(&word);
		buf_addf(&word, "%s=%s", name, text ? text : "");
		buf_addf(out, "%s%s", sep, before);
		add_word(out, buf_text(&word));
		sep = between;
		free(text);
	}
	buf_release(&word);
	json_decref(object);
}

static const char *take(struct buf *text, struct arena *arena)
{
	const char *copy = arena_strdup(arena, buf_text(text));

	buf_release(text);
	return copy;
}

const char *plan_named(const char *plan, const char *parameters, struct arena *arena)
{
	struct buf text = {0};

	add_word(&text, plan);
	add_parameters(&text, parameters, " --set ", "");
	return take(&text, arena);
}

const char *run_named(const struct run_row *run, struct arena *arena)
{
	return plan_named(run->plan, run->parameters, arena);
}

/* In double quotes, as messages have it, where that is safe. */
const char *label_named(const char *label, struct arena *arena)
{
	struct buf text = {0};

	if (!strpbrk(label, "\"$`\\!"))
		return arena_printf(arena, "\"%s\"", label);
	add_word(&text, label);
	return take(&text, arena);
}

const char *run_parameters_text(const struct run_row *run, struct arena *arena)
{
	struct buf list = {0};
	const char *text;

	add_parameters(&list, run->parameters, "", ", ");
	text = *buf_text(&list) ? arena_printf(arena, " (%s)", buf_text(&list)) : "";
	buf_release(&list);
	return text;
}
