/* The options of the command line, each said once; which command takes which. */
#include "cli/args.h"

#include <string.h>

#include "base/suggest.h"

#define OPTION(field) .offset = offsetof(struct cli_options, field)
#define REQUEST(field) .for_request = true, .offset = offsetof(struct target_request, field)

/* clang-format off */
const struct args_option args_options[] = {
	{"dbname", 'd', ARGS_CONNECTION, ARGS_TEXT, REQUEST(dbname), "NAME",
	 "database, connection string or URI"},
	{"host", 'h', ARGS_CONNECTION, ARGS_TEXT, REQUEST(host), "HOST", "server, or directory of its socket"},
	{"port", 'p', ARGS_CONNECTION, ARGS_TEXT, REQUEST(port), "PORT", "its port"},
	{"username", 'U', ARGS_CONNECTION, ARGS_TEXT, REQUEST(user), "NAME", "role to connect as"},
	{"no-password", 'w', ARGS_CONNECTION, ARGS_FLAG, REQUEST(no_password), NULL, "never ask for a password"},
	{"password", 'W', ARGS_CONNECTION, ARGS_FLAG, REQUEST(force_password), NULL,
	 "ask for the password before connecting"},
	{"target", 0, ARGS_CONNECTION, ARGS_TEXT, REQUEST(target_name), "NAME", "a target of interlock.conf"},
	{"sandbox", 0, ARGS_CONNECTION, ARGS_FLAG, OPTION(sandbox), NULL,
	 "a throwaway server for this one command"},

	{"dry-run", 'n', ARGS_COMMON, ARGS_FLAG, OPTION(dry_run), NULL, "show what would happen, change nothing"},
	{"yes", 'y', ARGS_COMMON, ARGS_FLAG, OPTION(yes), NULL, "answer questions with yes"},
	{"confirm", 0, ARGS_COMMON, ARGS_TEXT, OPTION(confirm), "NAME",
	 "confirm with the database's name, where --yes is not enough"},
	{"no-input", 0, ARGS_COMMON, ARGS_FLAG, OPTION(no_input), NULL, "never ask; end with code 8 instead"},
	{"set", 0, ARGS_COMMON, ARGS_SET, OPTION(set_names), "NAME=VALUE", "set a parameter of the plan; repeatable"},
	{"lock-timeout", 0, ARGS_COMMON, ARGS_INTERVAL, OPTION(lock_timeout), "TIME",
	 "how long one attempt waits for a lock, as 50ms"},
	{"lock-attempts", 0, ARGS_COMMON, ARGS_COUNT, OPTION(lock_attempts), "N",
	 "how often a lock is tried, as 600"},
	{"json", 0, ARGS_COMMON, ARGS_FLAG, OPTION(json), NULL, "write JSON instead of text"},
	{"color", 0, ARGS_COMMON, ARGS_COLOR, OPTION(color), "WHEN", "auto, always or never"},
	{"plain", 0, ARGS_COMMON, ARGS_FLAG, OPTION(plain), NULL, "plain text: no colours, no redrawn lines"},
	{"quiet", 'q', ARGS_COMMON, ARGS_FLAG, OPTION(quiet), NULL, "only results and errors"},
	{"verbose", 'v', ARGS_COMMON, ARGS_FLAG, OPTION(verbose), NULL, "say more, such as each statement"},
	{"log-file", 'L', ARGS_COMMON, ARGS_TEXT, OPTION(log_file), "FILE", "append all messages to a file as well"},
	{"help", '?', ARGS_COMMON, ARGS_FLAG, OPTION(help), NULL, "the page of the command"},
	{"version", 'V', ARGS_COMMON, ARGS_FLAG, OPTION(version), NULL, "the version of interlock"},

	{"offline", 0, ARGS_OWN, ARGS_FLAG, OPTION(offline), NULL, "use no server"},
	{"strict", 0, ARGS_OWN, ARGS_FLAG, OPTION(strict), NULL, "end with code 4 for warnings as well"},
	{"format", 0, ARGS_OWN, ARGS_TEXT, OPTION(format), "FORMAT", "text, json, sarif, github, gitlab or tap"},
	{"assume-large", 0, ARGS_OWN, ARGS_FLAG, OPTION(assume_large), NULL,
	 "take every table that is there for large and busy"},
	{"assume-new", 0, ARGS_OWN, ARGS_FLAG, OPTION(assume_new), NULL,
	 "tables that earlier files create are still empty: all files are run at once"},
	{"in-transaction", 0, ARGS_OWN, ARGS_FLAG, OPTION(in_transaction), NULL,
	 "the tool that runs the files wraps each in a transaction"},
	{"rehearse", 0, ARGS_OWN, ARGS_FLAG, OPTION(rehearse), NULL,
	 "run the files on a scratch copy of the database, and tell what they did"},
	{"server-version", 0, ARGS_OWN, ARGS_TEXT, OPTION(server_version), "MAJOR",
	 "judge for this version of PostgreSQL, as 17"},
	{"output", 'o', ARGS_OWN, ARGS_TEXT, OPTION(output), "PLAN", "a file NAME.lua, or a folder for the plans"},
	{"sql", 0, ARGS_OWN, ARGS_FLAG, OPTION(sql), NULL, "print every statement, in order"},
	{"to", 0, ARGS_OWN, ARGS_TEXT, OPTION(to), "BLOCK", "stop at this block"},
	{"once", 0, ARGS_OWN, ARGS_FLAG, OPTION(once), NULL, "run one block and stop"},
	{"take-over", 0, ARGS_OWN, ARGS_FLAG, OPTION(take_over), NULL,
	 "take the run from whoever holds it, ending their sessions"},
	{"evidence", 0, ARGS_OWN, ARGS_TEXT, OPTION(evidence), "TEXT", "why the gate may be passed, or the rollout moved; kept"},
	{"reason", 0, ARGS_OWN, ARGS_TEXT, OPTION(reason), "TEXT", "why; kept"},
	{"accept", 0, ARGS_OWN, ARGS_TEXT, OPTION(accept), "HASH", "the hash of the plan that is accepted"},
	{"accept-drift", 0, ARGS_OWN, ARGS_FLAG, OPTION(accept_drift), NULL,
	 "go on with tables that were changed by hand, as they are now"},
	{"withdraw", 0, ARGS_OWN, ARGS_FLAG, OPTION(withdraw), NULL, "take back an approval that was given"},
	{"timeout", 0, ARGS_OWN, ARGS_LONG_INTERVAL, OPTION(timeout), "TIME", "how long to wait, as 2h; for ever without it"},
	{"all", 0, ARGS_OWN, ARGS_FLAG, OPTION(all), NULL, "every run of the database"},
	{"from", 0, ARGS_OWN, ARGS_TEXT, OPTION(from), "PRIMITIVE", "begin with the example of this primitive"},
	{"grants", 0, ARGS_OWN, ARGS_FLAG, OPTION(grants), NULL, "print the GRANT statements that a role needs"},
	{"environment", 0, ARGS_OWN, ARGS_TEXT, OPTION(environment), "NAME",
	 "label the database, as production; an empty NAME takes the label away"},
	{"html", 0, ARGS_OWN, ARGS_FLAG, OPTION(html), NULL, "write the manual as one HTML page"},
	{"man", 0, ARGS_OWN, ARGS_TEXT, OPTION(man), "DIR", "write the manual as man pages into this folder"},
	{"markdown", 0, ARGS_OWN, ARGS_FLAG, OPTION(markdown), NULL, "write a table of Markdown"},
	{"exit-code", 0, ARGS_OWN, ARGS_FLAG, OPTION(exit_code), NULL, "say the state by the exit code"},
	{"load", 0, ARGS_OWN, ARGS_LOAD, OPTION(load), "FILE.sql",
	 "run this file on the throwaway server first; repeatable"},
	{"bindir", 0, ARGS_OWN, ARGS_TEXT, OPTION(bindir), "DIR", "where initdb and postgres are"},
	{"in", 0, ARGS_OWN, ARGS_TEXT, OPTION(in), "DATABASE",
	 "make the scratch copy on the server of this connection string, beside that database"},
	{"sample", 0, ARGS_OWN, ARGS_TEXT, OPTION(sample), "N", "copy so many rows of each table, as 1000; 0: none"},
	{"keep", 0, ARGS_OWN, ARGS_FLAG, OPTION(keep), NULL, "keep its directory at the end"},
	{.name = NULL},
};
/* clang-format on */

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

const char *command_suggest(const char *name)
{
	const char *names[64];
	size_t count = 0;

	for (; commands[count] && count < 64; count++)
		names[count] = commands[count]->name;
	return suggest(name, names, count);
}

/* Is `name` one of the words? */
static bool has_word(const char *words, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = words; at && (at = strstr(at, name)); at += length)
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

bool args_accepts(const struct command *command, const struct args_option *option)
{
	if (option->group == ARGS_COMMON)
		return true;
	if (option->group == ARGS_CONNECTION)
		return command->server != SERVER_NONE;
	return has_word(command->accepts, option->name);
}
