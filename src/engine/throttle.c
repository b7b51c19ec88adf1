/* One look after the other, and the words for whoever waits. */
#include "engine/throttle.h"

#include "base/fault.h"
#include "base/interval.h"
#include "engine/control.h"
#include "engine/exec.h"
#include "engine/naming.h"
#include "engine/progress.h"
#include "engine/signals.h"
#include "engine/tx.h"
#include "engine/waiters.h"
#include "engine/windows.h"

enum {
	LOOK_EVERY_MS = 1000,
	TELL_EVERY_MS = 10000,
	PATIENCE_MS = 300000 /* a window that opens later is not waited for */
};

/* What holds a step back: a limit of limits.h, or one of these. */
enum { REASON_WINDOWS = LIMIT_COUNT, REASON_WAITERS, REASON_COUNT };

struct throttle {
	struct waiters waiters;
	struct signals_memory memory;
	int64_t target;             /* ms; 0: not said */
	int64_t looked;             /* loop_now(); 0: never */
	int64_t told[REASON_COUNT]; /* when each was told last */
	bool noted[LIMIT_COUNT];    /* told once */
};

/* What a look found; `why` lives in its arena. */
struct finding {
	struct arena arena;
	int reason; /* -1: nothing holds it back */
	const char *why;
	int64_t opens_in; /* of REASON_WINDOWS */
};

static struct throttle *throttle_of(struct session *s)
{
	if (!s->throttle)
		s->throttle = arena_alloc(&s->arena, sizeof(*s->throttle));
	return s->throttle;
}

static void find(struct finding *finding, int reason, const char *why)
{
	if (finding->reason >= 0)
		return;
	finding->reason = reason;
	finding->why = why;
}

/* ---- Looking ---- */

/* Once for a run. */
static void note(struct session *s, const struct step *step, enum limit_kind kind, const char *text)
{
	if (s->throttle->noted[kind])
		return;
	s->throttle->noted[kind] = true;
	session_say(s, step, STEP_NOTES, 0, text);
}

/* What can't be seen holds up those who asked for it by name; else it is told, as what nothing waits for. */
static void judge(struct session *s, const struct step *step, const struct limits *limits,
                  const struct signal *signals, struct finding *finding)
{
	for (int kind = 0; kind < LIMIT_COUNT; kind++) {
		const struct signal *signal = &signals[kind];

		if (signal->exceeded)
			find(finding, kind, signal->why);
		else if (signal->unreadable && limits->of[kind].named)
			find(finding, kind, arena_printf(&finding->arena, "%s, and a limit is set for it", signal->why));
		else if (signal->unreadable && kind != LIMIT_REPLICA_BYTES) /* said of the time already */
			note(s, step, kind, arena_printf(&finding->arena, "%s, so nothing waits for it", signal->why));
		else if (signal->told_only)
			note(s, step, kind, signal->why);
	}
}

static bool look_at_windows(struct session *s, const struct limits *limits, struct finding *finding,
                            struct err *err)
{
	struct windows_now now;

	if (!windows_look(s->control, &limits->windows, &finding->arena, &now, err))
		return false;
	if (!now.open)
		find(finding, REASON_WINDOWS, now.why);
	finding->opens_in = now.opens_in;
	return true;
}

static bool look_at_signals(struct session *s, const struct step *step, const struct limits *limits,
                            struct finding *finding, struct err *err)
{
	struct signal signals[LIMIT_COUNT];
	struct signals_request request = {s, step, limits, &s->throttle->memory, &finding->arena};

	if (!signals_read(&request, signals, err))
		return false;
	judge(s, step, limits, signals, finding);
	return true;
}

static void look_at_waiters(struct throttle *t, struct finding *finding)
{
	struct buf waited = {0};

	if (!t->waiters.waited)
		return;
	interval_format(t->waiters.waited, &waited);
	find(finding, REASON_WAITERS,
	     arena_printf(&finding->arena, "%s waited %s for the last batch (limit 200 ms)", t->waiters.who,
	                  buf_text(&waited)));
	t->waiters.waited = 0;
	buf_release(&waited);
}

static bool look(struct session *s, const struct step *step, struct finding *finding, struct err *err)
{
	struct throttle *t = s->throttle;
	struct limits limits;
	bool ok;

	finding->reason = -1;
	fault_suspend(true);
	ok = limits_read(s->control, s->run.id, &s->plan->settings, &finding->arena, &limits, err) &&
	     look_at_windows(s, &limits, finding, err) && look_at_signals(s, step, &limits, finding, err);
	fault_suspend(false);
	if (!ok)
		return false;
	look_at_waiters(t, finding);
	t->target = limits.batch_target;
	t->looked = loop_now();
	return true;
}

/* ---- Waiting ---- */

/* To people once for each reason and every ten seconds, and as often to the registry, for status. */
static bool tell(struct session *s, const struct step *step, struct finding *finding, int64_t since)
{
	int64_t *told = &s->throttle->told[finding->reason];

	if (*told && loop_now() - *told < TELL_EVERY_MS)
		return false;
	*told = loop_now();
	s->progress_written = 0;
	progress_tell(s, step, s->progress_told.done, s->progress_told.expected,
	              arena_printf(&finding->arena, "waiting: %s", finding->why));
	session_say(s, step, STEP_WAITS, loop_now() - since, finding->why);
	return true;
}

static bool lost(struct err *err)
{
	err_set(err, EXIT_HELD, "another interlock has taken over this run while it waited");
	err_help(err, "interlock status shows where it stands");
	return false;
}

/* A second, or until a person stops us. */
static bool wait_a_little(struct session *s, const struct step *step, struct err *err)
{
	if (s->lease_lost)
		return lost(err);
	if (!loop_sleep(s->connector->loop, LOOK_EVERY_MS) && exec_interrupted(err))
		return false;
	return !s->lease_lost ? control_wait(s, step, err) : lost(err);
}

/* Looks, and waits, until nothing holds it back. */
static bool wait_for_room(struct session *s, const struct step *step, struct err *err)
{
	bool ok = true, told = false, held = true;
	int64_t since = loop_now();

	while (ok && held) {
		struct finding finding = {0};

		ok = look(s, step, &finding, err);
		held = ok && finding.reason >= 0;
		if (held && finding.reason == REASON_WINDOWS && finding.opens_in > PATIENCE_MS)
			ok = err_set(err, EXIT_WAITING, "%s", finding.why);
		if (held && ok) {
			told |= tell(s, step, &finding, since);
			ok = wait_a_little(s, step, err);
		}
		arena_release(&finding.arena);
	}
	if (ok && told)
		session_say(s, step, STEP_RESUMED, 0, NULL);
	return ok;
}

bool throttle_wait(struct session *s, const struct step *step, struct err *err)
{
	struct throttle *t;
	bool ok = true;

	if (!s->heeds_pause)
		return true;
	t = throttle_of(s);
	waiters_watch(&t->waiters, s);
	waiters_batch(&t->waiters, false);
	if (!t->looked || t->waiters.waited || loop_now() - t->looked >= LOOK_EVERY_MS)
		ok = wait_for_room(s, step, err);
	waiters_batch(&t->waiters, ok);
	return ok;
}

void throttle_end(struct session *s)
{
	if (s->throttle)
		waiters_batch(&s->throttle->waiters, false);
}

double throttle_target(const struct session *s, double usual)
{
	int64_t said = s->throttle ? s->throttle->target : s->plan->settings.batch_target;

	return said > 0 ? (double)said : usual;
}

/* ---- The end of the windows ---- */

bool throttle_rest(struct session *s, struct run_end *end, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool ok;

	end->code = EXIT_WAITING;
	end->outside = true;
	end->why = arena_strdup(&s->arena, err->diag.summary);
	end->command = arena_printf(&s->arena, "interlock wait %s", run_named(&s->run, &s->arena));
	err_release(err);
	batch_add(
		&batch,
		"UPDATE interlock.run SET state = 'waiting', outside_since = clock_timestamp() WHERE id = $1::bigint", 1,
		arena_printf(&arena, "%lld", (long long)s->run.id));
	ok = tx_run(s, &batch, NULL, err);
	arena_release(&arena);
	return ok;
}

void throttle_release(struct session *s)
{
	if (s->throttle)
		waiters_release(&s->throttle->waiters);
}
