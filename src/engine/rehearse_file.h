/*
 * Statements of a migration run one by one on a scratch copy, as a tool would
 * send them: each in a transaction of its own unless the file has one, and
 * outside of any where PostgreSQL wants it so.
 */
#ifndef INTERLOCK_ENGINE_REHEARSE_FILE_H
#define INTERLOCK_ENGINE_REHEARSE_FILE_H

#include "engine/observe.h"
#include "engine/scratch.h"
#include "sql/script.h"

enum ran { RAN_NOT, RAN_WELL, RAN_FAILED };

struct ran_statement {
	enum ran ran;
	bool outside;             /* of any transaction */
	struct err failure;       /* of RAN_FAILED */
	const struct sight *seen; /* the first; only those with `tag` are its own */
	int tag;
};

struct statement_run {
	struct scratch *scratch;
	struct observer *observer;
	struct conn *conn;
	int tag; /* of the last statement, over all files */
};

/* Begins with the first file; the scratch copy is borrowed. */
bool statement_run_begin(struct statement_run *run, struct loop *loop, struct scratch *scratch, struct err *err);
void statement_run_end(struct statement_run *run);

/*
 * Runs them up to the first that fails; `wrapped`: in one transaction.  *out:
 * one for each, in the arena; their failures are released by the caller.
 * Where a foreign key fails at the sample the copy is emptied and it goes on.
 * false: nothing can be run at all.
 */
bool statement_run_file(struct statement_run *run, const struct script_statement *statements, size_t count,
                        bool wrapped, struct ran_statement *out, struct err *err);

#endif
