/* One span, at most three rows: done, in flight, to do. */
#include "engine/ranges.h"

#include "engine/tx.h"

static const char *list(const struct pair *p, const char *prefix, struct arena *arena)
{
	return copying_numbered(p->c, prefix, arena);
}

/* The values of these columns of the first row; NULL where the first is NULL. */
static const char **values_of(const struct pair *p, const struct rows *rows, const char *prefix,
                              struct arena *arena)
{
	const char **values = arena_array(arena, const char *, p->c->key_count);

	for (size_t i = 0; i < p->c->key_count; i++) {
		values[i] = arena_strdup(arena, rows_get(rows, 0, arena_printf(arena, "%s%zu", prefix, i + 1)));
		if (!values[i])
			return NULL;
	}
	return values;
}

/* "lo1::text AS lo1, …" */
static const char *as_text(const struct pair *p, const char *const *items, const char *prefix, struct arena *arena)
{
	struct buf out = {0};
	const char *text;

	for (size_t i = 0; i < p->c->key_count; i++)
		buf_addf(&out, "%s%s::pg_catalog.text AS %s%zu", i ? ", " : "", items[i], prefix, i + 1);
	text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return text;
}

bool ranges_resume(const struct pair *p, struct arena *arena, struct key_range *todo, bool *left, struct err *err)
{
	struct batch batch = {.arena = arena};
	const char *lo = list(p, "lo", arena), *hi = list(p, "hi", arena), *ranges = p->c->ranges;
	struct rows **answers;
	size_t begin = pair_begin(p, true, &batch);

	batch_add(&batch,
	          arena_printf(
				  arena,
				  "WITH gone AS (DELETE FROM %s WHERE state = 'flight' RETURNING *), longer AS (UPDATE %s t SET"
				  " (%s) = (SELECT %s FROM gone) WHERE t.state = 'todo' AND EXISTS (SELECT FROM gone) RETURNING 1)"
				  " INSERT INTO %s (span, state, %s, %s) SELECT span, 'todo', %s, %s FROM gone WHERE NOT EXISTS"
				  " (SELECT FROM longer)",
				  ranges, ranges, lo, lo, ranges, lo, hi, lo, hi),
	          0);
	batch_add(&batch,
	          arena_printf(arena, "SELECT %s, %s FROM %s WHERE state = 'todo'",
	                       as_text(p, copying_numbered_items(p->c, "lo", arena), "lo", arena),
	                       as_text(p, copying_numbered_items(p->c, "hi", arena), "hi", arena), ranges),
	          0);
	answers = batch_results(&batch);
	if (!pair_send(p, &batch, answers, err))
		return false;
	*left = rows_count(answers[begin + 1]) == 1;
	*todo = (struct key_range){NULL, NULL};
	if (*left)
		*todo = (struct key_range){values_of(p, answers[begin + 1], "lo", arena),
		                           values_of(p, answers[begin + 1], "hi", arena)};
	batch_free_results(&batch, answers);
	return tx_commit(p->session, err);
}

bool ranges_end(const struct pair *p, const char *const *lo, int64_t rows, struct arena *arena, const char ***hi,
                struct err *err)
{
	const char *alias = p->c->alias;
	const char *text =
		arena_printf(arena, "SELECT %s FROM ONLY %s WHERE %s ORDER BY %s OFFSET %lld LIMIT 1",
	                 as_text(p, copying_key_items(p->c, COPYING_LIVE, alias, arena), "k", arena),
	                 copying_from(p->c, arena), copying_between(p->c, COPYING_LIVE, alias, lo, NULL, arena),
	                 copying_order(p->c, alias, arena), (long long)rows - 1);
	struct batch batch = {.arena = arena};
	struct rows **answers;
	size_t begin = pair_begin(p, false, &batch); /* its settings: the key is read as it is written */

	batch_add(&batch, text, 0);
	answers = batch_results(&batch);
	if (!pair_send(p, &batch, answers, err))
		return false;
	*hi = rows_count(answers[begin]) ? values_of(p, answers[begin], "k", arena) : NULL;
	batch_free_results(&batch, answers);
	tx_rollback(p->session);
	return true;
}

static void add_literals(const struct pair *p, const char *const *values, struct arena *arena, struct buf *out)
{
	for (size_t i = 0; i < p->c->key_count; i++)
		buf_addf(out, "%s%s::%s", i ? ", " : "", literal_quoted(arena, values[i]), p->c->keys[i].type);
}

void ranges_take(const struct pair *p, const char *const *hi, struct batch *batch)
{
	struct arena *arena = batch->arena;
	const char *lo_list = list(p, "lo", arena), *hi_list = list(p, "hi", arena), *ranges = p->c->ranges;
	const char *epoch = arena_printf(arena, "%lld", (long long)p->session->run.epoch);
	struct buf values = {0};

	if (!hi) {
		batch_add(
			batch,
			arena_printf(arena, "UPDATE %s SET state = 'flight', epoch = %s WHERE state = 'todo'", ranges, epoch),
			0);
		return;
	}
	add_literals(p, hi, arena, &values);
	batch_add(
		batch,
		arena_printf(arena,
	                 "INSERT INTO %s (span, state, %s, %s, epoch) SELECT span, 'flight', %s, %s, %s FROM %s WHERE"
	                 " state = 'todo'",
	                 ranges, lo_list, hi_list, lo_list, buf_text(&values), epoch, ranges),
		0);
	batch_add(batch,
	          arena_printf(arena, "UPDATE %s SET (%s) = ROW(%s) WHERE state = 'todo'", ranges, lo_list,
	                       buf_text(&values)),
	          0);
	buf_release(&values);
}

void ranges_done(const struct pair *p, struct batch *batch)
{
	struct arena *arena = batch->arena;
	const char *lo = list(p, "lo", arena), *hi = list(p, "hi", arena), *ranges = p->c->ranges;

	batch_add(
		batch,
		arena_printf(arena,
	                 "INSERT INTO %s AS d (span, state, %s, %s) SELECT span, 'done', %s, %s FROM %s WHERE state ="
	                 " 'flight' ON CONFLICT (span, state) DO UPDATE SET (%s) = (SELECT %s FROM %s WHERE state ="
	                 " 'flight')",
	                 ranges, lo, hi, lo, hi, ranges, hi, hi, ranges),
		0);
	batch_add(batch, arena_printf(arena, "DELETE FROM %s WHERE state = 'flight'", ranges), 0);
}

void ranges_restart(const struct pair *p, struct batch *batch)
{
	batch_add(batch, arena_printf(batch->arena, "DELETE FROM %s", p->c->ranges), 0);
	batch_add(batch, arena_printf(batch->arena, "INSERT INTO %s (span, state) VALUES (1, 'todo')", p->c->ranges),
	          0);
}
