/* Sending the statements, and finding the transaction that each is to run in. */
#include "engine/rehearse_file.h"

#include <string.h>
#include <strings.h>

#include "base/interrupt.h"

bool statement_run_begin(struct statement_run *run, struct loop *loop, struct scratch *scratch, struct err *err)
{
	struct conn *eye = scratch_open_as_owner(scratch, err), *holder = NULL;

	*run = (struct statement_run){.scratch = scratch};
	if (eye)
		holder = scratch_open_as_owner(scratch, err);
	if (holder)
		run->observer = observer_new(loop, eye, holder, err);
	else
		conn_close(eye);
	run->conn = run->observer ? scratch_open(scratch, err) : NULL;
	if (run->conn)
		observer_watch(run->observer, run->conn);
	return run->conn != NULL;
}

void statement_run_end(struct statement_run *run)
{
	conn_close(run->conn);
	observer_free(run->observer);
	*run = (struct statement_run){0};
}

static void leave_transaction(struct statement_run *run)
{
	struct err ignored = {0};

	if (conn_in_transaction(run->conn))
		conn_query(run->conn, QUERY("ROLLBACK"), NULL, &ignored);
	err_release(&ignored);
}

static bool is_word(const char *sql, const char *word)
{
	size_t length = strlen(word);

	return strncasecmp(sql, word, length) == 0 && (!sql[length] || strchr(" \t\r\n;", sql[length]));
}

/* It begins or ends transactions, or sets something for the session. */
static bool stands_alone(const char *sql)
{
	static const char *const words[] = {"BEGIN",     "START",   "COMMIT", "END",      "ROLLBACK", "ABORT",
	                                    "SET",       "RESET",   "SHOW",   "PREPARE",  "DISCARD",  "DEALLOCATE",
	                                    "SAVEPOINT", "RELEASE", "LISTEN", "UNLISTEN", "NOTIFY",   NULL};

	for (size_t i = 0; words[i]; i++)
		if (is_word(sql, words[i]))
			return true;
	return false;
}

/* In a transaction of its own, so that it can be looked at before others see it. */
static bool run_alone(struct statement_run *run, const char *sql, struct ran_statement *out)
{
	struct err *err = &out->failure;
	bool ok = conn_query(run->conn, QUERY("BEGIN"), NULL, err) && conn_query(run->conn, QUERY(sql), NULL, err) &&
	          (!conn_in_transaction(run->conn) || conn_query(run->conn, QUERY("COMMIT"), NULL, err));

	if (ok)
		return true;
	leave_transaction(run);
	/* It may not be in one, or ends one itself. */
	if (!err_is(err, "25001") && !err_is(err, "2D000"))
		return false;
	err_release(err);
	out->outside = true;
	return conn_query(run->conn, QUERY(sql), NULL, err);
}

static void find_sights(struct statement_run *run, struct ran_statement *out)
{
	out->seen = observer_sights(run->observer);
	while (out->seen && out->seen->tag != out->tag)
		out->seen = out->seen->next;
}

static void run_one(struct statement_run *run, const char *sql, struct ran_statement *out)
{
	bool ok;

	*out = (struct ran_statement){.tag = ++run->tag};
	observer_tag(run->observer, out->tag);
	if (conn_in_transaction(run->conn) || stands_alone(sql))
		ok = conn_query(run->conn, QUERY(sql), NULL, &out->failure);
	else
		ok = run_alone(run, sql, out);
	out->ran = ok ? RAN_WELL : RAN_FAILED;
	find_sights(run, out);
}

/* A row of the sample refers to one that is not in it: without rows it can be told all the same. */
static bool goes_on_without_rows(struct statement_run *run, const struct ran_statement *failed)
{
	struct err ignored = {0};
	bool ok = err_is(&failed->failure, "23503") && run->scratch->row_count > 0;

	if (ok) {
		leave_transaction(run);
		ok = scratch_empty(run->scratch, &ignored);
	}
	err_release(&ignored);
	return ok;
}

static void forget(struct ran_statement *out, size_t from, size_t to)
{
	for (size_t i = from; i <= to; i++) {
		err_release(&out[i].failure);
		out[i] = (struct ran_statement){0};
	}
}

bool statement_run_file(struct statement_run *run, const struct script_statement *statements, size_t count,
                        bool wrapped, struct ran_statement *out, struct err *err)
{
	size_t begun = 0; /* the statement that the transaction which is open began with */

	leave_transaction(run);
	for (size_t i = 0; i < count; i++) {
		if (!conn_in_transaction(run->conn))
			begun = i;
		if (wrapped && i == 0 && !conn_in_transaction(run->conn) &&
		    !conn_query(run->conn, QUERY("BEGIN"), NULL, err))
			return false;
		run_one(run, statements[i].text, &out[i]);
		if (conn_lost(run->conn) && out[i].ran != RAN_WELL)
			return err_set(err, EXIT_CONNECTION, "the connection to the scratch server was lost");
		if (interrupt_count() > 0)
			return err_set(err, EXIT_INTERRUPTED, "interrupted");
		if (out[i].ran == RAN_WELL)
			continue;
		if (!goes_on_without_rows(run, &out[i]))
			break;
		forget(out, begun, i);
		i = begun - 1; /* once more from there */
	}
	if (wrapped && conn_in_transaction(run->conn)) {
		struct err ignored = {0};

		conn_query(run->conn, QUERY("COMMIT"), NULL, &ignored);
		err_release(&ignored);
	}
	leave_transaction(run);
	return true;
}
