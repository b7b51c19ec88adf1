/* The parameters with which the queries of plan/carry.h are asked about one pair of a switch. */
#ifndef INTERLOCK_PLAN_CARRY_QUESTION_H
#define INTERLOCK_PLAN_CARRY_QUESTION_H

#include "plan/carry.h"
#include "plan/swapping.h"

struct carry_question {
	const struct swapping *swapping;
	const struct swap_pair *pair;
	const char *foreign_keys; /* JSON, of interlock.pair */
	int64_t run;
};

/* CARRY_PARAMS texts, in the arena. */
const char *const *carry_params(const struct carry_question *question, struct arena *arena);

#endif
