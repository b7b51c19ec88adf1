/* Lines for people, and lines of JSON. */
#include "cli/rehearse_report.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/rehearse_copy.h"
#include "cli/report.h"
#include "engine/rehearse_judge.h"

enum { TEXT_WIDTH = 68 };

static bool is_quiet(const struct rehearse_report *report)
{
	return report->context->options.quiet || report_is_json();
}

static bool goes_up(const struct rehearse_report *report)
{
	return report->pass == REHEARSE_UP || report->pass == REHEARSE_ON;
}

static void say_pass(void *arg, enum rehearsal_pass pass)
{
	static const char *const words[] = {NULL, "and back to the start", "and up again", "and on to the end",
	                                    "and back from there"};
	struct rehearse_report *report = arg;

	report->pass = pass;
	if (words[pass])
		report_message("%s", words[pass]);
}

static void say_block(void *arg, const struct block *block)
{
	struct rehearse_report *report = arg;

	if (is_quiet(report) || !goes_up(report))
		return;
	printf("%s%s%s\n", report_color(stdout, COLOR_BOLD), block->label, report_color(stdout, COLOR_PLAIN));
	fflush(stdout);
}

static void say_stop(void *arg, const struct block *block)
{
	struct rehearse_report *report = arg;

	if (report_is_json()) {
		if (goes_up(report))
			report_json(json_pack("{s:s, s:s, s:s, s:s}", "type", "block", "kind", block_kind_name(block->kind),
			                      "label", block->label, "state", "counted as open"));
	} else if (!is_quiet(report) && goes_up(report)) {
		printf("# %s \"%s\": counted as open\n", block_kind_name(block->kind), block->label);
	}
}

static bool is_of(const struct sight *sight, const struct step *step)
{
	return sight->tag == step->number;
}

/* Locks that matter: everybody who reads or writes rows takes the others. */
static bool matters(const struct seen_lock *lock)
{
	return lock->mode > LOCK_ROW_EXCLUSIVE;
}

/* The strongest lock of the step on the relation was seen before, or comes later in the list. */
static bool is_told(const struct sight *first, const struct sight *upto, const struct step *step,
                    const struct seen_lock *lock)
{
	for (const struct sight *sight = first; sight != upto; sight = sight->next)
		for (const struct seen_lock *other = sight->locks; is_of(sight, step) && other; other = other->next)
			if (strcmp(other->relation, lock->relation) == 0 && other->mode >= lock->mode)
				return true;
	return false;
}

static void print_seen(struct rehearse_report *report, const struct step *step, const struct sight *first)
{
	for (const struct sight *sight = first; sight; sight = sight->next) {
		if (!is_of(sight, step))
			continue;
		for (const struct seen_lock *lock = sight->locks; lock; lock = lock->next)
			if (matters(lock) && !is_told(first, sight, step, lock))
				printf("      %s %s%s\n", lock_mode_name(lock->mode), lock->relation,
				       sight->outside ? ", in no transaction" : "");
		for (const struct seen_work *work = sight->works; work; work = work->next)
			printf("      %s\n", rehearsal_work_text(report->scratch, work, &report->arena));
	}
}

static json_t *json_seen(struct rehearse_report *report, const struct step *step, const struct sight *first)
{
	json_t *list = json_array();

	for (const struct sight *sight = first; sight; sight = sight->next) {
		json_t *locks = json_array(), *works = json_array();

		for (const struct seen_lock *lock = sight->locks; is_of(sight, step) && lock; lock = lock->next)
			json_array_append_new(
				locks, json_pack("{s:s, s:s}", "relation", lock->relation, "mode", lock_mode_name(lock->mode)));
		for (const struct seen_work *work = sight->works; is_of(sight, step) && work; work = work->next)
			json_array_append_new(works, json_string(rehearsal_work_text(report->scratch, work, &report->arena)));
		if (is_of(sight, step))
			json_array_append_new(list, json_pack("{s:s, s:b, s:O, s:O}", "sql", sight->sql, "outside",
			                                      sight->outside, "locks", locks, "work", works));
		json_decref(locks);
		json_decref(works);
	}
	return list;
}

static const char *event_word(const struct step *step, enum step_event event)
{
	if (event == STEP_UNDECIDED)
		return "not decided by the rows of the copy";
	if (step_class_of(step) == CLASS_VERIFY)
		return "holds";
	return event == STEP_DONE ? "done" : "already there";
}

static void say_step(void *arg, const struct step *step, enum step_event event, const char *text,
                     const struct sight *seen)
{
	struct rehearse_report *report = arg;
	bool ends = event == STEP_DONE || event == STEP_ALREADY || event == STEP_UNDECIDED;

	if (!ends || !goes_up(report))
		return;
	report->steps++;
	if (report_is_json()) {
		report_json(json_pack("{s:s, s:i, s:s, s:s, s:s, s:o, s:s?}", "type", "step", "number", step->number,
		                      "primitive", step->type->name, "summary", step_text(step, &report->arena), "event",
		                      event_word(step, event), "statements", json_seen(report, step, seen), "text", text));
		return;
	}
	if (is_quiet(report))
		return;
	printf("  %-*s  %s%s%s\n", TEXT_WIDTH, step_text(step, &report->arena),
	       report_color(stdout, event == STEP_DONE ? COLOR_GREEN : COLOR_DIM), event_word(step, event),
	       report_color(stdout, COLOR_PLAIN));
	if (event == STEP_UNDECIDED && text)
		printf("      %s\n", text);
	print_seen(report, step, seen);
	fflush(stdout);
}

struct rehearsal_listener rehearse_listener(struct rehearse_report *report)
{
	return (struct rehearsal_listener){report, say_pass, say_block, say_step, say_stop};
}

/* "up, back and up again; back from the end, too" */
static const char *way_text(const struct rehearsal *rehearsal, struct arena *arena)
{
	const char *up = rehearsal->went_back ? "up, back and up again" : "up";

	if (!rehearsal->line)
		return rehearsal->went_back ? up : "up, and not back";
	if (rehearsal->went_home)
		return arena_printf(arena, "%s; back from the end, too", up);
	return arena_printf(arena, "%s; no way back from \"%s\" on", up, rehearsal->line->label);
}

static void print_end(struct rehearse_report *report, const struct rehearsal *rehearsal)
{
	printf("%srehearsed%s: plan \"%s\", %zu step%s %s\n",
	       report_color(stdout, rehearsal->findings.warnings ? COLOR_YELLOW : COLOR_GREEN),
	       report_color(stdout, COLOR_PLAIN), rehearsal->plan->name, report->steps, report->steps == 1 ? "" : "s",
	       way_text(rehearsal, &report->arena));
	printf("this rests on %s; how long it takes, and rows that are not in the copy, it can't tell\n",
	       rehearse_rests_on(report->scratch, &report->arena));
}

void rehearse_say_end(struct rehearse_report *report, const struct rehearsal *rehearsal)
{
	if (!report_is_json()) {
		print_end(report, rehearsal);
		return;
	}
	report_json(json_pack("{s:s, s:s, s:s, s:i, s:b, s:b, s:s?, s:s, s:I, s:I, s:i}", "type", "rehearsal", "plan",
	                      rehearsal->plan->name, "hash", rehearsal->plan->hash, "steps", (int)report->steps,
	                      "back", rehearsal->went_back, "back_from_end",
	                      rehearsal->line ? rehearsal->went_home : rehearsal->went_back, "takes_away_from",
	                      rehearsal->line ? rehearsal->line->label : NULL, "server_version",
	                      report->scratch->version, "rows", (json_int_t)report->scratch->row_count, "tables",
	                      (json_int_t)report->scratch->row_tables, "warnings", (int)rehearsal->findings.warnings));
}

void rehearse_report_release(struct rehearse_report *report)
{
	arena_release(&report->arena);
}
