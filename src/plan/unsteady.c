/* Names of functions that a fresh value is expected of. */
#include "plan/unsteady.h"

#include <string.h>

#include "sql/parse.h"
#include "sql/tree.h"

bool is_unsteady(const char *expression)
{
	static const char *const clocks[] = {"now",
	                                     "transaction_timestamp",
	                                     "statement_timestamp",
	                                     "clock_timestamp",
	                                     "timeofday",
	                                     "random",
	                                     "gen_random_uuid",
	                                     NULL};
	struct arena arena = {0};
	struct function_call *calls;
	struct err ignored = {0};
	size_t count = 0;
	bool found = false;

	if (sql_functions(expression, &arena, &calls, &count, &ignored))
		for (size_t i = 0; i < count; i++)
			for (size_t c = 0; clocks[c]; c++)
				found |= strcmp(calls[i].name, clocks[c]) == 0;
	err_release(&ignored);
	arena_release(&arena);
	return found;
}
