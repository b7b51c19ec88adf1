/* Pieces of a statement's text. */
#include "convert/source.h"

#include <string.h>
#include <strings.h>

bool source_open(struct source *source, const char *text, struct arena *arena)
{
	struct err err = {0};
	bool ok;

	*source = (struct source){.arena = arena, .text = text};
	ok = scan_tokens(text, arena, &source->tokens, &err);
	err_release(&err);
	while (ok && source->tokens.count > 0 && source->tokens.items[source->tokens.count - 1].kind == ';')
		source->tokens.count--;
	return ok;
}

const char *source_slice(const struct source *source, size_t from, size_t end)
{
	const struct token *tokens = source->tokens.items;

	if (from >= end || from >= source->tokens.count)
		return "";
	return arena_strndup(source->arena, source->text + tokens[from].start,
	                     tokens[end - 1].end - tokens[from].start);
}

size_t source_token_at(const struct source *source, int location)
{
	size_t i = 0;

	while (i < source->tokens.count && source->tokens.items[i].start < (size_t)(location > 0 ? location : 0))
		i++;
	return i;
}

bool source_is(const struct source *source, size_t token, const char *word)
{
	const struct token *at = &source->tokens.items[token];

	return token < source->tokens.count && at->end - at->start == strlen(word) &&
	       strncasecmp(source->text + at->start, word, at->end - at->start) == 0;
}

static int depth_change(int kind)
{
	return (kind == '(' || kind == '[') - (kind == ')' || kind == ']');
}

size_t source_find(const struct source *source, size_t from, size_t end, const char *word)
{
	int depth = 0;

	for (size_t i = from; i < end && i < source->tokens.count; i++) {
		if (depth == 0 && source_is(source, i, word))
			return i;
		depth += depth_change(source->tokens.items[i].kind);
	}
	return end;
}

size_t source_open_paren(const struct source *source, size_t from, size_t end)
{
	for (size_t i = from; i < end && i < source->tokens.count; i++)
		if (source->tokens.items[i].kind == '(')
			return i;
	return end;
}

size_t source_close_paren(const struct source *source, size_t open)
{
	int depth = 0;

	for (size_t i = open; i < source->tokens.count; i++) {
		depth += depth_change(source->tokens.items[i].kind);
		if (depth == 0)
			return i;
	}
	return source->tokens.count;
}

const char *source_inside(const struct source *source, size_t open)
{
	size_t close = source_close_paren(source, open), length;
	const struct token *tokens = source->tokens.items;
	const char *start;

	if (close >= source->tokens.count)
		return "";
	start = source->text + tokens[open].end;
	length = tokens[close].start - tokens[open].end;
	if (!memchr(start, '\n', length)) {
		while (length > 0 && strchr(" \t", *start))
			start++, length--;
		while (length > 0 && strchr(" \t", start[length - 1]))
			length--;
	}
	return arena_strndup(source->arena, start, length);
}

size_t source_behind_name(const struct source *source, size_t token)
{
	size_t i = token + 1;

	while (i + 1 < source->tokens.count && source->tokens.items[i].kind == '.')
		i += 2;
	return i;
}

size_t source_item_end(const struct source *source, size_t from, size_t end)
{
	int depth = 0;
	size_t i;

	for (i = from; i < end && i < source->tokens.count; i++) {
		if (depth == 0 && source->tokens.items[i].kind == ',')
			break;
		depth += depth_change(source->tokens.items[i].kind);
	}
	return i;
}
