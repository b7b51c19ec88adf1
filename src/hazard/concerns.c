/* A file that does several things at once, or others than its name says. */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "hazard/statements.h"

enum { CHANGES_SHOWN = 10 };

void change_add(struct lint *lint, enum concern concern, struct relation *relation, const char *format, ...)
{
	struct change *change;
	va_list args;

	if (relation && (!was_there(lint, relation) || relation->concerns & 1U << concern))
		return;
	if (relation)
		relation->concerns |= 1U << concern;
	change = arena_alloc(&lint->arena, sizeof(*change));
	*change = (struct change){.concern = concern, .relation = relation, .line = lint->statement->line};
	va_start(args, format);
	change->words = arena_vprintf(&lint->arena, format, args);
	va_end(args);
	if (lint->last_change)
		lint->last_change->next = change;
	else
		lint->changes = change;
	lint->last_change = change;
}

/* How many concerns there are, and whether they are about several tables. */
static unsigned concerns_of(const struct lint *lint, bool *several)
{
	struct relation *first = NULL;
	unsigned set = 0;

	*several = false;
	for (const struct change *c = lint->changes; c; c = c->next) {
		set |= 1U << c->concern;
		*several |= first && c->relation != first;
		first = first ? first : c->relation;
	}
	return set;
}

static unsigned long count_bits(unsigned set)
{
	unsigned long count = 0;

	for (; set; set &= set - 1)
		count++;
	return count;
}

static void check_mixed(struct lint *lint)
{
	const struct effect effect = {.rule = "mixed-concerns",
	                              .severity = SEVERITY_WARNING,
	                              .help =
	                                  "a migration for each: each can then be tried, run and taken back alone"};
	bool several;
	unsigned set = concerns_of(lint, &several);
	struct diag *diag = NULL;
	size_t count = 0, shown = 0;

	if (count_bits(set) < 2 || !(several || set & (1U << CONCERN_DATA | 1U << CONCERN_REMOVE)))
		return;
	for (const struct change *c = lint->changes; c; c = c->next)
		count++;
	diag = effect_add(lint, &effect, "%zu %s are mixed in one file", count,
	                  several ? "unrelated changes" : "kinds of work");
	for (const struct change *c = lint->changes; c && shown < CHANGES_SHOWN; c = c->next, shown++)
		effect_detail(lint, diag, "line %d %s", c->line, c->words);
	if (count > CHANGES_SHOWN)
		effect_detail(lint, diag, "and %zu more", count - CHANGES_SHOWN);
}

static const struct {
	const char *word;
	enum concern concern;
} promises[] = {
	{"add", CONCERN_ADD},        {"create", CONCERN_ADD},      {"new", CONCERN_ADD},
	{"insert", CONCERN_DATA},    {"drop", CONCERN_REMOVE},     {"remove", CONCERN_REMOVE},
	{"delete", CONCERN_REMOVE},  {"rename", CONCERN_CHANGE},   {"change", CONCERN_CHANGE},
	{"alter", CONCERN_CHANGE},   {"update", CONCERN_DATA},     {"backfill", CONCERN_DATA},
	{"fill", CONCERN_DATA},      {"seed", CONCERN_DATA},       {"convert", CONCERN_CHANGE},
	{"cleanup", CONCERN_REMOVE}, {"index", CONCERN_ADD},       {"make", CONCERN_CHANGE},
	{"move", CONCERN_CHANGE},    {"truncate", CONCERN_REMOVE},
};

static void take_word(const char *word, size_t length, unsigned *set)
{
	for (size_t i = 0; i < sizeof(promises) / sizeof(promises[0]); i++)
		if (strlen(promises[i].word) == length && strncasecmp(promises[i].word, word, length) == 0)
			*set |= 1U << promises[i].concern;
}

/* "0025_add_image_urls_to_messages.sql" promises to add; *words is "add image urls to messages". */
static unsigned promised(struct lint *lint, const char *path, const char **words)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *text;
	unsigned set = 0;

	if (strcasecmp(name, "migration.sql") == 0 && slash) { /* Prisma: the folder has the name */
		const char *start = slash;

		while (start > path && start[-1] != '/')
			start--;
		name = text_of(lint, "%.*s", (int)(slash - start), start);
	}
	name += strspn(name, "Vv0123456789_.-");
	text = arena_strndup(&lint->arena, name, strcspn(name, "."));
	for (char *c = text; *c; c++)
		if (*c == '_' || *c == '-')
			*c = ' ';
	for (const char *word = text; *word;) {
		size_t length = strcspn(word, " ");

		take_word(word, length, &set);
		word += length + strspn(word + length, " ");
	}
	*words = text;
	return set;
}

static void check_file_name(struct lint *lint)
{
	const struct effect effect = {.rule = "misleading-name", .severity = SEVERITY_WARNING};
	const char *words;
	unsigned set = promised(lint, lint->path, &words);
	struct diag *diag = NULL;

	if (set == 0)
		return;
	for (const struct change *c = lint->changes; c; c = c->next) {
		if ((c->concern != CONCERN_CHANGE && c->concern != CONCERN_REMOVE) || set & 1U << c->concern)
			continue;
		if (c->concern == CONCERN_CHANGE && set & 1U << CONCERN_ADD && c->relation == lint->changes->relation)
			continue; /* the steps of one change of one table */
		if (!diag)
			diag = effect_add(lint, &effect, "the file's name promises only \"%s\"", words);
		effect_detail(lint, diag, "line %d %s", c->line, c->words);
	}
}

void check_concerns(struct lint *lint)
{
	check_mixed(lint);
	check_file_name(lint);
}
