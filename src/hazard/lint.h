/*
 * The hazards of plain SQL: what each statement of a migration locks,
 * rewrites, scans, builds, fails on, loses or takes from the release that is
 * live, told from a model of the schema that the statements change as they are
 * read.  The model begins with what a catalogue said, or with nothing.
 */
#ifndef INTERLOCK_HAZARD_LINT_H
#define INTERLOCK_HAZARD_LINT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/err.h"
#include "db/conn.h"
#include "sql/script.h"

/* What a file runs: its statements but for those of a way back, and whether the tool wraps them in a transaction.
 */
struct lint_file {
	const char *path;
	const struct script_statement *statements;
	size_t count;
	bool wrapped;
};
/*
 * Whoever tries a file out when it was read: may change the findings of the
 * file, and add others, before comments ignore some.  false: *err says why.
 */
struct lint_trial {
	void *arg;
	bool (*file)(void *arg, const struct lint_file *file, struct diags *found, struct err *err);
};

struct lint_options {
	int server_version;             /* as 150000; 0: the server's own, or LINT_SERVER_DEFAULT */
	bool assume_large;              /* whatever existed before is large and busy */
	bool assume_new;                /* what earlier files created is still empty */
	bool in_transaction;            /* the tool that runs the files wraps each in a transaction */
	const struct lint_trial *trial; /* NULL: files are only read */
};
enum { LINT_SERVER_DEFAULT = 150000, LINT_SERVER_MIN = 100000 };

struct lint;

/* `conn` NULL: offline.  The options are the caller's as long as the lint lives. */
struct lint *lint_new(const struct lint_options *options, struct conn *conn);
void lint_free(struct lint *lint);

/*
 * Reads one migration; findings are added to diags, by their lines.  Files are
 * read in the order in which they would run.  false: the server failed.
 */
bool lint_text(struct lint *lint, const char *path, const char *text, struct diags *diags, struct err *err);

#endif
