/* Random values: small, but with what breaks things among them (quotes, backslashes, NULL, large texts). */
#include "values.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 16 << 20 };

void values_init(struct values *values, unsigned seed, int client)
{
	*values = (struct values){.client = client, .room = malloc(ROOM)};
	values->state = 0x9e3779b97f4a7c15u * (seed * 64u + (unsigned)client + 1u);
}

void values_clear(struct values *values)
{
	values->used = 0;
}

/* xorshift64*, Vigna 2016 */
static uint32_t next(struct values *values)
{
	values->state ^= values->state >> 12;
	values->state ^= values->state << 25;
	values->state ^= values->state >> 27;
	return (uint32_t)((values->state * 0x2545f4914f6cdd1du) >> 32);
}

uint32_t values_below(struct values *values, uint32_t below)
{
	return next(values) % below;
}

__attribute__((format(printf, 2, 3))) static const char *text(struct values *values, const char *format, ...)
{
	char *at = values->room + values->used;
	va_list args;

	va_start(args, format);
	int length = vsnprintf(at, ROOM - values->used, format, args);
	va_end(args);
	values->used += (size_t)length + 1;
	if (values->used > ROOM)
		abort();
	return at;
}

static const char *large_text(struct values *values)
{
	uint32_t dice = values_below(values, 100);
	size_t length = 100 + values_below(values, dice < 80 ? 3000 : dice < 98 ? 60000 : 1000000);

	if (values->used + length + 1 > ROOM)
		length = 100;
	char *at = values->room + values->used;
	for (size_t i = 0; i < length; i++)
		at[i] = (char)('!' + next(values) % 90);
	at[length] = '\0';
	values->used += length + 1;
	return at;
}

static const char *uuid(struct values *values, uint32_t first)
{
	return text(values, "%08x-%04x-4%03x-a%03x-%08x%04x", first, next(values) & 0xffff, next(values) & 0xfff,
	            next(values) & 0xfff, next(values), next(values) & 0xffff);
}

/* Words that an application writes, and some that only a tester does. */
static const char *words(struct values *values)
{
	static const char *const some[] = {"Order",   "",           " ",       "it's", "\\N",
	                                   "naïve ☂", "\"quoted\"", "a, b; c", "NULL", "%s $1"};

	return text(values, "%s %u", some[values_below(values, sizeof some / sizeof *some)],
	            values_below(values, 10000));
}

/* What the new release writes into a column that is derived otherwise: nothing that any expression yields. */
static const char *given(struct values *values, const struct column *column)
{
	uint32_t number = 1 + values_below(values, 1000000);

	if (values_below(values, 4) == 0)
		return NULL;
	if (column->kind == KIND_INT || column->kind == KIND_NUMERIC)
		return text(values, "-%u", number);
	if (column->kind == KIND_UUID)
		return uuid(values, 0xffffffff);
	if (column->kind == KIND_JSON)
		return text(values, "{\"given\": %u}", number);
	return text(values, "given by %d: %u", values->client, number);
}

const char *values_column(struct values *values, const struct column *column)
{
	uint32_t number = next(values) % 1000000;

	if (column->given)
		return given(values, column);
	if (!column->not_null && column->kind != KIND_COUNTER && values_below(values, 12) == 0)
		return NULL;
	switch (column->kind) {
	case KIND_INT:
		return text(values, "%u", number);
	case KIND_NUMERIC:
		return text(values, "%u.%02u", number / 100, number % 100);
	case KIND_UUID:
		return uuid(values, number);
	case KIND_TIME:
		return text(values, "2026-%02u-%02u %02u:%02u:00+00", 1 + number % 12, 1 + number % 28, number % 24,
		            number % 60);
	case KIND_JSON:
		return text(values, "{\"n\": %u,  \"t\": \"x\\\"%u\"}", number, number % 7);
	case KIND_TOAST:
		return large_text(values);
	case KIND_CHOICE:
		return column->choices[number % (uint32_t)column->choice_count];
	case KIND_COUNTER:
		return text(values, "%u", 1 + number % 100);
	case KIND_UNIQUE:
		return text(values, "u%d-%lld", values->client, (long long)++values->last_unique);
	case KIND_TEXT:
		break;
	}
	return words(values);
}

void values_key(struct values *values, const struct table *table, char **key)
{
	int64_t number = ++values->last_key;
	char one[64];

	for (int i = 0; i < table->key_count; i++) {
		const struct column *column = &table->keys[i];

		if (column->kind == KIND_INT)
			snprintf(one, sizeof one, "%lld", 100000000LL + values->client * 20000000LL + (long long)number);
		else if (column->kind == KIND_CHOICE)
			snprintf(one, sizeof one, "%s", column->choices[values_below(values, (uint32_t)column->choice_count)]);
		else if (column->kind == KIND_UUID)
			snprintf(one, sizeof one, "%08x-%04x-4000-8000-%012llx", next(values), (unsigned)values->client,
			         (unsigned long long)number);
		else
			snprintf(one, sizeof one, "k'%d \\%lld", values->client, (long long)number);
		key[i] = strdup(one);
	}
}
