/*
 * Who waits for a lock of ours, for longer than 200 ms, while a batch is under
 * way: seen by a timer on the control session, since the worker is busy then.
 */
#ifndef INTERLOCK_ENGINE_WAITERS_H
#define INTERLOCK_ENGINE_WAITERS_H

#include "engine/session.h"

struct waiters {
	struct session *session;
	struct timer *timer;
	int64_t batch_begun; /* loop_now(); 0: no batch is under way */
	int64_t waited;      /* ms that somebody did, at the most; 0: nobody since it was cleared */
	char who[200];       /* of that one: "pid 8812  app=shop  role=web" */
};

/* Begins to look; nobody looks before the first call. */
void waiters_watch(struct waiters *waiters, struct session *session);
/* A batch begins now; or there is none for the time being. */
void waiters_batch(struct waiters *waiters, bool begins);
void waiters_release(struct waiters *waiters);

#endif
