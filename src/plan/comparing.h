/* Two tables that are to be compared row for row (engine/compare.h). */
#ifndef INTERLOCK_PLAN_COMPARING_H
#define INTERLOCK_PLAN_COMPARING_H

#include <stdint.h>

#include "sql/ident.h"

struct comparing {
	struct relname live, shadow;
	int64_t max_age; /* ms: so long the verdict is good for a switch */
	int64_t repairs; /* so many rows that differ may be refreshed, then everything is compared again */
};

#endif
