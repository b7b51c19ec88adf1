/*
 * A rehearsal: the plan runs on a scratch copy exactly as it would run on the
 * original, is taken back, and runs again; stops on the way count as open.
 * What it does is observed, and schemas are compared.
 */
#ifndef INTERLOCK_ENGINE_REHEARSE_H
#define INTERLOCK_ENGINE_REHEARSE_H

#include "base/diag.h"
#include "engine/observe.h"
#include "engine/scratch.h"
#include "engine/session.h"

enum rehearsal_pass {
	REHEARSE_UP,    /* as far as nothing is taken away */
	REHEARSE_BACK,  /* to the start */
	REHEARSE_AGAIN, /* up once more */
	REHEARSE_ON,    /* from there to the end */
	REHEARSE_HOME   /* and back to the start, if what was taken away was kept */
};

/* What a step said that it would lock. */
struct claim {
	int step;
	const char *relation; /* quoted, with its schema */
	enum lock_mode mode;
	struct claim *next;
};

/* Who wants to be told while it goes on; `seen` is what was observed of a step that is done. */
struct rehearsal_listener {
	void *arg;
	void (*pass)(void *arg, enum rehearsal_pass pass);
	void (*block)(void *arg, const struct block *block);
	void (*step)(void *arg, const struct step *step, enum step_event event, const char *text,
	             const struct sight *seen);
	void (*stop)(void *arg, const struct block *block);
};

struct rehearsal {
	/* Given. */
	struct loop *loop;
	struct scratch *scratch;
	const struct plan *plan;
	const struct rehearsal_listener *listener;
	/* Found out. */
	struct diags findings;
	const struct block *line; /* the first phase that takes something away for good or into an archive, or NULL */
	bool went_back;           /* undo did it from where nothing is taken away */
	bool went_home;           /* and from the end */
	/* Its own. */
	enum rehearsal_pass pass;
	struct observer *observer;
	const struct sight *told; /* the last that was shown */
	struct claim *claims;
	struct conn *hand; /* passes stops */
	size_t opened;     /* sessions of the run that is under way */
	struct arena arena;
};

/*
 * false: a step failed, or the checker rejects (EXIT_STEP, EXIT_REJECTED, and
 * what else a run may end with); *err says which and why.  What is wrong
 * otherwise is in `findings`.
 */
bool rehearse(struct rehearsal *rehearsal, struct err *err);
void rehearsal_release(struct rehearsal *rehearsal);

#endif
