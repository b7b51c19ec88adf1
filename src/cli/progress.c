/* What is told of a long step, what of it fits into a line, and how often it is told. */
#include "cli/progress.h"

#include <jansson.h>
#include <limits.h>

#include "base/interval.h"
#include "base/quantity.h"
#include "cli/columns.h"
#include "cli/redraw.h"
#include "cli/report.h"
#include "db/loop.h"
#include "engine/progress.h"
#include "plan/plan.h"

enum { LINE_EVERY_MS = 200, EVENT_EVERY_MS = 1000, MESSAGE_EVERY_MS = 10000, RATE_AFTER_MS = 400 };
enum { INDENT = 2, GAP = 2, SUBJECT_MIN = 24 };

/* The step that is under way, and where it stood when we first heard of it. */
static struct {
	const struct step *step;
	int64_t begun, begun_rows, told;
} current;

/* Is the estimate still one?  Rows that came meanwhile may have outrun it. */
static bool can_estimate(const struct progress *progress)
{
	return progress->expected > 0 && progress->done <= progress->expected;
}

static void add_percent(const struct progress_line *line, struct buf *out)
{
	const struct progress *p = &line->progress;

	if (can_estimate(p))
		buf_addf(out, "%d %%", (int)(100.0 * (double)p->done / (double)p->expected));
}

static void add_rows(const struct progress_line *line, struct buf *out)
{
	quantity_rows(line->progress.done, out);
	if (line->progress.expected > 0) {
		buf_add(out, " of ~");
		quantity_rows(line->progress.expected, out);
	}
	buf_add(out, " rows");
}

static void add_rate(const struct progress_line *line, struct buf *out)
{
	if (line->rate > 0) {
		quantity_rows(line->rate, out);
		buf_add(out, " rows/s");
	}
}

static void add_eta(const struct progress_line *line, struct buf *out)
{
	int64_t left = line->progress.expected - line->progress.done;

	if (line->rate > 0 && can_estimate(&line->progress)) {
		buf_add(out, "eta ");
		interval_format((left / line->rate + 1) * 1000, out);
	}
}

static void add_what(const struct progress_line *line, struct buf *out)
{
	buf_add(out, line->progress.what ? line->progress.what : "");
}

/* Behind the subject, in their order; one that is worth little leaves the subject whole. */
static const struct piece {
	void (*add)(const struct progress_line *line, struct buf *out);
	bool worth_little;
} pieces[] = {{add_percent, false}, {add_rows, false}, {add_rate, false}, {add_eta, false}, {add_what, true}};

void progress_format(const struct progress_line *line, int room, struct buf *out)
{
	int subject = columns_add(line->subject, INT_MAX, NULL), used = 0;
	struct buf behind = {0}, piece = {0};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		int keep = pieces[i].worth_little || subject < SUBJECT_MIN ? subject : SUBJECT_MIN, columns;

		buf_clear(&piece);
		pieces[i].add(line, &piece);
		columns = columns_add(buf_text(&piece), INT_MAX, NULL);
		if (columns == 0)
			continue;
		if (INDENT + keep + used + GAP + columns > room)
			break;
		buf_addf(&behind, "%*s", GAP, "");
		used += GAP + columns_add(buf_text(&piece), columns, &behind);
	}
	buf_addf(out, "%*s", INDENT, "");
	columns_add(line->subject, room - INDENT - used, out);
	buf_add(out, buf_text(&behind));
	buf_release(&behind);
	buf_release(&piece);
}

static void show_json(const struct progress_line *line, const struct step *step)
{
	const struct progress *p = &line->progress;

	report_json(json_pack("{s:s, s:i, s:s, s:s, s:I, s:o, s:o, s:s?}", "type", "progress", "number", step->number,
	                      "primitive", step->type->name, "summary", line->subject, "rows", (json_int_t)p->done,
	                      "expected", p->expected > 0 ? json_integer(p->expected) : json_null(), "rows_per_second",
	                      line->rate > 0 ? json_integer(line->rate) : json_null(), "text", p->what));
}

static void show_text(const struct progress_line *line, int room)
{
	struct buf text = {0};

	if (room > 0) {
		buf_add(&text, report_color(stderr, COLOR_DIM));
		progress_format(line, room, &text);
		buf_add(&text, report_color(stderr, COLOR_PLAIN));
		redraw_line(buf_text(&text));
	} else {
		progress_format(line, INT_MAX, &text);
		report_message("%s", buf_text(&text));
	}
	buf_release(&text);
}

/* Rows a second since we first heard of the step. */
static int64_t rate_of(const struct progress *progress, int64_t time)
{
	int64_t took = time - current.begun, rows = progress->done - current.begun_rows;

	return took >= RATE_AFTER_MS && rows > 0 ? rows * 1000 / took : 0;
}

void progress_begin(void)
{
	redraw_erase();
	current.step = NULL;
}

static void begin(const struct step *step, const struct progress *progress, int64_t time)
{
	current.step = step;
	current.begun = current.told = time;
	current.begun_rows = progress->done;
}

void progress_show(const struct cli_options *options, const struct step *step, const struct progress *progress)
{
	int64_t time = loop_now();
	int room = options->json || options->quiet || options->plain ? 0 : redraw_room();
	struct arena arena = {0};
	struct progress_line line;

	if (current.step != step || progress->done < current.begun_rows)
		begin(step, progress, time);
	if (time - current.told < (options->json ? EVENT_EVERY_MS : room > 0 ? LINE_EVERY_MS : MESSAGE_EVERY_MS))
		return;
	current.told = time;
	line = (struct progress_line){step_text(step, &arena), *progress, rate_of(progress, time)};
	if (options->json)
		show_json(&line, step);
	else
		show_text(&line, room);
	arena_release(&arena);
}
