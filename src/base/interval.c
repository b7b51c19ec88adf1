/* Lengths of time in milliseconds, read and written. */
#include "base/interval.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
	{"ms", 1},       {"millisecond", 1}, {"s", 1000},       {"sec", 1000},       {"second", 1000},
	{"m", 60000},    {"min", 60000},     {"minute", 60000}, {"h", 3600000},      {"hour", 3600000},
	{"d", 86400000}, {"day", 86400000},  {"w", 604800000},  {"week", 604800000},
};

static const struct unit *unit_named(const char *word, size_t length)
{
	if (length > 3 && (word[length - 1] == 's' || word[length - 1] == 'S'))
		length--;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].name) == length && strncasecmp(units[i].name, word, length) == 0)
			return &units[i];
	return NULL;
}

/* Reads "NUMBER UNIT" at *at and moves it on; -1 when that is not what stands there. */
static double read_part(const char **at)
{
	const struct unit *unit;
	const char *word;
	char *end;
	double number;

	if (!isdigit((unsigned char)**at))
		return -1;
	number = strtod(*at, &end);
	if (strspn(*at, "0123456789.") != (size_t)(end - *at)) /* it reads 0x10 and 1e3 too */
		return -1;
	while (isspace((unsigned char)*end))
		end++;
	for (word = end; isalpha((unsigned char)*end);)
		end++;
	unit = unit_named(word, (size_t)(end - word));
	*at = end;
	return unit ? number * (double)unit->ms : -1;
}

bool interval_parse(const char *text, int64_t *milliseconds)
{
	double sum = 0;
	bool any = false;

	for (;;) {
		double part;

		while (isspace((unsigned char)*text))
			text++;
		if (!*text)
			break;
		part = read_part(&text);
		if (part < 0 || (sum += part) > 1e15)
			return false;
		any = true;
	}
	*milliseconds = (int64_t)(sum + 0.5);
	return any;
}

void interval_format(int64_t milliseconds, struct buf *out)
{
	static const struct unit scale[] = {{" days", 86400000}, {" h", 3600000}, {" min", 60000}, {" s", 1000}};
	size_t i = 0;

	while (i < 4 && milliseconds < scale[i].ms)
		i++;
	if (i == 4) {
		buf_addf(out, "%lld ms", (long long)milliseconds);
		return;
	}
	buf_addf(out, "%lld%s", (long long)(milliseconds / scale[i].ms),
	         i == 0 && milliseconds / scale[i].ms == 1 ? " day" : scale[i].name);
	milliseconds %= scale[i].ms;
	if (i < 3 && milliseconds >= scale[i + 1].ms)
		buf_addf(out, " %lld%s", (long long)(milliseconds / scale[i + 1].ms), scale[i + 1].name);
}
