/* From options, and from statements, to lines of the plan file. */
#include "plan/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "plan/locate.h"
#include "sql/trace.h"

static bool has_option(const struct step *step, const char *name)
{
	for (const struct option *o = step->type->options; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return true;
	return false;
}

struct span place_of_option(const struct step *step, const char *option)
{
	if (!option)
		return step->span;
	if (!has_option(step, option))
		bug("%s has no option \"%s\" to be blamed", step->type->name, option);
	return locate_option(step->span, option, NULL, 0);
}

/* The SQL of an option, as the author wrote it or (of columns) in another spacing, or a name; NULL: it has none.
 */
static const char *sql_of(const struct step *step, const struct option *option)
{
	const void *field = (const char *)step->args + option->offset;

	if (option->kind == OPTION_COLUMNS)
		return ((const struct column_list *)field)->text;
	return option_kind_is_sql(option->kind) || option->kind == OPTION_NAME ? *(const char *const *)field : NULL;
}

/* Of no particular character: the query that is in it, or the expression, where no other option's SQL is. */
static struct span place_of_only(const struct step *step, const char *sent)
{
	const struct option *only = NULL;
	size_t count = 0, common;

	for (const struct option *o = step->type->options; o->name; o++) {
		const char *text = sql_of(step, o);

		if (!text || o->kind == OPTION_NAME || sql_trace(sent, text, 0, &common) == 0)
			continue;
		if (o->kind == OPTION_QUERY)
			return place_of_option(step, o->name);
		only = o;
		count++;
	}
	if (count != 1 || (only->kind != OPTION_EXPRESSION && only->kind != OPTION_PREDICATE))
		return step->span;
	return place_of_option(step, only->name);
}

/* The line inside a text of several lines; else that of the option. */
static struct span place_in(const struct step *step, const char *option, const char *sent, int position)
{
	struct span span = place_of_option(step, option);
	int line, at;
	char *text = locate_text(step->span, option, &line);
	size_t common;

	at = text ? sql_trace(text, sent, position, &common) : 0;
	if (at)
		span.line = line + locate_lines_before(text, at);
	free(text);
	return span;
}

struct span place_of_piece(const struct step *step, const char *option, const char *piece)
{
	return option && piece ? place_in(step, option, piece, 0) : place_of_option(step, option);
}

/* How many tokens the option's SQL has in common with what was sent, around that character; 0: it is not from it.
 */
static size_t in_common(const struct step *step, const struct option *option, const char *sent, int position)
{
	const struct assignment_list *list = (const void *)((const char *)step->args + option->offset);
	const char *text = sql_of(step, option);
	size_t most = 0, common;

	if (text)
		return sql_trace(text, sent, position, &common) ? common : 0;
	for (size_t i = 0; option->kind == OPTION_SET && i < list->count; i++)
		if (sql_trace(list->items[i].value, sent, position, &common) && common > most)
			most = common;
	return most;
}

struct span place_of_sql(const struct step *step, const char *sent, int position)
{
	const char *option = NULL;
	size_t most = 0;

	for (const struct option *o = step->type->options; o->name; o++) {
		size_t common = in_common(step, o, sent, position);

		if (common <= most)
			continue;
		most = common;
		option = o->name;
	}
	if (!option)
		return position ? step->span : place_of_only(step, sent);
	return place_in(step, option, sent, position);
}
