/* Percentages of a rollout: read, checked, and written. */
#include "plan/rollout.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char usual[] = "for example percent = { 1, 10, 50, 100 }";

static void wrong(const struct option_place *place, struct diags *diags, const char *why, const char *help)
{
	diag_help(&diags->arena, option_error(place, diags, "bad-option", "percent", "%s", why), "%s", help);
}

/* The number as hundredths; -1: it is not one that a stop can be. */
static int share_of(const json_t *value)
{
	double hundredths = json_is_number(value) ? json_number_value(value) * 100 : -1;
	double whole = round(hundredths);

	return hundredths > 0 && hundredths < ROLLOUT_ALL + 1 && fabs(hundredths - whole) < 1e-6 ? (int)whole : -1;
}

/* Why a value can't be a stop behind `before`; NULL: it can. */
static const char *why_not(const json_t *value, int share, int before, struct arena *arena)
{
	double number = json_number_value(value);

	if (!json_is_number(value))
		return "\"percent\" of rollout is a list of numbers";
	if (number > 100)
		return arena_printf(arena, "%g in \"percent\" is more than 100: nobody is left to come in", number);
	if (number <= 0)
		return arena_printf(arena, "%g in \"percent\" is no stop: a rollout begins at 0 by itself", number);
	if (share < 1)
		return arena_printf(arena, "%g in \"percent\" is too fine: shares are told apart by 0.01 percent", number);
	if (share <= before)
		return arena_printf(arena, "%s in \"percent\" stands behind %s: each stop is larger than the one before",
		                    rollout_text(share, arena), rollout_text(before, arena));
	return NULL;
}

void rollout_settle(struct rollout_args *rollout, const struct option_place *place, struct diags *diags)
{
	size_t count = json_array_size(rollout->percent), i;
	json_t *value;
	int before = 0;

	if (!rollout->percent)
		return; /* that it is missing was said */
	if (!json_is_array(rollout->percent) || count == 0 || count > ROLLOUT_STOPS) {
		wrong(place, diags,
		      count > ROLLOUT_STOPS
		          ? arena_printf(&diags->arena, "\"percent\" of rollout has more than %d stops", ROLLOUT_STOPS)
		          : "\"percent\" of rollout is a list of numbers",
		      usual);
		return;
	}
	rollout->stop_count = 0;
	json_array_foreach(rollout->percent, i, value)
	{
		int share = share_of(value);
		const char *why = why_not(value, share, before, &diags->arena);

		if (why) {
			wrong(place, diags, why, usual);
			return;
		}
		rollout->stops[rollout->stop_count++] = before = share;
	}
	if (before != ROLLOUT_ALL)
		wrong(place, diags,
		      arena_printf(&diags->arena, "\"percent\" of rollout ends at %s: the others never come in",
		                   rollout_text(before, &diags->arena)),
		      "end it with 100: then everybody is in, and the plan goes on");
}

bool rollout_parse(const char *text, int *share)
{
	size_t whole = strspn(text, "0123456789"), part = 0;
	const char *rest = text + whole;

	if (*rest == '.')
		part = strspn(rest + 1, "0123456789");
	if (whole == 0 || whole > 3 || (*rest == '.' && (part == 0 || part > 2)))
		return false;
	*share = atoi(text) * 100;
	if (part)
		*share += atoi(rest + 1) * (part == 1 ? 10 : 1);
	rest += part ? part + 1 : 0;
	while (isspace((unsigned char)*rest))
		rest++;
	rest += *rest == '%';
	return !*rest && *share <= ROLLOUT_ALL;
}

const char *rollout_text(int share, struct arena *arena)
{
	if (share % 100 == 0)
		return arena_printf(arena, "%d", share / 100);
	if (share % 10 == 0)
		return arena_printf(arena, "%d.%d", share / 100, share % 100 / 10);
	return arena_printf(arena, "%d.%02d", share / 100, share % 100);
}

const char *rollout_list(const struct rollout_args *rollout, struct arena *arena)
{
	struct buf list = {0};
	const char *copy;

	for (size_t i = 0; i < rollout->stop_count; i++)
		buf_addf(&list, "%s%s", i ? ", " : "", rollout_text(rollout->stops[i], arena));
	copy = arena_strdup(arena, buf_text(&list));
	buf_release(&list);
	return copy;
}

int rollout_next(const struct rollout_args *rollout, int share)
{
	for (size_t i = 0; i < rollout->stop_count; i++)
		if (rollout->stops[i] > share)
			return rollout->stops[i];
	return -1;
}

int rollout_previous(const struct rollout_args *rollout, int share)
{
	for (size_t i = rollout->stop_count; i-- > 0;)
		if (rollout->stops[i] < share)
			return rollout->stops[i];
	return share > 0 ? 0 : -1;
}

bool rollout_has(const struct rollout_args *rollout, int share)
{
	for (size_t i = 0; i < rollout->stop_count; i++)
		if (rollout->stops[i] == share)
			return true;
	return share == 0;
}
