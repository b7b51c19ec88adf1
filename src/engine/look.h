/* One look at a stop: what engine/condition.c, engine/gate.c and engine/safety.c share. */
#ifndef INTERLOCK_ENGINE_LOOK_H
#define INTERLOCK_ENGINE_LOOK_H

#include <jansson.h>

#include "engine/condition.h"

/* The row of interlock.condition; zeroed where there is none. */
struct condition_row {
	bool reached, satisfied, due_passed;
	const char *hash, *by;
	const char *due; /* "2026-12-21 12:00" UTC */
	int64_t due_in;  /* ms */
	json_t *data;    /* owned; NULL: none */
	/* The server's clock, and when a period that began now would end. */
	const char *now, *fresh_due; /* "2026-11-21 12:00" UTC */
	int64_t now_s;               /* seconds of the epoch */
	const char *fresh_due_s;     /* the same in seconds, exactly */
};

struct look {
	struct session *session;
	const struct block *block;
	struct arena *arena;
	const char *run, *index;
	struct condition_row row;
};

/* Writes that it was reached; nothing where that stands there already. */
bool look_reached(struct look *look, struct err *err);
/* Writes that it is open. */
bool look_satisfied(struct look *look, const char *by, const char *evidence, struct err *err);

/* Does the gate pass by itself?  Nothing where only a person can pass it. */
bool gate_look(struct look *look, struct stop *stop, struct err *err);
/* Who is in, from the row alone. */
void rollout_tell(const struct block *block, const struct condition_row *row, const char *named,
                  struct arena *arena, struct stop *stop);
/* What a gate waits for, in general. */
void gate_tell(const struct block *block, const char *named, struct arena *arena, struct stop *stop);

bool safety_look(struct look *look, struct stop *stop, struct err *err);
/* From the row alone. */
void safety_tell(const struct block *block, const struct condition_row *row, struct arena *arena,
                 struct stop *stop);

#endif
