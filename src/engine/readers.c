/* Who uses the tables of a safety period: samples compared, `allow`, standbys. */
#include <string.h>

#include "engine/period.h"
#include "engine/standby.h"
#include "plan/probes.h"

enum { COUNTERS_LATE_MS = 1100 };

static int64_t number_in(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void add_number(json_t *object, const char *key, int64_t more)
{
	json_object_set_new(object, key, json_integer(number_in(object, key) + more));
}

static const char *name_of(const struct safety_args *args, size_t i, struct arena *arena)
{
	return relname_quoted(arena, &args->unused.items[i]);
}

const char *period_names(const struct safety_args *args, struct arena *arena)
{
	const char *names = NULL;

	for (size_t i = 0; i < args->unused.count; i++)
		names = names ? arena_printf(arena, "%s, %s", names, name_of(args, i, arena)) : name_of(args, i, arena);
	return names;
}

static const char *names_array(const struct safety_args *args, struct arena *arena)
{
	const char **names = arena_array(arena, const char *, args->unused.count);

	for (size_t i = 0; i < args->unused.count; i++)
		names[i] = name_of(args, i, arena);
	return array_literal(names, args->unused.count, arena);
}

/* The oids of a sample, in the order of the names; 0 for a table that is not there. */
static const char *oids_array(const struct period *p, const json_t *sample)
{
	const char **oids = arena_array(p->look->arena, const char *, p->args->unused.count);

	for (size_t i = 0; i < p->args->unused.count; i++) {
		const char *oid = reads_oid(sample, name_of(p->args, i, p->look->arena));

		oids[i] = oid ? oid : "0";
	}
	return array_literal(oids, p->args->unused.count, p->look->arena);
}

const struct step *period_step_on(const struct plan *plan, const struct relname *table, int from)
{
	for (size_t b = (size_t)from; b < plan->block_count; b++)
		for (size_t i = 0; i < plan->blocks[b].step_count; i++) {
			const struct step *step = &plan->blocks[b].steps[i];
			struct relname subject;

			if (step->type->class != CLASS_VERIFY && step->type->subject &&
			    step->type->subject(step->args, &subject) && relname_equal(&subject, table))
				return step;
		}
	return NULL;
}

/* Sessions send their counters late: did one of them do something of late that may still come? */
static bool let_others_report(struct session *s, struct err *err)
{
	static const char question[] =
		"SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database()"
		" AND backend_type = 'client backend' AND application_name NOT LIKE 'interlock:%' AND"
		" coalesce(state_change > pg_catalog.now() - interval '10 seconds', true)) AS late";
	struct rows *rows;

	if (!conn_query(s->control, QUERY(question), &rows, err))
		return false;
	if (rows_true(rows, 0, "late"))
		loop_sleep(s->connector->loop, COUNTERS_LATE_MS);
	rows_free(rows);
	return true;
}

/* What our own statements have read is in the counters before they are looked at for the first time. */
static bool flush_statistics(struct session *s, struct err *err)
{
	if (conn_server_version(s->worker) >= 150000)
		return conn_query(s->worker, QUERY("SELECT pg_catalog.pg_stat_force_next_flush()"), NULL, err);
	/* An older server's session sends its counters when it is idle, at most so often. */
	loop_sleep(s->connector->loop, COUNTERS_LATE_MS);
	return conn_query(s->worker, QUERY("SELECT 1"), NULL, err) &&
	       (loop_sleep(s->connector->loop, COUNTERS_LATE_MS), true);
}

/* A table that can't be watched: a view has no counters, and a name that nobody knows is a slip of the pen. */
static bool can_watch(const struct period *p, size_t i, struct err *err)
{
	const char *name = name_of(p->args, i, p->look->arena), *kind = reads_kind(p->here, name);

	if (kind ? strchr("rpm", *kind) != NULL
	         : period_step_on(p->look->session->plan, &p->args->unused.items[i], 0) != NULL)
		return true; /* one that a step would drop is gone already: nobody reads it */
	err_set(err, EXIT_STEP, "safety period \"%s\" can't watch %s", p->look->block->label, name);
	err_detail(err, kind ? "nothing counts who reads it: it is no table" : "there is no such table");
	err_help(err, "mend \"unused\" in the plan; for a column give none");
	err_at(err, p->look->block->span);
	return false;
}

/* The first sample, after everything that we did ourselves. */
static bool begin_watch(struct period *p, struct err *err)
{
	if (!let_others_report(p->look->session, err) || !flush_statistics(p->look->session, err) ||
	    !reads_sample(p->look->session->control, &p->tables, &p->here, err))
		return false;
	for (size_t i = 0; i < p->args->unused.count; i++)
		if (!can_watch(p, i, err))
			return false;
	p->tables.oids = oids_array(p, p->here);
	return true;
}

/* Are so many more scans within what `allow` allows?  Three quarters of the time will do, for a backup that is
 * early. */
static bool is_allowed(struct period *p)
{
	int64_t within = p->args->allow_within / 1000, now = p->look->row.now_s, looked = number_in(p->data, "looked");
	int64_t windows = looked && within ? (now - looked + within - 1) / within : 1, recent = 0;
	json_t *kept = json_array(), *entry;
	size_t i;

	json_array_foreach(json_object_get(p->data, "allowed"), i, entry)
	{
		if (json_integer_value(json_array_get(entry, 0)) <= now - within * 3 / 4)
			continue;
		recent += json_integer_value(json_array_get(entry, 1));
		json_array_append(kept, entry);
	}
	json_object_set_new(p->data, "allowed", kept);
	if (p->scans == 0 || recent + p->scans > p->args->allow_scans * (windows > 1 ? windows : 1))
		return p->scans == 0;
	json_array_append_new(kept, json_pack("[I, I]", (json_int_t)now, (json_int_t)p->scans));
	return true;
}

static void begin_anew(struct period *p, const char *where, const char *why)
{
	const char *reason = *where ? arena_printf(p->look->arena, "%s: %s", where, why) : why;

	p->again = p->again ? arena_printf(p->look->arena, "%s; %s", p->again, reason) : reason;
}

/* What one server says has happened since the last look. */
static void judge(struct period *p, const json_t *before, const json_t *now, const char *where)
{
	json_t *own = *where ? NULL : json_object_get(p->data, "own");
	struct reads reads = reads_between(before, now, own, p->look->arena);

	if (reads.unknown) {
		begin_anew(p, where,
		           arena_printf(p->look->arena, "%s, so whether %s was used is unknown", reads.unknown,
		                        period_names(p->args, p->look->arena)));
		return;
	}
	add_number(p->data, "reads", reads.scans);
	add_number(p->data, "dumped", reads.dumped);
	reads.scans -= reads.dumped;
	p->scans = reads.scans;
	if (reads.inserted || !is_allowed(p))
		begin_anew(p, where, reads_sentence(&reads, p->look->arena));
}

static const char *standby_name(const struct period *p, const char *address)
{
	return arena_printf(p->look->arena, "standby \"%s\"", address);
}

/* One that can't be asked leaves its last sample where it is: when it answers again, that tells. */
static bool look_at_standby(struct period *p, const char *address, json_t *samples, struct err *err)
{
	const json_t *before = json_object_get(samples, address);
	const char *why = NULL;
	json_t *now;

	if (!standby_sample(p->look->session, address, &p->tables, p->here, &now, &why, err))
		return false;
	if (!now) {
		p->unknown =
			arena_printf(p->look->arena, "%s can't be asked who reads there: %s", standby_name(p, address), why);
		return true;
	}
	if (before)
		judge(p, before, now, standby_name(p, address));
	else if (!p->first)
		begin_anew(p, standby_name(p, address), "it answers for the first time");
	json_object_set_new(samples, address, now);
	return true;
}

static bool look_at_standbys(struct period *p, struct err *err)
{
	const struct text_list *standbys = &p->look->session->plan->settings.standbys;
	json_t *samples = json_object_get(p->data, "standbys");

	if (standbys->count && !samples) {
		samples = json_object();
		json_object_set_new(p->data, "standbys", samples);
	}
	for (size_t i = 0; i < standbys->count; i++)
		if (!look_at_standby(p, standbys->items[i], samples, err))
			return false;
	return true;
}

bool period_readers(struct period *p, struct err *err)
{
	json_t *before = json_object_get(p->data, "here");

	p->tables.names = names_array(p->args, p->look->arena);
	if (before) {
		if (!reads_sample(p->look->session->control, &p->tables, &p->here, err))
			return false;
		p->tables.oids = oids_array(p, p->here);
		judge(p, before, p->here, "");
	} else {
		if (!begin_watch(p, err))
			return false;
		if (!p->first)
			begin_anew(p, "", "nothing is known of the time before");
	}
	if (!look_at_standbys(p, err))
		return false;
	json_object_set_new(p->data, "here", json_incref(p->here));
	json_object_set_new(p->data, "looked", json_integer(p->look->row.now_s));
	return true;
}
