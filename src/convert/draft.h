/*
 * A step of a plan to be: which primitive with which options, from which line
 * of the SQL it comes, what it makes or takes away, and what a person must
 * decide about it.  Everything lives in the arena of the conversion.
 */
#ifndef INTERLOCK_CONVERT_DRAFT_H
#define INTERLOCK_CONVERT_DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* In which kind of phase a step stands; a plan goes through them in this order. */
enum rank { RANK_EXPAND, RANK_FILL, RANK_SWITCH, RANK_CONTRACT };

enum value_kind {
	VALUE_TEXT, /* a string; names have their own quotes in it */
	VALUE_SQL,  /* SQL, in long brackets where it has quotes or several lines */
	VALUE_WORD, /* true, false or a number */
	VALUE_LIST, /* { "a", "b" } */
	VALUE_MAP   /* { a = "SQL" } */
};

struct draft_option {
	const char *name;
	enum value_kind kind;
	const char *text;         /* of the first three */
	const char *const *keys;  /* of a map */
	const char *const *items; /* of a list, or a map's values */
	size_t count;
};

enum { DRAFT_OPTIONS = 12, DRAFT_REMARKS = 8, DRAFT_NAMES = 16 };

struct draft {
	struct draft *next;
	const char *primitive;
	struct draft_option options[DRAFT_OPTIONS];
	size_t option_count;
	enum rank rank;
	int line;
	const char *sql;                    /* the statement, or the part of it, that it stands for */
	const char *decide[DRAFT_REMARKS];  /* what a person must decide, and why */
	const char *remarks[DRAFT_REMARKS]; /* what is worth knowing */
	size_t decide_count, remark_count;
	const char *words;              /* "add column image_urls to messages" */
	const char *table;              /* bare name of the table that it changes; NULL: none */
	const char *names[DRAFT_NAMES]; /* bare names of what it makes, fills or takes away */
	size_t name_count;
	const char *unused;    /* the table that nobody may use before it is dropped, as a plan writes it */
	const char *made;      /* name of the constraint or index that it makes, for what the file says of it later */
	struct draft *instead; /* what takes its place when the file says VALIDATE CONSTRAINT later */
	bool joins_all;        /* what follows may need it without saying its name */
	bool stands_apart;     /* it belongs into a plan that runs when the one of its table is done */
	bool is_left_out;      /* a later statement of the file takes it back */

	size_t concern, block; /* which plan, and which block of it; set by ordering */
};

/* A step; its other fields are zero. */
struct draft *draft_new(struct arena *arena, const char *primitive, enum rank rank);
void draft_text(struct draft *draft, const char *option, const char *text);
void draft_sql(struct draft *draft, const char *option, const char *sql);
void draft_word(struct draft *draft, const char *option, const char *word);
void draft_list(struct draft *draft, const char *option, const char *const *items, size_t count);
void draft_map(struct draft *draft, const char *option, const char *const *keys, const char *const *items,
               size_t count);
const struct draft_option *draft_option_of(const struct draft *draft, const char *name);

/* NULL is left out. */
void draft_name(struct draft *draft, const char *name);
void draft_decide(struct arena *arena, struct draft *draft, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void draft_remark(struct arena *arena, struct draft *draft, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Does the text have this name as a word, in quotes or not? */
bool mentions(const char *text, const char *name);

#endif
