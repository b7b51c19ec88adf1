/*
 * The command line.  One table says every option once: the parser, the help,
 * the manual and the completion read it.
 */
#ifndef INTERLOCK_CLI_ARGS_H
#define INTERLOCK_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/command.h"
#include "cli/target.h"

enum args_group {
	ARGS_COMMON,     /* every command takes it */
	ARGS_CONNECTION, /* every command that may use a server */
	ARGS_OWN         /* the commands whose `accepts` names it */
};

enum args_kind {
	ARGS_FLAG,
	ARGS_TEXT,
	ARGS_INTERVAL,
	ARGS_LONG_INTERVAL,
	ARGS_COUNT,
	ARGS_COLOR,
	ARGS_LOAD,
	ARGS_SET
};

struct args_option {
	const char *name; /* the long one, without dashes */
	char letter;      /* 0: none */
	enum args_group group;
	enum args_kind kind;
	bool for_request;     /* its field is in struct target_request, else in struct cli_options */
	size_t offset;        /* of the field */
	const char *argument; /* NULL: it takes none */
	const char *help;
};
extern const struct args_option args_options[]; /* ends with a NULL name */

/*
 * Reads argv: fills context->command, options, operands and rest, and the
 * request; strings are borrowed from argv.  Without a command word, command is
 * NULL.  With --help or --version nothing else is checked.  false: EXIT_USAGE.
 */
bool args_parse(int argc, char **argv, struct context *context, struct target_request *request, struct err *err);

bool args_accepts(const struct command *command, const struct args_option *option);

/* NULL: there is no such command. */
const struct command *command_find(const char *name);
/* The nearest name of a command, or NULL. */
const char *command_suggest(const char *name);

#endif
