/*
 * What parallel_table asks the catalogue: can the live table be followed, is
 * the shadow's name free, and which columns and keys have both.
 */
#ifndef INTERLOCK_PLAN_SHADOW_FACTS_H
#define INTERLOCK_PLAN_SHADOW_FACTS_H

/*
 * $1.$2 is the live table, $3.$4 the shadow, $5 to $10 what is looked up
 * (plan/lookup_facts.h), $12 whether this is asked in order to take it back.
 * The answer has what looking_of_copy(), capture_drop() (plan/capture.h),
 * owner_refused() and creation_refused() read, besides shadow_kind,
 * shadow_users, log_limit and loose_checks (JSON).
 */
extern const char shadow_question[];

/*
 * With the shadow as a temporary table of its name and the SQL of the plan as
 * a temporary view "~interlock_copy": what shadow_shape_of() (plan/shadow.h)
 * reads.  $1.$3 is the live table, $2 the shadow's name, $4.$5 the
 * table that is looked up, by the columns $6.
 */
extern const char shadow_comparison[];

#endif
