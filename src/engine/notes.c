/* Comments of watched tables: ours behind theirs, and theirs again. */
#include "engine/notes.h"

#include <string.h>

#include "engine/blame.h"
#include "engine/tx.h"
#include "plan/probes.h"

enum { ATTEMPTS = 6, FIRST_PAUSE_MS = 50 };

static const char gap[] = "\n\n";

bool notes_tables(struct session *s, const char *oids, struct arena *arena, struct noted_list *list,
                  struct err *err)
{
	struct query query = {
		.sql = "SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name"
			   " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
			   " WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('r', 'p') ORDER BY c.oid",
		.count = 1,
		.params = &oids};
	struct rows *rows;

	if (!conn_query(s->control, &query, &rows, err))
		return false;
	*list = (struct noted_list){arena_array(arena, struct noted, rows_count(rows)), rows_count(rows)};
	for (size_t r = 0; r < list->count; r++) {
		struct noted *table = &list->items[r];

		table->oid = arena_strdup(arena, rows_get(rows, r, "oid"));
		table->name.schema = arena_strdup(arena, rows_get(rows, r, "schema"));
		table->name.name = arena_strdup(arena, rows_get(rows, r, "name"));
		table->table = relname_quoted(arena, &table->name);
	}
	rows_free(rows);
	return true;
}

bool notes_begin(struct session *s, struct noted_list *list, struct arena *arena, struct err *err)
{
	struct batch batch = {.arena = arena};
	struct rows **answers;
	bool ok;

	batch_add(&batch, "SELECT pg_catalog.set_config('lock_timeout', $1, true)", 1,
	          arena_printf(arena, "%lldms", (long long)s->plan->settings.lock_timeout));
	for (size_t i = 0; i < list->count; i++)
		batch_add(&batch,
		          arena_printf(arena, "LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE", list->items[i].table),
		          0);
	for (size_t i = 0; i < list->count; i++)
		batch_add(&batch, "SELECT pg_catalog.obj_description($1::oid, 'pg_class') AS comment", 1,
		          list->items[i].oid);
	answers = batch_results(&batch);
	ok = tx_begin(s, &batch, answers, err);
	for (size_t i = 0; ok && i < list->count; i++)
		list->items[i].comment = arena_strdup(arena, rows_get(answers[1 + list->count + i], 0, "comment"));
	batch_free_results(&batch, answers);
	return ok;
}

static void add_comment(const struct noted *table, const char *text, struct batch *batch)
{
	batch_add(batch,
	          arena_printf(batch->arena, "COMMENT ON TABLE %s IS %s", table->table,
	                       text ? literal_quoted(batch->arena, text) : "NULL"),
	          0);
}

static const char *text_of(const json_t *note, const char *key)
{
	return json_string_value(json_object_get(note, key));
}

/*
 * The comment without our sentence.  Exactly what it was where nobody touched
 * it since; where somebody did, our sentence is cut out of theirs.
 */
static const char *comment_without(const struct noted *table, const json_t *note, struct arena *arena)
{
	const char *sentence = text_of(note, "sentence"), *at;
	size_t before;

	if (!note || !table->comment)
		return table->comment;
	if (strcmp(table->comment, text_of(note, "ours")) == 0)
		return arena_strdup(arena, text_of(note, "before"));
	at = strstr(table->comment, sentence);
	if (!at)
		return table->comment;
	before = (size_t)(at - table->comment);
	if (before >= strlen(gap) && strncmp(at - strlen(gap), gap, strlen(gap)) == 0)
		before -= strlen(gap);
	return arena_printf(arena, "%.*s%s", (int)before, table->comment, at + strlen(sentence));
}

void notes_put(struct noted *table, const char *sentence, json_t *kept, struct batch *batch)
{
	const char *before = comment_without(table, json_object_get(kept, table->oid), batch->arena);
	const char *ours = before ? arena_printf(batch->arena, "%s%s%s", before, gap, sentence)
	                          : arena_strdup(batch->arena, sentence);

	if (!table->comment || strcmp(table->comment, ours) != 0)
		add_comment(table, ours, batch);
	json_object_set_new(kept, table->oid,
	                    json_pack("{s:s?, s:s, s:s}", "before", before, "ours", ours, "sentence", sentence));
}

void notes_take(struct noted *table, json_t *kept, struct batch *batch)
{
	const json_t *note = json_object_get(kept, table->oid);
	const char *before = comment_without(table, note, batch->arena);

	if (note && table->comment && (!before || strcmp(before, table->comment) != 0))
		add_comment(table, before, batch);
	json_object_del(kept, table->oid);
}

/* The oids as an array literal. */
static const char *oids_of(json_t *kept, struct arena *arena)
{
	const char **oids = arena_array(arena, const char *, json_object_size(kept)), *oid;
	size_t count = 0;
	json_t *value;

	json_object_foreach(kept, oid, value) oids[count++] = oid;
	return array_literal(oids, count, arena);
}

/* One attempt; a table that is gone has no comment to give back. */
static bool take_once(struct session *s, json_t *kept, struct batch *more, struct noted_list *list,
                      struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool ok = notes_begin(s, list, &arena, err);

	for (size_t i = 0; ok && i < list->count; i++)
		notes_take(&list->items[i], kept, &batch);
	for (size_t i = 0; ok && more && i < more->count; i++)
		batch_add_query(&batch, more->queries[i]);
	if (ok) {
		ok = (batch.count == 0 || batch_send(&batch, s->worker, 0, NULL, NULL, err)) && tx_commit(s, err);
		if (!ok)
			tx_rollback(s);
	}
	arena_release(&arena);
	return ok;
}

/* Who holds the tables, as details of the error; best effort. */
static void say_who(struct session *s, const struct noted_list *list, struct err *err)
{
	struct arena arena = {0};
	struct table_lock *locks = arena_array(&arena, struct table_lock, list->count);
	struct err ignored = {0};
	struct blamed blamed;

	for (size_t i = 0; i < list->count; i++)
		locks[i] = (struct table_lock){.table = list->items[i].name, .mode = LOCK_SHARE_UPDATE_EXCLUSIVE};
	if (blame(s, locks, list->count, &arena, &blamed, &ignored))
		for (size_t i = 0; i < blamed.count; i++)
			err_detail(err, "blocked by %s", blamed.sentences[i]);
	err_release(&ignored);
	arena_release(&arena);
}

/* Where the table is not ours any more its comment stays as it is: nobody but its owner can change it. */
static bool leave_notes(struct session *s, struct batch *more, struct err *err)
{
	err_release(err);
	return !more || tx_run(s, more, NULL, err);
}

bool notes_take_all(struct session *s, json_t *kept, struct batch *more, struct err *err)
{
	struct arena arena = {0};
	struct noted_list list;
	int64_t pause = FIRST_PAUSE_MS;
	bool ok = notes_tables(s, oids_of(kept, &arena), &arena, &list, err), done = false;

	for (int i = 0; ok && !done; i++) {
		json_t *copy = json_deep_copy(kept);

		done = take_once(s, copy, more, &list, err);
		json_decref(copy);
		if (done)
			break;
		ok = err_is(err, "55P03") && i < ATTEMPTS && loop_sleep(s->connector->loop, pause);
		if (ok)
			err_release(err);
		pause *= 2;
	}
	if (!ok && err_is(err, "55P03"))
		say_who(s, &list, err);
	if (!ok && err_is(err, "42501"))
		ok = leave_notes(s, more, err);
	arena_release(&arena);
	return ok;
}
