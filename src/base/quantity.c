/* The largest unit of which there is at least one, with a decimal where it has one digit; never rounded up. */
#include "base/quantity.h"

#include <stddef.h>

struct scale {
	int64_t exact;    /* up to this no unit is used */
	const char *none; /* behind such a number */
	double base;      /* of the unit below there are so many in one */
	const char *const *units;
};

static void add(const struct scale *scale, int64_t number, struct buf *out)
{
	const char *const *unit = scale->units;
	double amount = (double)number / scale->base;

	if (number <= scale->exact) {
		buf_addf(out, "%lld%s", (long long)number, scale->none);
		return;
	}
	for (; amount >= scale->base && unit[1]; unit++)
		amount /= scale->base;
	if (amount < 10)
		buf_addf(out, "%d.%d %s", (int)amount, (int)(amount * 10) % 10, *unit);
	else
		buf_addf(out, "%lld %s", (long long)amount, *unit);
}

void quantity_rows(int64_t rows, struct buf *out)
{
	static const char *const units[] = {"k", "M", "G", "T", NULL};

	add(&(struct scale){9999, "", 1000, units}, rows, out);
}

void quantity_bytes(int64_t bytes, struct buf *out)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", NULL};

	add(&(struct scale){10239, " bytes", 1024, units}, bytes, out);
}
