/* Steps of a plan to be, put together option by option. */
#include "convert/draft.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"

struct draft *draft_new(struct arena *arena, const char *primitive, enum rank rank)
{
	struct draft *draft = arena_alloc(arena, sizeof(*draft));

	*draft = (struct draft){.primitive = primitive, .rank = rank};
	return draft;
}

static struct draft_option *add(struct draft *draft, const char *name, enum value_kind kind)
{
	struct draft_option *option;

	if (draft->option_count == DRAFT_OPTIONS)
		bug("a step with more than %d options", DRAFT_OPTIONS);
	option = &draft->options[draft->option_count++];
	*option = (struct draft_option){.name = name, .kind = kind};
	return option;
}

void draft_text(struct draft *draft, const char *option, const char *text)
{
	if (text)
		add(draft, option, VALUE_TEXT)->text = text;
}

void draft_sql(struct draft *draft, const char *option, const char *sql)
{
	if (sql)
		add(draft, option, VALUE_SQL)->text = sql;
}

void draft_word(struct draft *draft, const char *option, const char *word)
{
	if (word)
		add(draft, option, VALUE_WORD)->text = word;
}

void draft_list(struct draft *draft, const char *option, const char *const *items, size_t count)
{
	struct draft_option *added = add(draft, option, VALUE_LIST);

	added->items = items;
	added->count = count;
}

void draft_map(struct draft *draft, const char *option, const char *const *keys, const char *const *items,
               size_t count)
{
	struct draft_option *added = add(draft, option, VALUE_MAP);

	added->keys = keys;
	added->items = items;
	added->count = count;
}

const struct draft_option *draft_option_of(const struct draft *draft, const char *name)
{
	for (size_t i = 0; i < draft->option_count; i++)
		if (strcmp(draft->options[i].name, name) == 0)
			return &draft->options[i];
	return NULL;
}

void draft_name(struct draft *draft, const char *name)
{
	if (name && *name && draft->name_count < DRAFT_NAMES)
		draft->names[draft->name_count++] = name;
}

void draft_decide(struct arena *arena, struct draft *draft, const char *format, ...)
{
	va_list args;

	if (draft->decide_count == DRAFT_REMARKS)
		return;
	va_start(args, format);
	draft->decide[draft->decide_count++] = arena_vprintf(arena, format, args);
	va_end(args);
}

void draft_remark(struct arena *arena, struct draft *draft, const char *format, ...)
{
	va_list args;

	if (draft->remark_count == DRAFT_REMARKS)
		return;
	va_start(args, format);
	draft->remarks[draft->remark_count++] = arena_vprintf(arena, format, args);
	va_end(args);
}

static bool is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

bool mentions(const char *text, const char *name)
{
	size_t length = strlen(name);

	if (!text || length == 0)
		return false;
	for (const char *at = text; *at; at++)
		if (strncasecmp(at, name, length) == 0 && (at == text || !is_word_byte(at[-1])) &&
		    !is_word_byte(at[length]))
			return true;
	return false;
}
