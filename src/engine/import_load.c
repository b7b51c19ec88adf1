/* Batches of lines, in COPY's text format. */
#include "engine/import_load.h"

#include <string.h>

#include "engine/naming.h"
#include "engine/tx.h"
#include "plan/data_lines.h"
#include "plan/place.h"

enum { BATCH_BYTES = 1 << 20, BATCH_LINES = 10000 };

struct loading {
	struct import *i;
	struct data_lines *lines;
	struct buf good, bad;  /* rows for the two tables */
	int64_t rows, useless; /* in both; in the second */
	int64_t last;          /* line that is in one of them */
};

static void add_escaped(struct buf *out, const char *text, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t plain = 0;

		while (at + plain < length && !strchr("\\\t\n\r", text[at + plain]))
			plain++;
		buf_add_bytes(out, text + at, plain);
		at += plain;
		if (at == length)
			break;
		buf_add_char(out, '\\');
		buf_add_char(out, text[at] == '\t' ? 't' : text[at] == '\n' ? 'n' : text[at] == '\r' ? 'r' : '\\');
		at++;
	}
}

static void add_line(struct loading *l, const struct data_line *line)
{
	struct buf *out = line->problem ? &l->bad : &l->good;

	buf_addf(out, "%lld\t", (long long)line->line);
	add_escaped(out, line->text, line->length);
	buf_add_char(out, '\t');
	if (line->problem)
		add_escaped(out, line->problem, strlen(line->problem));
	else if (line->fields)
		add_escaped(out, line->fields, line->fields_length);
	else
		buf_add(out, "\\N");
	buf_add_char(out, '\n');
	l->rows++;
	l->useless += line->problem != NULL;
	l->last = line->line;
}

static bool copy(const struct loading *l, const char *table, const char *columns, const struct buf *rows,
                 struct err *err)
{
	struct arena arena = {0};
	int64_t copied;
	bool ok = rows->length == 0 ||
	          conn_copy_in(l->i->w->session->worker,
	                       arena_printf(&arena, "COPY %s (%s) FROM STDIN (ENCODING 'UTF8')", table, columns),
	                       rows->data, rows->length, &copied, err);

	arena_release(&arena);
	return ok;
}

static bool add_chunk(struct import *i, const struct import_chunk *chunk, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	bool ok;

	import_add_chunk(i, chunk, &batch);
	ok = batch_send(&batch, i->w->session->worker, 0, NULL, NULL, err);
	arena_release(&arena);
	return ok;
}

/* What was gathered, as one transaction. */
static bool send(struct loading *l, struct err *err)
{
	struct import *i = l->i;
	struct session *s = i->w->session;
	struct import_chunk chunk = {
		.method = "load", .lo = i->loaded, .hi = l->last, .rows = l->rows, .guard = data_lines_stamp(l->lines)};
	int64_t begin = loop_now();

	if (l->rows == 0)
		return true;
	if (!import_may_go_on(i, i->loaded, "loading the file", err) || !tx_begin(s, NULL, NULL, err))
		return false;
	if (!copy(l, i->in->lines, "line, text, fields", &l->good, err) ||
	    !copy(l, i->in->rejected, "line, text, reason", &l->bad, err)) {
		tx_rollback(s);
		return false;
	}
	chunk.ms = (double)(loop_now() - begin);
	if (!add_chunk(i, &chunk, err) || !tx_commit(s, err)) {
		tx_rollback(s);
		return false;
	}
	i->no++;
	i->loaded = l->last;
	i->read += l->rows;
	i->rejected += l->useless;
	l->rows = l->useless = 0;
	buf_clear(&l->good);
	buf_clear(&l->bad);
	return true;
}

/* Nothing of it stays. */
static bool begin_anew(struct import *i, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	const char *run = arena_printf(&arena, "%lld", (long long)i->w->session->run.id);
	bool ok;

	batch_add(&batch, arena_printf(&arena, "TRUNCATE %s, %s", i->in->lines, i->in->rejected), 0);
	batch_add(&batch, "DELETE FROM interlock.chunk WHERE run = $1::bigint AND step = $2::integer", 2, run,
	          arena_printf(&arena, "%d", i->w->step->number));
	ok = tx_run(i->w->session, &batch, NULL, err);
	arena_release(&arena);
	return ok && import_position(i, err);
}

static bool is_another(struct import *i, struct err *err)
{
	struct err failure = {0};

	if (!begin_anew(i, &failure)) {
		err_set(err, failure.code, "%s", failure.diag.summary ? failure.diag.summary : "the server was lost");
		err_release(&failure);
		return false;
	}
	err_set(err, EXIT_CHANGED, "the file is not the one that the plan was compiled with: it has changed since");
	err_detail(err, "nothing of it was inserted");
	err_help(err,
	         "put the file back as it was and run again; or take the step back (interlock undo %s), and run the"
	         " plan with the file as it is now",
	         run_named(&i->w->session->run, &err->arena));
	err_at(err, place_of_option(i->w->step, "file"));
	return false;
}

/* All rows behind those that are loaded. */
static bool read_all(struct loading *l, struct err *err)
{
	struct data_line line;
	bool end = false;

	for (;;) {
		if (!data_lines_next(l->lines, &line, &end, err))
			return false;
		if (end)
			return send(l, err);
		if (line.line <= l->i->loaded)
			continue;
		add_line(l, &line);
		if ((l->good.length + l->bad.length >= BATCH_BYTES || l->rows >= BATCH_LINES) && !send(l, err))
			return false;
	}
}

static bool finish(struct loading *l, struct err *err)
{
	struct import *i = l->i;
	struct session *s = i->w->session;
	struct import_chunk chunk = {.method = "loaded", .lo = i->loaded, .hi = i->loaded};
	char sha256[65];

	data_lines_sha256(l->lines, sha256);
	if (!i->in->file->sha256 || strcmp(sha256, i->in->file->sha256) != 0)
		return is_another(i, err);
	if (tx_begin(s, NULL, NULL, err) && add_chunk(i, &chunk, err) && tx_commit(s, err)) {
		i->no++;
		return true;
	}
	tx_rollback(s);
	return false;
}

/* A file that can't be read or understood: where it is said in the plan, and by which name. */
static bool of_file(const struct import *i, struct err *err)
{
	if (err->code != EXIT_STEP || err->sqlstate[0])
		return false;
	err_prefix(err, "%s", i->in->file->path);
	err_detail(err, "it was looked for as %s", i->in->file->real ? i->in->file->real : i->in->file->path);
	err_at(err, place_of_option(i->w->step, "file"));
	return false;
}

bool import_load(struct import *i, struct err *err)
{
	struct loading l = {.i = i};
	bool ok;

	if (!data_lines_open(i->in->file->real ? i->in->file->real : i->in->file->path, i->in->csv, &l.lines, err))
		return of_file(i, err);
	ok = !i->stamp || strcmp(i->stamp, data_lines_stamp(l.lines)) == 0 || begin_anew(i, err);
	ok = ok && ((read_all(&l, err) && finish(&l, err)) || of_file(i, err));
	buf_release(&l.good);
	buf_release(&l.bad);
	data_lines_close(l.lines);
	return ok;
}
