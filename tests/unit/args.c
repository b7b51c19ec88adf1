/* The command line: what is understood, and what is said about what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/args.h"

static struct context context;
static struct target_request request;
static struct err err;

static int forget(void **state)
{
	(void)state;
	arena_release(&context.arena);
	err_release(&err);
	memset(&context, 0, sizeof(context));
	memset(&request, 0, sizeof(request));
	return 0;
}

/* Parses "interlock" and these words. */
static bool parse_words(const char *const *words)
{
	static char name[] = "interlock";
	char **argv; /* the context borrows from it */
	int argc = 1;

	forget(NULL);
	argv = arena_array(&context.arena, char *, 32);
	argv[0] = name;
	for (; words[argc - 1]; argc++)
		argv[argc] = arena_strdup(&context.arena, words[argc - 1]);
	return args_parse(argc, argv, &context, &request, &err);
}
#define PARSE(...) parse_words((const char *const[]){__VA_ARGS__, NULL})

static void assert_refused(const char *summary, const char *detail, const char *help)
{
	assert_int_equal(err.code, EXIT_USAGE);
	assert_string_equal(err.diag.summary, summary);
	if (detail)
		assert_string_equal(err.diag.details[0], detail);
	else
		assert_int_equal(err.diag.detail_count, 0);
	if (help)
		assert_string_equal(err.diag.help, help);
}

static void options_stand_anywhere(void **state)
{
	(void)state;
	assert_true(PARSE("-d", "shop", "-y", "run", "--to=expand", "orders", "--lock-timeout", "50ms"));
	assert_string_equal(context.command->name, "run");
	assert_string_equal(request.dbname, "shop");
	assert_true(context.options.yes);
	assert_string_equal(context.options.to, "expand");
	assert_int_equal(context.options.lock_timeout, 50);
	assert_int_equal(context.operand_count, 1);
	assert_string_equal(context.operands[0], "orders");
	assert_null(context.operands[1]);
	assert_null(context.rest);
}

static void connection_is_as_in_psql(void **state)
{
	(void)state;
	assert_true(PARSE("status", "-hdb1", "-p", "5433", "-U", "deploy", "-W", "--target", "eu", "-nq"));
	assert_string_equal(request.host, "db1");
	assert_string_equal(request.port, "5433");
	assert_string_equal(request.user, "deploy");
	assert_string_equal(request.target_name, "eu");
	assert_true(request.force_password);
	assert_false(request.no_password);
	assert_true(context.options.dry_run && context.options.quiet);
}

static void parameters_are_kept_in_pairs(void **state)
{
	(void)state;
	assert_true(PARSE("check", "a", "--set", "x=1", "--set=y=a=b", "--set", "x=2", "b"));
	assert_string_equal(context.options.set_names[0], "x");
	assert_string_equal(context.options.set_values[0], "2");
	assert_string_equal(context.options.set_names[1], "y");
	assert_string_equal(context.options.set_values[1], "a=b");
	assert_null(context.options.set_names[2]);
	assert_int_equal(context.operand_count, 2);
	assert_false(PARSE("check", "--set", "=1"));
	assert_refused("\"--set =1\" is not of the form NAME=VALUE", NULL, NULL);
}

static void what_follows_two_dashes(void **state)
{
	(void)state;
	assert_true(PARSE("sandbox", "--keep", "--load", "a.sql", "--load", "b.sql", "--", "psql", "--keep"));
	assert_string_equal(context.rest[0], "psql");
	assert_string_equal(context.rest[1], "--keep");
	assert_null(context.rest[2]);
	assert_string_equal(context.options.load[1], "b.sql");
	assert_null(context.options.load[2]);
	assert_int_equal(context.operand_count, 0);
	assert_true(PARSE("show", "--", "-strange"));
	assert_string_equal(context.operands[0], "-strange");
	assert_null(context.rest);
	assert_true(PARSE("approve", "a", "--reason", "--"));
	assert_string_equal(context.options.reason, "--");
	assert_null(context.rest);
}

static void help_and_version_need_nothing_else(void **state)
{
	(void)state;
	assert_true(PARSE("run", "--help"));
	assert_true(context.options.help);
	assert_string_equal(context.command->name, "run");
	assert_true(PARSE("-?"));
	assert_true(context.options.help);
	assert_null(context.command);
	assert_true(PARSE("--version", "nonsense"));
	assert_true(context.options.version);
	assert_true(parse_words((const char *const[]){NULL}));
	assert_null(context.command);
	assert_null(context.operands[0]);
}

static void unknown_commands_get_a_suggestion(void **state)
{
	(void)state;
	assert_false(PARSE("chekc"));
	assert_refused("there is no command \"chekc\"", NULL, "did you mean \"check\"?");
	assert_false(PARSE("plans/orders.lua"));
	assert_refused("there is no command \"plans/orders.lua\"", NULL,
	               "to run a plan: interlock run plans/orders.lua");
	assert_false(PARSE("zzzzzz"));
	assert_refused("there is no command \"zzzzzz\"", NULL, "interlock help lists the commands");
}

static void unknown_options_get_a_suggestion(void **state)
{
	(void)state;
	assert_false(PARSE("run", "a", "--lock-timeuot=5ms"));
	assert_refused("there is no option \"--lock-timeuot\"", NULL, "did you mean \"--lock-timeout\"?");
	assert_false(PARSE("run", "-x"));
	assert_refused("there is no option \"-x\"", NULL, NULL);
	assert_false(PARSE("run", "--lock", "a"));
	assert_refused("\"--lock\" can mean --lock-timeout, --lock-attempts", NULL, NULL);
	assert_false(PARSE("run", "a", "--json=yes"));
	assert_refused("\"--json\" takes no value", NULL, NULL);
	assert_false(PARSE("run", "a", "-h"));
	assert_refused("\"--host\" needs a value: --host HOST", NULL,
	               "-h is the host, as in psql; for help: interlock --help");
	assert_false(PARSE("run", "a", "--to"));
	assert_refused("\"--to\" needs a value: --to BLOCK", NULL, NULL);
}

static void options_belong_to_commands(void **state)
{
	(void)state;
	assert_false(PARSE("check", "--once"));
	assert_refused("\"check\" has no option \"--once\"", "\"--once\" belongs to run",
	               "interlock check --help lists its options");
	assert_false(PARSE("check", "--to", "x"));
	assert_refused("\"check\" has no option \"--to\"", "\"--to\" belongs to run and undo", NULL);
	assert_false(PARSE("show", "a", "-d", "x"));
	assert_refused("\"show\" has no option \"--dbname\"", "it uses no server", NULL);
	assert_false(PARSE("run", "a", "--load", "x.sql"));
	assert_refused("\"--load\" goes with \"--sandbox\"", NULL, "add --sandbox to use a throwaway server");
	assert_true(PARSE("run", "a", "--sandbox", "--load", "x.sql"));
	assert_false(PARSE("run", "a", "--sandbox", "-d", "x"));
	assert_refused("\"--sandbox\" is a server of its own: name no other", NULL, NULL);
}

static void values_are_checked(void **state)
{
	(void)state;
	assert_false(PARSE("run", "a", "--lock-timeout", "5"));
	assert_refused("\"--lock-timeout 5\" is not a length of time from 1 ms to 1 min", NULL,
	               "for example --lock-timeout 50ms");
	assert_false(PARSE("run", "a", "--lock-timeout", "0ms"));
	assert_false(PARSE("run", "a", "--lock-attempts", "many"));
	assert_refused("\"--lock-attempts many\" is not a number from 1 to 1000000", NULL, NULL);
	assert_false(PARSE("run", "a", "--lock-attempts", "99999999999999999999"));
	assert_true(PARSE("run", "a", "--lock-attempts", "600"));
	assert_int_equal(context.options.lock_attempts, 600);
	assert_false(PARSE("run", "a", "--color", "blue"));
	assert_refused("\"--color blue\" is not one of auto, always, never", NULL, NULL);
	assert_true(PARSE("run", "a", "--color", "never"));
	assert_int_equal(context.options.color, COLOR_NEVER);
}

static void operands_are_counted(void **state)
{
	(void)state;
	assert_false(PARSE("run"));
	assert_refused("\"run\" needs more: interlock run PLAN", NULL, "interlock run --help");
	assert_false(PARSE("run", "a", "b"));
	assert_refused("\"run\" can't use \"b\"", NULL, "interlock run --help");
}

/* Names end up in the manual and in people's scripts: one option each, and no letter twice. */
static void the_table_is_sound(void **state)
{
	(void)state;
	for (const struct args_option *a = args_options; a->name; a++) {
		assert_non_null(a->help);
		assert_true(a->kind == ARGS_FLAG ? !a->argument : a->argument != NULL);
		for (const struct args_option *b = a + 1; b->name; b++) {
			assert_string_not_equal(a->name, b->name);
			assert_true(!a->letter || a->letter != b->letter);
		}
	}
	for (size_t i = 0; commands[i]; i++) {
		char words[256] = "";

		strncat(words, commands[i]->accepts ? commands[i]->accepts : "", sizeof(words) - 1);
		for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
			const struct args_option *option = args_options;

			while (option->name && strcmp(option->name, word) != 0)
				option++;
			assert_non_null(option->name);
			assert_int_equal(option->group, ARGS_OWN);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_anywhere),
		cmocka_unit_test(connection_is_as_in_psql),
		cmocka_unit_test(parameters_are_kept_in_pairs),
		cmocka_unit_test(what_follows_two_dashes),
		cmocka_unit_test(help_and_version_need_nothing_else),
		cmocka_unit_test(unknown_commands_get_a_suggestion),
		cmocka_unit_test(unknown_options_get_a_suggestion),
		cmocka_unit_test(options_belong_to_commands),
		cmocka_unit_test(values_are_checked),
		cmocka_unit_test(operands_are_counted),
		cmocka_unit_test(the_table_is_sound),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, forget);
}
