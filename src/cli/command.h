/*
 * A command is one file in src/cli/, cmd_NAME.c, and one `const struct
 * command` in it; the list is generated from the directory.  Parsing of
 * options, finding of the database, help, manual and completion read it.
 */
#ifndef INTERLOCK_CLI_COMMAND_H
#define INTERLOCK_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "db/conn.h"
#include "db/loop.h"

/* Where a command connects to, found by the order of precedence in cli/target.h. */
struct target {
	const char *name;        /* "default", "prod-eu", "sandbox"; NULL when it came from libpq's own sources */
	const char *environment; /* from interlock.conf; NULL: ask the database's registry */
	bool named;              /* somebody named it: a failure to connect is then an error, never "go on offline" */
	struct conn_params params;
};

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Every option of every command; a command's `accepts` says which ones it takes. */
struct cli_options {
	bool dry_run, yes, no_input, json, plain, quiet, verbose, offline, sql, once, take_over, markdown, exit_code;
	bool keep, sandbox, strict, help, version, all, grants, html, accept_drift, withdraw;
	bool assume_large, assume_new, in_transaction, rehearse;
	const char *confirm, *to, *evidence, *reason, *log_file, *accept, *from, *environment, *man;
	const char **load; /* --load FILE.sql, NULL-terminated */
	const char *bindir, *format, *server_version, *output, *in, *sample;
	const char **set_names, **set_values; /* --set, NULL-terminated, parallel */
	int64_t lock_timeout, lock_attempts;  /* 0: as the plan says */
	int64_t timeout;                      /* ms; 0: none */
	enum color_mode color;
};

struct context {
	const struct command *command;
	struct cli_options options;
	const char *const *operands; /* what follows the command: plans, labels; NULL-terminated */
	size_t operand_count;
	char **rest;        /* after "--"; NULL-terminated; NULL when there was none */
	struct arena arena; /* lives as long as the command */
	struct loop *loop;
	struct target target;
};

enum command_server { SERVER_NONE, SERVER_OPTIONAL, SERVER_REQUIRED };

struct command {
	const char *name, *group, *summary; /* group: write run decide look maintain reuse try */
	const char *synopsis;               /* operands as in the manual: "PLAN", "[PLAN…]", "pass PLAN LABEL" */
	const char *description;            /* paragraphs for the manual */
	const char *accepts; /* long names of its own options, space separated, beyond the common ones */
	enum command_server server;
	size_t operands_min, operands_max;
	bool takes_rest; /* what follows "--" is a command line of its own; else it is more operands */
	bool document;   /* --json writes one document: messages stay text on stderr */
	/* Returns the exit code; with *err filled, the caller prints it. */
	enum exit_code (*run)(struct context *context, struct err *err);
};

extern const struct command *const commands[]; /* NULL-terminated, by name; generated */

#endif
