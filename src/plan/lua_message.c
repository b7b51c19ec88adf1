/* A few patterns of Lua's messages, and quotes as the rest of the program writes them. */
#include "plan/lua_message.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Messages that mean: more than a sane plan needs. */
static const struct {
	const char *part, *summary, *help;
} limits[] = {
	{"C stack overflow", "the plan nests its calls or its tables too deeply",
     "a long chain of \"..\" counts too: table.concat joins a list"},
	{"stack overflow", "the plan calls itself too deeply", "does a function call itself without an end?"},
	{"pattern too complex", "the pattern is too complex", NULL},
	{"resulting string too large", "the string becomes too large", NULL},
	{"table overflow", "the table becomes too large", NULL},
	{"not enough memory", "the plan needs more memory than 64 MiB", NULL},
};

static bool from_limits(const char *text, struct message *out)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		if (!strstr(text, limits[i].part))
			continue;
		out->rule = "sandbox-limit";
		snprintf(out->summary, sizeof(out->summary), "%s", limits[i].summary);
		out->help = limits[i].help;
		return true;
	}
	return false;
}

static bool opens_quote(const char *text, const char *at)
{
	const char *end = strchr(at + 1, '\'');

	return *at == '\'' && (at == text || strchr(" (", at[-1])) && end && end > at + 1 &&
	       !memchr(at + 1, '"', (size_t)(end - at - 1));
}

/* 'name' becomes "name". */
static void requote(const char *text, char *out, size_t size)
{
	const char *until = NULL;

	snprintf(out, size, "%s", text);
	for (const char *at = text; *at && (size_t)(at - text) < size - 1; at++) {
		if (at == until || (!until && opens_quote(text, at))) {
			out[at - text] = '"';
			until = until ? NULL : strchr(at + 1, '\'');
		}
	}
}

/* Takes `text` up to `end` into a buffer and moves behind the end. */
static bool take_until(const char **text, const char *end, char *out, size_t size)
{
	const char *found = strstr(*text, end);

	if (!found)
		return false;
	snprintf(out, size, "%.*s", (int)(found - *text), *text);
	*text = found + strlen(end);
	return true;
}

static const char *help_for(const char *verb, const char *what)
{
	if (strcmp(verb, "call") == 0 && strcmp(what, "table") == 0)
		return "is there a comma missing between two entries?";
	if (strcmp(verb, "index") == 0 && strcmp(what, "function") == 0)
		return "is there a call missing its braces?";
	if (strcmp(what, "nil") == 0)
		return "is the name spelt as where it is set, and set before?";
	return NULL;
}

/* attempt to VERB a TYPE value (KIND 'NAME') */
static bool from_attempt(const char *text, struct message *out)
{
	static const char start[] = "attempt to ";
	char verb[64], what[32], kind[32], name[160];

	if (strncmp(text, start, strlen(start)) != 0)
		return false;
	text += strlen(start);
	if (!take_until(&text, " a ", verb, sizeof(verb)) || !take_until(&text, " value", what, sizeof(what)))
		return false;
	out->help = help_for(verb, what);
	if (strstr(text, "for iterator")) {
		snprintf(out->summary, sizeof(out->summary), "\"for … in\" needs an iterator, not a %s value", what);
		out->help = "write \"in pairs(t)\" or \"in ipairs(t)\"";
	} else if (strncmp(text, " (", 2) == 0 && strncmp(text, " (field '?'", 11) != 0 &&
	           take_until(&text, "'", kind, sizeof(kind)) && take_until(&text, "'", name, sizeof(name))) {
		snprintf(out->summary, sizeof(out->summary), "cannot %s the %s\"%s\": it is %s%s", verb, kind + 2, name,
		         strcmp(what, "nil") == 0 ? "" : "a ", what);
	} else {
		snprintf(out->summary, sizeof(out->summary), "cannot %s a %s value", verb, what);
	}
	return true;
}

void message_from_lua(const char *text, struct message *out)
{
	*out = (struct message){.rule = "lua-error"};
	if (!from_limits(text, out) && !from_attempt(text, out))
		requote(text, out->summary, sizeof(out->summary));
}

/* "(to close '{' at line 3)" is said apart. */
static void split_opening(char *text, struct message *out)
{
	static const char start[] = " (to close ";
	char *begin = strstr(text, start), *end = begin ? strchr(begin, ')') : NULL, *at;

	if (!end)
		return;
	*end = '\0';
	at = strstr(begin, " at line ");
	if (at) {
		*at = '\0';
		snprintf(out->detail, sizeof(out->detail), "the %s that it closes is on line %s", begin + strlen(start),
		         at + strlen(" at line "));
	}
	memmove(begin, end + 1, strlen(end + 1) + 1);
}

void message_from_compiler(const char *text, struct message *out)
{
	static const char at_end[] = " near <eof>";
	char *end;

	*out = (struct message){.rule = "lua-syntax"};
	if (from_limits(text, out))
		return;
	requote(text, out->summary, sizeof(out->summary));
	split_opening(out->summary, out);
	if (strncmp(out->summary, "unfinished string", 17) == 0)
		out->help = "a text in quotes ends on its line; one of several lines stands between [[ and ]]";
	else if (strncmp(out->summary, "unfinished long", 15) == 0)
		out->help = "close it with ]], and as many = between them as where it opens";
	end = strstr(out->summary, at_end);
	if (end)
		snprintf(end, sizeof(out->summary) - (size_t)(end - out->summary), " at the end of the file");
	else if (strncmp(out->summary, "\"}\" expected", 12) == 0)
		out->help = "is there a comma missing between two entries?";
}
