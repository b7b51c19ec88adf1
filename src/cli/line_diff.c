/*
 * The longest common subsequence by the textbook's table (Wagner and Fischer,
 * 1974), between the first and the last line that differ.
 */
#include "cli/line_diff.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/xalloc.h"
#include "cli/report.h"

enum { CONTEXT = 3, CELLS_MAX = 25000000 };

struct lines {
	const char **at;
	size_t count;
};

/* One line of the answer. */
struct edit {
	char sign; /* ' ', '-' or '+' */
	const char *line;
};

struct edits {
	struct edit *list;
	size_t count;
};

static struct lines split(struct arena *arena, const char *text)
{
	struct lines lines = {0};
	char *copy = arena_strdup(arena, text);
	size_t room = 1;

	for (const char *c = text; *c; c++)
		room += *c == '\n';
	lines.at = arena_array(arena, const char *, room);
	while (*copy) {
		char *end = copy + strcspn(copy, "\n");
		size_t step = *end == '\n';

		*end = '\0';
		lines.at[lines.count++] = copy;
		copy = end + step;
	}
	return lines;
}

static void add(struct edits *edits, char sign, const char *line)
{
	edits->list[edits->count++] = (struct edit){sign, line};
}

/* length[i][j]: of the longest common subsequence of a from i and b from j; NULL when the table would be too
 * large. */
static uint32_t *lengths_of(const struct lines *a, const struct lines *b)
{
	size_t width = b->count + 1;
	uint32_t *length;

	if ((a->count + 1) * width > CELLS_MAX)
		return NULL;
	length = xcalloc((a->count + 1) * width, sizeof(*length));
	for (size_t i = a->count; i-- > 0;)
		for (size_t j = b->count; j-- > 0;) {
			uint32_t down = length[(i + 1) * width + j], right = length[i * width + j + 1];

			if (strcmp(a->at[i], b->at[j]) == 0)
				length[i * width + j] = length[(i + 1) * width + j + 1] + 1;
			else
				length[i * width + j] = down > right ? down : right;
		}
	return length;
}

static void compare_middle(const struct lines *a, const struct lines *b, struct edits *edits)
{
	uint32_t *length = lengths_of(a, b);
	size_t width = b->count + 1, i = 0, j = 0;

	while (length && i < a->count && j < b->count) {
		if (strcmp(a->at[i], b->at[j]) == 0)
			add(edits, ' ', a->at[i++]), j++;
		else if (length[(i + 1) * width + j] >= length[i * width + j + 1])
			add(edits, '-', a->at[i++]);
		else
			add(edits, '+', b->at[j++]);
	}
	while (i < a->count)
		add(edits, '-', a->at[i++]);
	while (j < b->count)
		add(edits, '+', b->at[j++]);
	free(length);
}

static void compare(const struct lines *a, const struct lines *b, struct edits *edits)
{
	size_t head = 0, tail = 0;
	struct lines middle_a, middle_b;

	while (head < a->count && head < b->count && strcmp(a->at[head], b->at[head]) == 0)
		head++;
	while (tail < a->count - head && tail < b->count - head &&
	       strcmp(a->at[a->count - 1 - tail], b->at[b->count - 1 - tail]) == 0)
		tail++;
	middle_a = (struct lines){a->at + head, a->count - head - tail};
	middle_b = (struct lines){b->at + head, b->count - head - tail};
	for (size_t i = 0; i < head; i++)
		add(edits, ' ', a->at[i]);
	compare_middle(&middle_a, &middle_b, edits);
	for (size_t i = a->count - tail; i < a->count; i++)
		add(edits, ' ', a->at[i]);
}

/* Is a line that differs near? */
static bool is_near(const struct edits *edits, size_t at)
{
	size_t from = at > CONTEXT ? at - CONTEXT : 0, to = at + CONTEXT;

	for (size_t i = from; i <= to && i < edits->count; i++)
		if (edits->list[i].sign != ' ')
			return true;
	return false;
}

static void print(FILE *to, const struct edit *edit, int indent)
{
	enum report_color color = edit->sign == '+' ? COLOR_GREEN : edit->sign == '-' ? COLOR_RED : COLOR_PLAIN;

	if (color == COLOR_PLAIN && !*edit->line)
		fputc('\n', to);
	else if (color == COLOR_PLAIN)
		fprintf(to, "%*s  %s\n", indent, "", edit->line);
	else
		fprintf(to, "%*s%s%c %s%s\n", indent, "", report_color(to, color), edit->sign, edit->line,
		        report_color(to, COLOR_PLAIN));
}

size_t line_diff(FILE *to, const char *before, const char *after, int indent)
{
	struct arena arena = {0};
	struct lines a = split(&arena, before), b = split(&arena, after);
	struct edits edits = {arena_array(&arena, struct edit, a.count + b.count + 1), 0};
	size_t differ = 0;
	bool skipped = false;

	compare(&a, &b, &edits);
	for (size_t i = 0; i < edits.count; i++) {
		bool shown = is_near(&edits, i);

		differ += edits.list[i].sign != ' ';
		if (shown && skipped)
			fprintf(to, "%*s  ...\n", indent, "");
		if (shown)
			print(to, &edits.list[i], indent);
		skipped = !shown;
	}
	arena_release(&arena);
	return differ;
}
