/* Cutting a file of SQL at the semicolons that end a statement. */
#include "sql/script.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The file while it is read. */
struct reader {
	struct script *script;
	struct arena *arena;
	const char *text, *at;
	int line;
	const char *start, *end; /* of the statement's words so far; start NULL: it has none */
	int start_line;
	int depth;    /* of parentheses */
	int atomic;   /* of BEGIN ATOMIC and CASE inside it */
	bool creates; /* the statement begins with CREATE: only there is BEGIN ATOMIC a body */
	bool copies;  /* it is COPY … FROM stdin */
	char last_word[16];
};

/* Room for one more in an array of the arena. */
static void *grow(struct arena *arena, void *items, size_t count, size_t *room, size_t size)
{
	void *more;

	if (count < *room)
		return items;
	*room = *room * 2 + 16;
	more = arena_alloc(arena, *room * size);
	if (count > 0)
		memcpy(more, items, count * size);
	return more;
}

static void step(struct reader *r, size_t bytes)
{
	for (size_t i = 0; i < bytes && *r->at; i++)
		r->line += *r->at++ == '\n';
}

static void take_words(struct reader *r)
{
	if (!r->start) {
		r->start = r->at;
		r->start_line = r->line;
	}
}

static bool first_on_line(const struct reader *r)
{
	const char *c = r->at;

	while (c > r->text && (c[-1] == ' ' || c[-1] == '\t'))
		c--;
	return c == r->text || c[-1] == '\n';
}

static void add_comment(struct reader *r, const char *from, size_t length, int line, bool alone)
{
	struct script *s = r->script;

	s->comments = grow(r->arena, s->comments, s->comment_count, &s->comment_room, sizeof(*s->comments));
	s->comments[s->comment_count++] = (struct script_comment){arena_strndup(r->arena, from, length), line, alone};
}

static void read_line_comment(struct reader *r)
{
	bool alone = first_on_line(r);
	size_t length = strcspn(r->at, "\n");

	add_comment(r, r->at + 2, length - 2, r->line, alone);
	step(r, length);
}

static void read_block_comment(struct reader *r)
{
	const char *from = r->at + 2;
	int line = r->line, depth = 0;
	bool alone = first_on_line(r);

	do {
		if (strncmp(r->at, "/*", 2) == 0)
			depth++, step(r, 2);
		else if (strncmp(r->at, "*/", 2) == 0)
			depth--, step(r, 2);
		else if (*r->at)
			step(r, 1);
	} while (depth > 0 && *r->at);
	if (depth > 0)
		r->script->open_line = line;
	else
		add_comment(r, from, (size_t)(r->at - from) - 2, line, alone);
}

static void read_quoted(struct reader *r, char quote, bool escapes)
{
	int line = r->line;

	step(r, 1);
	while (*r->at && *r->at != quote)
		step(r, escapes && *r->at == '\\' ? 2 : 1);
	if (*r->at)
		step(r, 1);
	else
		r->script->open_line = line;
}

/* $tag$ … $tag$; false: the dollar is no such beginning. */
static bool read_dollar(struct reader *r)
{
	size_t length = 1;
	const char *end;
	char tag[66];

	while (isalnum((unsigned char)r->at[length]) || r->at[length] == '_' || (unsigned char)r->at[length] >= 0x80)
		length++;
	if (r->at[length] != '$' || length + 2 > sizeof(tag) || isdigit((unsigned char)r->at[1]))
		return false;
	memcpy(tag, r->at, length + 1);
	tag[length + 1] = '\0';
	end = strstr(r->at + length + 1, tag);
	if (!end)
		r->script->open_line = r->line;
	step(r, end ? (size_t)(end - r->at) + length + 1 : strlen(r->at));
	return true;
}

static bool word_is(const char *word, size_t length, const char *other)
{
	return strlen(other) == length && strncasecmp(word, other, length) == 0;
}

/* BEGIN ATOMIC … END is a function's body with semicolons of its own; CASE … END may stand in it. */
static void count_atomic(struct reader *r, const char *word, size_t length)
{
	if (r->creates && word_is(word, length, "atomic") && strcasecmp(r->last_word, "begin") == 0)
		r->atomic = 1;
	else if (r->atomic && word_is(word, length, "case"))
		r->atomic++;
	else if (r->atomic && word_is(word, length, "end"))
		r->atomic--;
}

static void read_word(struct reader *r)
{
	const char *word = r->at;
	size_t length = 0;

	while (isalnum((unsigned char)word[length]) || word[length] == '_' || word[length] == '$' ||
	       (unsigned char)word[length] >= 0x80)
		length++;
	if (r->start == word) {
		r->creates = word_is(word, length, "create");
		r->copies = false;
	}
	if (word_is(word, length, "stdin") && strcasecmp(r->last_word, "from") == 0)
		r->copies = true;
	count_atomic(r, word, length);
	snprintf(r->last_word, sizeof(r->last_word), "%.*s", (int)(length < 15 ? length : 15), word);
	step(r, length);
	if (length == 1 && (*word == 'e' || *word == 'E') && *r->at == '\'')
		read_quoted(r, '\'', true);
}

/* The rows of COPY reach to a line that is \. alone. */
static void skip_rows(struct reader *r)
{
	do {
		step(r, strcspn(r->at, "\n"));
		step(r, 1);
	} while (*r->at && !(strncmp(r->at, "\\.", 2) == 0 && (r->at[2] == '\n' || r->at[2] == '\r' || !r->at[2])));
	step(r, 2);
}

static void end_statement(struct reader *r)
{
	struct script *s = r->script;
	bool copies = r->copies && r->start && strncasecmp(r->start, "copy", 4) == 0;

	if (r->start) {
		s->statements =
			grow(r->arena, s->statements, s->statement_count, &s->statement_room, sizeof(*s->statements));
		s->statements[s->statement_count++] = (struct script_statement){
			arena_strndup(r->arena, r->start, (size_t)(r->end - r->start)), r->start_line, r->line};
	}
	r->start = NULL;
	r->depth = r->atomic = 0;
	r->creates = r->copies = false;
	r->last_word[0] = '\0';
	if (*r->at)
		step(r, 1);
	if (copies)
		skip_rows(r);
}

/* Anything but blanks and comments. */
static void read_token(struct reader *r)
{
	unsigned char c = (unsigned char)*r->at;

	take_words(r);
	if (c == '\'')
		read_quoted(r, '\'', false);
	else if (c == '"')
		read_quoted(r, '"', false);
	else if (isalnum(c) || c == '_' || c >= 0x80)
		read_word(r);
	else if (c != '$' || !read_dollar(r)) {
		r->depth += (c == '(') - (c == ')');
		step(r, 1);
	}
	r->end = r->at;
}

void script_split(const char *text, struct arena *arena, struct script *script)
{
	struct reader r = {.script = script, .arena = arena, .line = 1};

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	r.text = r.at = text;
	while (*r.at) {
		if (isspace((unsigned char)*r.at))
			step(&r, 1);
		else if (strncmp(r.at, "--", 2) == 0)
			read_line_comment(&r);
		else if (strncmp(r.at, "/*", 2) == 0)
			read_block_comment(&r);
		else if (*r.at == ';' && (r.depth <= 0 && r.atomic == 0))
			end_statement(&r);
		else if (*r.at == '\\' && !r.start)
			step(&r, strcspn(r.at, "\n"));
		else
			read_token(&r);
	}
	if (r.start && r.depth > 0 && !script->open_line)
		script->open_line = r.start_line;
	end_statement(&r);
}
