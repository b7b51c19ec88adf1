/* Saying what a statement does, and how much it matters: weighed by what the relation holds. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hazard/state.h"

enum { SQL_SHOWN = 4000 };

static const int64_t SMALL_BYTES = 8 << 20, LARGE_BYTES = 128 << 20;

const char *lock_name(enum lock lock)
{
	static const char *const names[] = {"no lock",         "ROW EXCLUSIVE",       "SHARE UPDATE EXCLUSIVE",
	                                    "SHARE",           "SHARE ROW EXCLUSIVE", "EXCLUSIVE",
	                                    "ACCESS EXCLUSIVE"};

	return names[lock];
}

/* What others can't do while it is held. */
static const char *lock_blocks(enum lock lock)
{
	if (lock == LOCK_ACCESS_EXCLUSIVE)
		return "nobody reads or writes it meanwhile, and whoever comes later waits in the queue";
	if (lock >= LOCK_SHARE)
		return "nobody writes it meanwhile";
	return NULL;
}

bool was_there(const struct lint *lint, const struct relation *relation)
{
	(void)lint;
	return relation && !relation->here && !relation->temporary && relation->exists != TRI_NO;
}

bool has_rows(const struct lint *lint, const struct relation *relation)
{
	if (!relation)
		return true;
	if (!was_there(lint, relation))
		return relation->filled;
	return lint->options.assume_large || relation->bytes != 0;
}

bool is_known(const struct lint *lint, const struct relation *relation)
{
	return relation && relation->known && !lint->opaque;
}

const char *named(struct lint *lint, const struct relation *relation)
{
	return relation_text(&lint->schema, relation);
}

const char *text_of(struct lint *lint, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(&lint->arena, format, args);
	va_end(args);
	return text;
}

/* Three digits and a unit: "4.2 GB", "12 k". */
static void put_number(char *out, size_t room, double number, const char *const *units, double factor)
{
	while (number >= factor && units[1])
		number /= factor, units++;
	snprintf(out, room, number < 10 && number != (double)(int64_t)number ? "%.1f%s%s" : "%.0f%s%s", number,
	         **units ? " " : "", *units);
}

const char *size_text(struct lint *lint, const struct relation *relation)
{
	static const char *const bytes[] = {"bytes", "kB", "MB", "GB", "TB", NULL};
	static const char *const counts[] = {"", "k", "M", "G", NULL};
	char size[32], rows[32], reads[32];
	const char *text;
	double rate = 0;

	if (!relation || relation->bytes < 0)
		return NULL;
	put_number(size, sizeof(size), (double)relation->bytes, bytes, 1024);
	text = size;
	if (relation->rows >= 0) {
		put_number(rows, sizeof(rows), (double)relation->rows, counts, 1000);
		text = text_of(lint, "%s, about %s row%s", size, rows, relation->rows == 1 ? "" : "s");
	}
	if (relation->statistics_seconds > 0 && relation->reads > 0)
		rate = (double)relation->reads / relation->statistics_seconds;
	if (rate >= 1) {
		put_number(reads, sizeof(reads), rate, counts, 1000);
		text = text_of(lint, "%s, %s reads/s", text, reads);
	}
	return text_of(lint, "%s", text);
}

/* How bad work on it is; what is not known counts as large. */
static enum severity weigh(const struct lint *lint, const struct relation *relation)
{
	if (lint->options.assume_large || !relation || relation->bytes < 0 || relation->bytes >= LARGE_BYTES)
		return SEVERITY_ERROR;
	return relation->bytes < SMALL_BYTES ? SEVERITY_NOTE : SEVERITY_WARNING;
}

int line_of(const struct lint *lint, int location)
{
	int line = lint->inside ? lint->inside : lint->statement->line;

	for (int i = 0; !lint->inside && i < location && lint->statement->text[i]; i++)
		line += lint->statement->text[i] == '\n';
	return line;
}

/* "rewrites", or "may rewrite" where something is not known. */
static const char *work_words(enum work work, bool certain)
{
	static const char *const words[][2] = {{"touches", "may touch"},
	                                       {"reads all of", "may read all of"},
	                                       {"builds an index over", "may build an index over"},
	                                       {"rewrites", "may rewrite"}};

	return words[work][!certain];
}

/* Work while an earlier statement of the transaction holds another table. */
static void tell_held(struct lint *lint, const struct effect *effect)
{
	if (effect->work != WORK_NONE)
		works_under_locks(lint, effect->relation, work_words(effect->work, true));
}

static struct diag *add(struct lint *lint, const struct effect *effect, enum severity severity,
                        const char *summary)
{
	struct arena *arena = &lint->diags->arena;
	struct diag *diag = diags_add(
		lint->diags, severity, effect->rule,
		(struct span){lint->path, effect->line ? effect->line : line_of(lint, effect->location)}, "%s", summary);

	diag->sql = arena_strndup(arena, lint->statement->text, strnlen(lint->statement->text, SQL_SHOWN));
	if (effect->help)
		diag_help(arena, diag, "%s", effect->help);
	if (lint->inside)
		diag_detail(arena, diag, "in the DO block that begins there");
	return diag;
}

struct diag *effect_add(struct lint *lint, const struct effect *effect, const char *format, ...)
{
	enum severity severity = effect->work == WORK_NONE ? effect->severity : weigh(lint, effect->relation);
	const char *size = size_text(lint, effect->relation), *what;
	struct diag *diag;
	va_list args;

	if (effect->work != WORK_NONE && !has_rows(lint, effect->relation))
		return NULL;
	va_start(args, format);
	what = arena_vprintf(&lint->arena, format, args);
	va_end(args);
	if (effect->work != WORK_NONE) {
		what = text_of(lint, "%s %s %s%s%s%s under %s", what,
		               work_words(effect->work, effect->certain != TRI_UNKNOWN), named(lint, effect->relation),
		               size ? " (" : "", size ? size : "", size ? ")" : "", lock_name(effect->lock));
	}
	diag = add(lint, effect, severity, what);
	if (effect->work != WORK_NONE && lock_blocks(effect->lock))
		effect_detail(lint, diag, "%s", lock_blocks(effect->lock));
	if (effect->work != WORK_NONE && severity != SEVERITY_ERROR)
		effect_detail(lint, diag, "an error where the table is large; --assume-large takes each one for large");
	tell_held(lint, effect);
	return diag;
}

void effect_detail(struct lint *lint, struct diag *diag, const char *format, ...)
{
	va_list args;
	char *text;

	if (!diag)
		return;
	va_start(args, format);
	text = arena_vprintf(&lint->diags->arena, format, args);
	va_end(args);
	diag_detail(&lint->diags->arena, diag, "%s", text);
}

const char *words_at(struct lint *lint, int location, size_t most)
{
	const char *text = lint->statement->text;
	size_t length = strlen(text), start = location > 0 && (size_t)location < length ? (size_t)location : 0;
	size_t rest = strcspn(text + start, "\n");

	return text_of(lint, "%.*s%s", (int)(rest < most ? rest : most), text + start, rest > most ? " ..." : "");
}
