/* Safety periods: their row, the note in the comments of the tables, and the words about both. */
#include <stdlib.h>
#include <string.h>

#include "engine/notes.h"
#include "engine/period.h"
#include "engine/tx.h"

static const char *text_in(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int64_t number_in(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* What the comment says will happen to the table. */
static const char *note_of(const struct period *p, const struct relname *table, const char *due)
{
	struct arena *arena = p->look->arena;
	const char *plan = p->look->session->plan->name;
	const struct step *step = period_step_on(p->look->session->plan, table, p->look->block->index);

	if (!step || step_class_of(step) != CLASS_DESTRUCTIVE)
		return arena_printf(arena, "interlock: plan %s goes on after %s UTC unless somebody reads this", plan,
		                    due);
	if (strcmp(step->type->name, "drop_table_if_exists") == 0)
		return arena_printf(arena, "interlock: plan %s drops this after %s UTC unless somebody reads it", plan,
		                    due);
	return arena_printf(arena, "interlock: plan %s is to %s after %s UTC unless somebody reads this table", plan,
	                    step_text(step, arena), due);
}

static const char *due_after(const struct period *p)
{
	return p->first || p->again ? p->look->row.fresh_due : p->look->row.due;
}

/* Adds the row as it is from now on. */
static void add_row(struct period *p, struct batch *batch)
{
	struct look *l = p->look;
	char *data = json_dumps(p->data, JSON_COMPACT);

	batch_add(
		batch,
		"INSERT INTO interlock.condition AS c (run, block, kind, label, reached_at, due, data, satisfied_at,"
		" satisfied_by) VALUES ($1::bigint, $2::integer, $3, $4, clock_timestamp(),"
		" to_timestamp($5::double precision), $6::jsonb, CASE WHEN $7::boolean THEN clock_timestamp() END,"
		" CASE WHEN $7::boolean THEN 'time' END)"
		" ON CONFLICT (run, block) DO UPDATE SET reached_at = coalesce(c.reached_at, excluded.reached_at),"
		" due = CASE WHEN $8::boolean OR c.due IS NULL THEN excluded.due ELSE c.due END, data = excluded.data,"
		" satisfied_at = excluded.satisfied_at, satisfied_by = excluded.satisfied_by",
		8, l->run, l->index, block_kind_name(l->block->kind), l->block->label, l->row.fresh_due_s, data,
		p->satisfied ? "true" : "false", p->again ? "true" : "false");
	if (p->again) /* one that is read all the time fills no journal */
		batch_add(
			batch,
			"INSERT INTO interlock.event (run, kind, statement) SELECT $1::bigint, 'restart', $2 WHERE NOT EXISTS"
			" (SELECT FROM interlock.event WHERE run = $1::bigint AND kind = 'restart'"
			" AND at > clock_timestamp() - interval '1 hour')",
			2, l->run, arena_printf(l->arena, "safety period \"%s\": %s", l->block->label, p->again));
	free(data);
}

/* Is there a table whose comment does not say yet what it should? */
static bool wants_notes(const struct period *p, const struct noted_list *list)
{
	const json_t *notes = json_object_get(p->data, "notes");

	for (size_t i = 0; i < list->count; i++) {
		const char *said = text_in(json_object_get(notes, list->items[i].oid), "sentence");

		if (!said || strcmp(said, note_of(p, &list->items[i].name, due_after(p))) != 0)
			return true;
	}
	return false;
}

/* The row with the notes in one transaction. */
static bool write_with_notes(struct period *p, struct noted_list *list, struct err *err)
{
	struct session *s = p->look->session;
	struct batch batch = {.arena = p->look->arena};
	json_t *notes = json_object_get(p->data, "notes");
	bool ok;

	if (!notes) {
		notes = json_object();
		json_object_set_new(p->data, "notes", notes);
	}
	if (!notes_begin(s, list, p->look->arena, err))
		return false;
	json_object_del(p->data, "without");
	for (size_t i = 0; i < list->count; i++)
		notes_put(&list->items[i], note_of(p, &list->items[i].name, due_after(p)), notes, &batch);
	add_row(p, &batch);
	ok = batch_send(&batch, s->worker, 0, NULL, NULL, err) && tx_commit(s, err);
	if (!ok)
		tx_rollback(s);
	return ok;
}

/* The server said no to the note, not to the row: go on without, and say so. */
static bool write_without(struct period *p, json_t *notes, struct err *err)
{
	struct batch batch = {.arena = p->look->arena};

	if (notes)
		json_object_set_new(p->data, "notes", json_incref(notes));
	else
		json_object_del(p->data, "notes");
	json_object_set_new(p->data, "without",
	                    json_string(err_is(err, "55P03")   ? "somebody else holds a lock on the table"
	                                : err_is(err, "42501") ? "only its owner may write it"
	                                                       : err->diag.summary));
	err_release(err);
	add_row(p, &batch);
	return tx_run(p->look->session, &batch, NULL, err);
}

static bool write_running(struct period *p, struct err *err)
{
	struct session *s = p->look->session;
	struct noted_list list = {0};
	struct batch batch = {.arena = p->look->arena};
	json_t *kept;
	bool ok;

	if (p->tables.oids && !notes_tables(s, p->tables.oids, p->look->arena, &list, err))
		return false;
	if (!wants_notes(p, &list)) {
		add_row(p, &batch);
		return tx_run(s, &batch, NULL, err);
	}
	kept = json_deep_copy(json_object_get(p->data, "notes"));
	ok = write_with_notes(p, &list, err) ||
	     (err->code == EXIT_STEP && !conn_lost(s->worker) && write_without(p, kept, err));
	json_decref(kept);
	return ok;
}

/* Who holds the table, without how long, so that the sentence stays the same while they do. */
static const char *who_holds(struct period *p, const struct err *err)
{
	const char *who = err->diag.detail_count ? err->diag.details[0] : err->diag.summary;
	const char *end = strstr(who, "  transaction open");

	return end ? arena_strndup(p->look->arena, who, (size_t)(end - who)) : arena_strdup(p->look->arena, who);
}

/* The end: comments are theirs again in the same transaction.  While somebody holds a table it has not ended. */
static bool write_end(struct period *p, struct err *err)
{
	struct batch batch = {.arena = p->look->arena};
	json_t *notes = json_incref(json_object_get(p->data, "notes"));
	bool ok;

	json_object_del(p->data, "notes");
	add_row(p, &batch);
	if (json_object_size(notes) == 0)
		ok = tx_run(p->look->session, &batch, NULL, err);
	else
		ok = notes_take_all(p->look->session, notes, &batch, err);
	if (!ok && err_is(err, "55P03")) {
		p->satisfied = false;
		p->unknown =
			arena_printf(p->look->arena, "the table's comment can't be given back: %s", who_holds(p, err));
		err_release(err);
		ok = true;
	}
	json_decref(notes);
	return ok;
}

static void remember_again(struct period *p)
{
	if (p->again)
		json_object_set_new(p->data, "again", json_pack("{s:s, s:s}", "at", p->look->row.now, "why", p->again));
	if (p->unknown)
		json_object_set_new(p->data, "unknown", json_string(p->unknown));
	else
		json_object_del(p->data, "unknown");
}

bool safety_look(struct look *l, struct stop *stop, struct err *err)
{
	struct period p = {.look = l, .args = &l->block->wait.safety, .first = !l->row.reached || !l->row.due};
	bool ok;

	p.data = l->row.data ? json_incref(l->row.data) : json_object();
	ok = p.args->unused.count == 0 || period_readers(&p, err);
	if (ok) {
		remember_again(&p);
		p.satisfied = !p.first && !p.again && !p.unknown && l->row.due_passed;
		ok = p.satisfied ? write_end(&p, err) : write_running(&p, err);
	}
	if (ok) {
		struct condition_row now = l->row;

		now.reached = true;
		now.data = p.data;
		now.due = due_after(&p);
		now.due_in = p.first || p.again ? p.args->length : l->row.due_in;
		remember_again(&p);
		safety_tell(l->block, &now, l->arena, stop);
		stop->open = p.satisfied;
	}
	json_decref(p.here);
	json_decref(p.data);
	return ok;
}

static const char *times(int64_t count, struct arena *arena)
{
	return count == 1 ? "once" : arena_printf(arena, "%lld times", (long long)count);
}

/* "app.a was read 3 times so far, 2 of them by pg_dump" */
static const char *reads_words(const struct safety_args *args, const struct stop *stop, struct arena *arena)
{
	const char *names = period_names(args, arena);

	if (stop->reads == 0)
		return arena_printf(arena, "nobody has read %s so far", names);
	return arena_printf(arena, "%s was read %s so far%s", names, times(stop->reads, arena),
	                    stop->dumped == stop->reads ? ", by pg_dump"
	                    : stop->dumped ? arena_printf(arena, ", %s of it by pg_dump", times(stop->dumped, arena))
	                                   : "");
}

void safety_tell(const struct block *block, const struct condition_row *row, struct arena *arena,
                 struct stop *stop)
{
	const json_t *again = json_object_get(row->data, "again");
	const char *unknown = text_in(row->data, "unknown"), *without = text_in(row->data, "without");
	const struct safety_args *args = &block->wait.safety;

	if (!row->reached) {
		stop->why = "it begins when the run comes here";
		return;
	}
	stop->due = row->due ? row->due : row->fresh_due;
	stop->due_in = row->due_in > 0 ? row->due_in : 0;
	stop->reads = number_in(row->data, "reads");
	stop->dumped = number_in(row->data, "dumped");
	stop->again_at = arena_strdup(arena, text_in(again, "at"));
	stop->again_why = arena_strdup(arena, text_in(again, "why"));
	stop->why = arena_printf(arena, "it ends on %s UTC", stop->due);
	if (args->unused.count)
		stop->why = arena_printf(arena, "%s; %s", stop->why, reads_words(args, stop, arena));
	if (again)
		stop->why = arena_printf(arena, "%s; it began again on %s UTC, when it was first seen that %s", stop->why,
		                         stop->again_at, stop->again_why);
	if (unknown)
		stop->why = arena_printf(arena, "%s; %s", stop->why, unknown);
	if (without)
		stop->why = arena_printf(arena, "%s; the table's comment does not say so: %s", stop->why, without);
}
