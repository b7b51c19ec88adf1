/* Which database is meant: the order of the sources, and interlock.conf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/target.h"

static const char *const variables[] = {"PGSERVICE", "PGHOST",     "PGHOSTADDR",
                                        "PGPORT",    "PGDATABASE", "DATABASE_URL"};
static struct arena arena;
static struct target target;
static struct err err;
static char path[] = "/tmp/interlock-target-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	err_release(&err);
	return 0;
}

static int make_file(void **state)
{
	int descriptor = mkstemp(path);

	(void)state;
	close(descriptor);
	return descriptor < 0;
}

static int remove_file(void **state)
{
	(void)state;
	return remove(path);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
}

static const char *param(const char *keyword)
{
	for (size_t i = 0; target.params.keywords[i]; i++)
		if (strcmp(target.params.keywords[i], keyword) == 0)
			return target.params.values[i];
	return "-";
}

static const char *find(struct target_request request)
{
	err_release(&err);
	return target_find(&request, &arena, &target, &err) ? NULL : err.diag.summary;
}

static void set_everything(void)
{
	setenv("PGHOST", "env-host", 1);
	setenv("PGPORT", "7777", 1);
	setenv("PGDATABASE", "env-db", 1);
	setenv("DATABASE_URL", "postgres://url-host/url-db", 1);
	write_file("[target default]\nhost = conf-host\n[target prod]\nhost=prod-host\nenvironment = production\n");
}

static void assert_forgotten(void)
{
	for (size_t i = 0; i < 5; i++)
		assert_null(getenv(variables[i]));
}

static void options_come_first(void **state)
{
	(void)state;
	set_everything();
	assert_null(find((struct target_request){.host = "opt", .target_name = "prod", .config_path = path}));
	assert_string_equal(param("host"), "opt");
	assert_string_equal(param("dbname"), "-");
	assert_string_equal(param("port"), "-");
	assert_true(target.named);
	assert_null(target.name);
	assert_null(target.environment);
	assert_forgotten();
}

static void then_the_named_target(void **state)
{
	(void)state;
	set_everything();
	assert_null(find((struct target_request){.target_name = "prod", .config_path = path}));
	assert_string_equal(param("host"), "prod-host");
	assert_string_equal(param("dbname"), "-");
	assert_string_equal(target.name, "prod");
	assert_string_equal(target.environment, "production");
	assert_forgotten();
}

static void then_the_environment(void **state)
{
	(void)state;
	set_everything();
	assert_null(find((struct target_request){.config_path = path}));
	assert_string_equal(param("host"), "env-host");
	assert_string_equal(param("dbname"), "env-db");
	assert_string_equal(param("port"), "7777");
	assert_true(target.named);
	assert_forgotten();
}

static void a_service_keeps_its_gaps(void **state)
{
	(void)state;
	set_everything();
	setenv("PGSERVICE", "shop", 1);
	assert_null(find((struct target_request){.config_path = path}));
	assert_string_equal(param("service"), "shop");
	assert_string_equal(param("host"), "-");
	assert_true(target.named);
	assert_null(getenv("PGSERVICE"));
	assert_string_equal(getenv("PGHOST"), "env-host");
}

static void then_the_url(void **state)
{
	(void)state;
	set_everything();
	unsetenv("PGHOST");
	setenv("PGDATABASE", "", 1);
	assert_null(find((struct target_request){.config_path = path}));
	assert_string_equal(param("dbname"), "postgres://url-host/url-db");
	assert_string_equal(param("port"), "-");
	assert_true(target.named);
	assert_forgotten();
}

static void the_url_is_for_postgresql(void **state)
{
	(void)state;
	setenv("DATABASE_URL", "mysql://u:hush@h/d", 1);
	assert_non_null(find((struct target_request){0}));
	assert_int_equal(err.code, EXIT_OWN);
	assert_null(strstr(err.diag.summary, "hush"));
}

static void then_the_default_target(void **state)
{
	(void)state;
	set_everything();
	unsetenv("PGHOST");
	unsetenv("PGDATABASE");
	unsetenv("DATABASE_URL");
	assert_null(find((struct target_request){.config_path = path}));
	assert_string_equal(param("host"), "conf-host");
	assert_string_equal(param("port"), "-");
	assert_string_equal(target.name, "default");
	assert_true(target.named);
}

static void then_libpq(void **state)
{
	(void)state;
	write_file("[target prod]\nhost=prod-host\n");
	setenv("PGPORT", "7777", 1);
	assert_null(find((struct target_request){.config_path = path}));
	assert_false(target.named);
	assert_null(target.name);
	assert_string_equal(param("port"), "7777");
	assert_null(find((struct target_request){.config_path = "/nowhere/interlock.conf"}));
	assert_null(target.params.keywords[0]);
	assert_false(target.named);
}

static void all_options_are_passed_on(void **state)
{
	(void)state;
	assert_null(find((struct target_request){.dbname = "host=x", .host = "h", .port = "1", .user = "u"}));
	assert_string_equal(param("dbname"), "host=x");
	assert_string_equal(param("host"), "h");
	assert_string_equal(param("port"), "1");
	assert_string_equal(param("user"), "u");
	assert_string_equal(target.params.keywords[3], "dbname"); /* a connection string wins over -h, as in psql */
}

static void an_unknown_target(void **state)
{
	(void)state;
	write_file("[target prod-eu]\nservice = x\n");
	assert_non_null(find((struct target_request){.target_name = "prod-ue", .config_path = path}));
	assert_int_equal(err.code, EXIT_OWN);
	assert_string_equal(err.diag.help, "did you mean \"prod-eu\"?");
	assert_non_null(find((struct target_request){.target_name = "prod"}));
	assert_string_equal(err.diag.summary, "no target \"prod\" in interlock.conf");
}

static void mistakes_in_the_file_have_a_line(void **state)
{
	static const struct {
		const char *text, *summary;
		int line;
	} cases[] = {
		{"# x\n[target a]\nhostt = x\n", "unknown keyword \"hostt\"", 3},
		{"host = x\n", "this stands before the first section", 1},
		{"[target a]\nhost\n", "\"=\" is missing", 2},
		{"[target a]\n\n[target a]\n", "target \"a\" is there twice", 3},
		{"[target a]\nhost=x\nhost=y\n", "\"host\" is there twice", 3},
		{"[prod]\n", "this is neither \"[target NAME]\" nor \"[group NAME]\"", 1},
		{"[target]\n", "this is neither \"[target NAME]\" nor \"[group NAME]\"", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file(cases[i].text);
		assert_string_equal(find((struct target_request){.target_name = "a", .config_path = path}),
		                    cases[i].summary);
		assert_int_equal(err.code, EXIT_OWN);
		assert_string_equal(err.diag.span.file, path);
		assert_int_equal(err.diag.span.line, cases[i].line);
	}
}

static void groups_are_passed_over(void **state)
{
	(void)state;
	write_file(
		"[group prod]\r\ntargets = a b\r\nparallel = 4\r\n\r\n [target a]\r\n  host = x y  \r\nenvironment=\r\n");
	assert_null(find((struct target_request){.target_name = "a", .config_path = path}));
	assert_string_equal(param("host"), "x y");
	assert_null(target.environment);
	assert_null(target.params.keywords[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(options_come_first),
		TEST(then_the_named_target),
		TEST(then_the_environment),
		TEST(a_service_keeps_its_gaps),
		TEST(then_the_url),
		TEST(the_url_is_for_postgresql),
		TEST(then_the_default_target),
		TEST(then_libpq),
		TEST(all_options_are_passed_on),
		TEST(an_unknown_target),
		TEST(mistakes_in_the_file_have_a_line),
		TEST(groups_are_passed_over),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("target", tests, make_file, remove_file);
}
