/* Days, hours, a time zone: read from a text, and compared with a clock. */
#include "plan/window.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { DAY_MINUTES = 1440, ALL_DAYS = 127 };

/* A text that is being read. */
struct reading {
	const char *text, *at;
	struct arena *arena;
	struct window_problem *problem;
};

static bool wrong(struct reading *r, const char *what, const char *help)
{
	r->problem->what = arena_printf(r->arena, "window \"%s\" %s", r->text, what);
	r->problem->help = help;
	return false;
}

static const char hours_help[] = "write hours as 22:00-06:00, after the days where there are any";
static const char zone_help[] =
	"name the zone as Europe/Berlin, or UTC: an abbreviation or an offset does not know summer time";
static const char days_help[] = "write days as mon-fri or sat,sun, before the hours";

static void skip_spaces(struct reading *r)
{
	while (isspace((unsigned char)*r->at))
		r->at++;
}

/* "-", or the longer one that an editor makes of it; with the spaces around. */
static bool take_dash(struct reading *r)
{
	const char *begin = r->at;

	skip_spaces(r);
	if (*r->at == '-')
		r->at++;
	else if (strncmp(r->at, "\xe2\x80\x93", 3) == 0)
		r->at += 3;
	else
		r->at = begin;
	if (r->at == begin)
		return false;
	skip_spaces(r);
	return true;
}

/* 0 is Monday; -1: the word is no day. */
static int day_named(const char *word, size_t length)
{
	static const char *const names[] = {"monday", "tuesday",  "wednesday", "thursday",
	                                    "friday", "saturday", "sunday"};

	for (int day = 0; day < 7; day++)
		if (length >= 3 && length <= strlen(names[day]) && strncasecmp(names[day], word, length) == 0)
			return day;
	return -1;
}

static int take_day(struct reading *r)
{
	size_t length = 0;
	int day;

	while (isalpha((unsigned char)r->at[length]))
		length++;
	day = day_named(r->at, length);
	if (day >= 0)
		r->at += length;
	return day;
}

/* "mon-fri", "sat,sun", "fri - mon"; none: nothing is read. */
static bool take_days(struct reading *r, unsigned *days)
{
	int first, last;

	*days = 0;
	for (first = take_day(r); first >= 0; first = take_day(r)) {
		last = take_dash(r) ? take_day(r) : first;
		if (last < 0)
			return wrong(r, "names a first day, but no last one", days_help);
		for (int day = first; day != last; day = (day + 1) % 7)
			*days |= 1U << day;
		*days |= 1U << last;
		skip_spaces(r);
		if (*r->at != ',')
			return true;
		r->at++;
		skip_spaces(r);
	}
	return *days == 0 || wrong(r, "has something behind a comma that is no day", days_help);
}

/* "6:00", "24:00"; -1: it is none. */
static int take_time(struct reading *r)
{
	const char *at = r->at;
	int hour = 0, minute;

	if (!isdigit((unsigned char)*at))
		return -1;
	while (isdigit((unsigned char)*at) && at - r->at < 3)
		hour = hour * 10 + (*at++ - '0');
	if (at[0] != ':' || !isdigit((unsigned char)at[1]) || !isdigit((unsigned char)at[2]) ||
	    isdigit((unsigned char)at[3]))
		return -1;
	minute = (at[1] - '0') * 10 + (at[2] - '0');
	if (minute > 59 || hour * 60 + minute > DAY_MINUTES)
		return -1;
	r->at = at + 3;
	return hour * 60 + minute;
}

/* "22:00-06:00"; none: the whole day. */
static bool take_hours(struct reading *r, struct window *window, bool *any)
{
	window->from = 0;
	window->to = DAY_MINUTES;
	*any = isdigit((unsigned char)*r->at);
	if (!*any)
		return true;
	window->from = take_time(r);
	if (window->from < 0 || !take_dash(r))
		return wrong(r, "has hours that can't be read", hours_help);
	window->to = take_time(r);
	if (window->to < 0 || (*r->at && !isspace((unsigned char)*r->at)))
		return wrong(r, "has hours that can't be read", hours_help);
	if (window->from == DAY_MINUTES)
		return wrong(r, "begins at 24:00", "write 00:00, on the day after");
	if (window->to == 0)
		window->to = DAY_MINUTES;
	return window->from != window->to ||
	       wrong(r, "ends when it begins", "for a whole day write the days alone, or 00:00-24:00");
}

static bool is_zone(const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)word[i]) && !strchr("/_+-", word[i]))
			return false;
	return isalpha((unsigned char)*word) &&
	       (memchr(word, '/', length) || (length == 3 && strncasecmp(word, "UTC", 3) == 0));
}

/* The rest is the name of a time zone, or nothing. */
static bool take_zone(struct reading *r, const char **zone)
{
	size_t length;

	skip_spaces(r);
	length = strcspn(r->at, " \t\r\n");
	*zone = length ? arena_strndup(r->arena, r->at, length) : NULL;
	if (*zone && !is_zone(r->at, length))
		return wrong(r, arena_printf(r->arena, "has \"%s\" where a time zone is wanted", *zone),
		             isalpha((unsigned char)**zone) && strpbrk(*zone, "-,") ? days_help : zone_help);
	r->at += length;
	skip_spaces(r);
	return !*r->at ||
	       wrong(r, "has something behind its time zone", "write it as \"mon-fri 22:00-06:00 Europe/Berlin\"");
}

static bool read_window(struct reading *r, struct window *window)
{
	bool hours;

	skip_spaces(r);
	if (!take_days(r, &window->days))
		return false;
	skip_spaces(r);
	if (!take_hours(r, window, &hours) || !take_zone(r, &window->zone))
		return false;
	if (!hours && window->days == 0)
		return wrong(r, "names neither days nor hours", "write it as \"mon-fri 22:00-06:00 Europe/Berlin\"");
	if (window->days == 0)
		window->days = ALL_DAYS;
	return true;
}

/* The one zone that is named; NULL: none, or several. */
static const char *common_zone(const struct window_list *list)
{
	const char *zone = NULL;

	for (size_t i = 0; i < list->count; i++) {
		if (!list->items[i].zone)
			continue;
		if (zone && strcasecmp(zone, list->items[i].zone) != 0)
			return NULL;
		zone = list->items[i].zone;
	}
	return zone;
}

bool windows_parse(const struct text_list *texts, struct arena *arena, struct window_list *out,
                   struct window_problem *problem)
{
	const char *common;

	*out = (struct window_list){arena_array(arena, struct window, texts->count), texts->count};
	for (size_t i = 0; i < texts->count; i++) {
		struct reading r = {texts->items[i], texts->items[i], arena, problem};

		if (!read_window(&r, &out->items[i]))
			return false;
	}
	common = common_zone(out);
	for (size_t i = 0; i < out->count; i++) {
		struct reading r = {texts->items[i], texts->items[i], arena, problem};

		if (out->items[i].zone)
			continue;
		if (!common)
			return wrong(&r, "does not say in which time zone",
			             arena_printf(arena, "write \"%s Europe/Berlin\", or UTC", texts->items[i]));
		out->items[i].zone = common;
	}
	return true;
}

static bool begins_on(const struct window *window, int day)
{
	return window->days & (1U << (day % 7));
}

bool window_is_open(const struct window *window, int day, int minute)
{
	if (window->to > window->from)
		return begins_on(window, day) && minute >= window->from && minute < window->to;
	return (begins_on(window, day) && minute >= window->from) ||
	       (begins_on(window, day + 6) && minute < window->to);
}

int window_opens_after(const struct window *window, int day, int minute)
{
	int days = minute < window->from ? 0 : 1;

	while (days < 7 && !begins_on(window, day + days))
		days++;
	return days;
}
