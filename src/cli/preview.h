/* What `preview` and `run --dry-run` print: what would happen now. */
#ifndef INTERLOCK_CLI_PREVIEW_H
#define INTERLOCK_CLI_PREVIEW_H

#include "cli/command.h"
#include "engine/session.h"
#include "engine/table_size.h"

enum exit_code preview_command(struct context *context, struct err *err);

/* A plan compared with a database; what the files cli/preview_*.c share. */
struct preview {
	struct context *context;
	struct plan *plan;
	struct conn *conn;
	struct run_row run;
	struct arena arena;
	struct facts *facts; /* by number - 1 */
	struct diags findings;
	struct table_size *sizes; /* of the tables that steps go through */
	size_t size_count;
};

/* The statements of a step from what the catalogue says now. */
struct stmts preview_statements(struct preview *preview, const struct step *step);

/* ---- preview_size.c ---- */

/* Reads the sizes of what will be scanned, rewritten or moved. */
bool preview_size_read(struct preview *preview, struct err *err);
/*
 * Does this statement take time in proportion to tables?  Then `table` is the
 * n-th of them, from 0: those that it locks, else the one that its step is
 * about.
 */
bool preview_size_table(const struct step *step, const struct stmt *stmt, size_t n, struct relname *table);
/* How large the table is; NULL where that is not known, or it is not there yet. */
const struct table_size *preview_size_of(const struct preview *preview, const struct relname *table);

/* ---- preview_json.c ---- */

/* Blocks and steps in their order. */
void preview_json(struct preview *preview);

#endif
