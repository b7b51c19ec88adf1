/*
 * Connection strings and the keywords in them.  libpq quotes what it cannot
 * read, and that may be a piece of the password; so strings are judged here
 * first, in words that show none of it.
 */
#include <string.h>

#include "base/xalloc.h"
#include "db/session.h"

static PQconninfoOption *option_named(PQconninfoOption *options, const char *name, size_t length)
{
	for (PQconninfoOption *option = options; option && option->keyword; option++)
		if (strlen(option->keyword) == length && memcmp(option->keyword, name, length) == 0)
			return option;
	return NULL;
}

bool conn_keyword_known(const char *keyword)
{
	PQconninfoOption *options = PQconndefaults();
	bool known = option_named(options, keyword, strlen(keyword)) != NULL;

	PQconninfoFree(options);
	return known;
}

static const char *after_scheme(const char *text)
{
	static const char *const schemes[] = {"postgresql://", "postgres://"};

	for (size_t i = 0; i < 2; i++)
		if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
			return text + strlen(schemes[i]);
	return NULL;
}

/* Names as a query of a URI has them, without percent signs: nothing of a password looks like "&name=". */
static bool parameters_are_known(const char *query, struct err *err)
{
	while (*query++) { /* it stands on "?" or "&" */
		size_t length = strspn(query, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
		PQconninfoOption *options = PQconndefaults();
		bool known = option_named(options, query, length) || (length == 3 && memcmp(query, "ssl", 3) == 0);

		PQconninfoFree(options);
		if (!known && query[length] == '=') {
			err_set(err, EXIT_CONNECTION, "unknown parameter \"%.*s\" in the connection URI", (int)length, query);
			err_help(err, "libpq does not know it; leave it out for interlock");
			return false;
		}
		query += strcspn(query, "&");
	}
	return true;
}

/* An unescaped "@" or "/" in a password makes the rest of it a host name, and that gets into messages. */
static bool uri_is_unambiguous(const char *rest, struct err *err)
{
	const char *end = strpbrk(rest, "@/"); /* as libpq finds the end of user and password */

	if (end && *end == '@')
		rest = end + 1;
	if (!memchr(rest, '@', strcspn(rest, "?")))
		return true;
	err_set(err, EXIT_CONNECTION, "unclear connection URI: \"@\" stands at a place where it has to be escaped");
	err_help(err, "in a user name or password write \"%%40\" for \"@\" and \"%%2F\" for \"/\"");
	return false;
}

/* libpq's reason up to the first quotation, which may be of anything. */
static int quotable(const char *reason)
{
	static const char sign[] = "missing \"=\"";
	int length = (int)strcspn(reason, "\":\n");

	if (strncmp(reason, sign, strlen(sign)) == 0)
		return (int)strlen(sign);
	while (length && reason[length - 1] == ' ')
		length--;
	return length;
}

bool conninfo_check(const char *text, struct err *err)
{
	const char *rest = after_scheme(text), *query = rest ? strchr(rest, '?') : NULL;
	PQconninfoOption *options;
	char *words = NULL;

	if (!rest && !strchr(text, '='))
		return true; /* the name of a database */
	if (rest && !uri_is_unambiguous(rest, err))
		return false;
	if (query && memchr(query, '@', strlen(query)) == NULL && !parameters_are_known(query, err))
		return false;
	options = PQconninfoParse(text, &words);
	if (options) {
		PQconninfoFree(options);
		return true;
	}
	if (!words)
		bug("out of memory in PQconninfoParse");
	err_set(err, EXIT_CONNECTION, "cannot read the connection %s: %.*s", rest ? "URI" : "string", quotable(words),
	        words);
	err_help(err, "write it as \"host=db1 dbname=shop\" or as \"postgresql://user@db1:5432/shop\"");
	PQfreemem(words);
	return false;
}

/* Keywords and values that grow; there is room for every one that libpq knows. */
struct param_list {
	const char **keywords, **values;
	size_t count;
	struct arena *arena;
};

static bool has_param(const struct param_list *list, const char *keyword)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->keywords[i], keyword) == 0)
			return true;
	return false;
}

/* Unless it is there already. */
static void add_param(struct param_list *list, const char *keyword, const char *value)
{
	if (!value || !*value || has_param(list, keyword))
		return;
	list->keywords[list->count] = arena_strdup(list->arena, keyword);
	list->values[list->count++] = arena_strdup(list->arena, value);
}

bool conn_params_like(const char *text, const struct conn *like, int seconds, struct arena *arena,
                      struct conn_params *out, struct err *err)
{
	PQconninfoOption *options;
	struct param_list list = {.arena = arena};
	size_t room = 1;

	if (!conninfo_check(text, err))
		return false;
	options = PQconninfoParse(text, NULL);
	if (!options)
		return err_set(err, EXIT_CONNECTION, "\"%s\" is not a connection string", text);
	for (PQconninfoOption *option = options; option->keyword; option++)
		room++;
	list.keywords = arena_array(arena, const char *, room);
	list.values = arena_array(arena, const char *, room);
	for (PQconninfoOption *option = options; option->keyword; option++)
		add_param(&list, option->keyword, option->val);
	PQconninfoFree(options);
	if (!has_param(&list, "service")) { /* a service may say them */
		add_param(&list, "dbname", PQdb(like->pg));
		add_param(&list, "user", PQuser(like->pg));
	}
	add_param(&list, "connect_timeout", arena_printf(arena, "%d", seconds));
	*out = (struct conn_params){list.keywords, list.values};
	return true;
}
