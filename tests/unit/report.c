/* The layout of messages, word for word, and the lines of JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/report.h"

static char plan_path[] = "/tmp/interlock-report-XXXXXX";
static char *text; /* what was written by the last capture */
static size_t text_length;

static int make_plan(void **state)
{
	int descriptor = mkstemp(plan_path);
	FILE *file;

	(void)state;
	if (descriptor < 0 || !(file = fdopen(descriptor, "w")))
		return -1;
	for (int line = 1; line <= 130; line++)
		fputs(line == 12    ? "\t\tdefault = \"now()\",\n"
		      : line == 128 ? "\033[31mred\n"
		                    : "-- nothing here\n",
		      file);
	return fclose(file);
}

static int drop_plan(void **state)
{
	(void)state;
	free(text);
	return unlink(plan_path);
}

static bool begins_with(const char *whole, const char *start)
{
	return strncmp(whole, start, strlen(start)) == 0;
}

static void set_style(bool json, bool color)
{
	report_init(&(struct report_style){.json = json, .color = color, .color_err = color, .target = "shop"});
}

/* A stream that report functions don't know as stdout or stderr. */
static FILE *begin(void)
{
	free(text);
	text = NULL;
	return open_memstream(&text, &text_length);
}

/* What a function writes to the descriptor, which is then as before. */
static const char *captured(int descriptor, void (*fn)(void *), void *arg)
{
	FILE *file = tmpfile(), *copy = begin();
	int before = dup(descriptor), c;

	fflush(NULL);
	dup2(fileno(file), descriptor);
	fn(arg);
	fflush(NULL);
	dup2(before, descriptor);
	close(before);
	rewind(file);
	while ((c = fgetc(file)) != EOF)
		fputc(c, copy);
	fclose(file);
	fclose(copy);
	return text;
}

static void call_err(void *err)
{
	report_err(err);
}

static struct diag *sample(struct diags *diags, int line)
{
	struct diag *diag = diags_add(diags, SEVERITY_ERROR, "add-column-volatile-default",
	                              (struct span){plan_path, line}, "\"default = now()\" would rewrite app.users");

	diag_detail(&diags->arena, diag, "a volatile default is computed for every existing row");
	diag_help(&diags->arena, diag, "leave the default out here");
	return diag;
}

static const char *printed(const struct diag *diag)
{
	FILE *to = begin();

	report_diag(to, diag);
	fclose(to);
	return text;
}

static void a_finding_shows_its_line(void **state)
{
	struct diags diags = {0};
	char wanted[512];

	(void)state;
	set_style(false, false);
	snprintf(wanted, sizeof(wanted),
	         "error[add-column-volatile-default]: \"default = now()\" would rewrite app.users\n"
	         "  --> %s:12\n"
	         "   |\n"
	         "12 |         default = \"now()\",\n"
	         "   = a volatile default is computed for every existing row\n"
	         "   = help: leave the default out here\n",
	         plan_path);
	assert_string_equal(printed(sample(&diags, 12)), wanted);
	diags_release(&diags);
}

static void longer_numbers_move_the_gutter(void **state)
{
	struct diags diags = {0};
	struct diag *diag = diags_add(&diags, SEVERITY_WARNING, NULL, (struct span){plan_path, 128}, "two\nlines");
	char wanted[256];

	(void)state;
	set_style(false, false);
	diag_detail(&diags.arena, diag, "first\nsecond");
	snprintf(wanted, sizeof(wanted),
	         "warning: two\n  lines\n"
	         "   --> %s:128\n"
	         "    |\n"
	         "128 | ?[31mred\n"
	         "    = first\n"
	         "      second\n",
	         plan_path);
	assert_string_equal(printed(diag), wanted);
	diags_release(&diags);
}

static void a_chain_names_all_places(void **state)
{
	struct span chain[] = {{"lib/keys.lua", 7}, {"plans/a.lua", 3}};
	struct diags diags = {0};
	struct diag *diag = diags_add(&diags, SEVERITY_NOTE, NULL, (struct span){"no/such/file.lua", 9}, "look");

	(void)state;
	set_style(false, false);
	diag_chain(&diags.arena, diag, chain, 2);
	assert_string_equal(printed(diag), "note: look\n"
	                                   "  --> no/such/file.lua:9\n"
	                                   "  called from lib/keys.lua:7\n"
	                                   "  called from plans/a.lua:3\n");
	diags_release(&diags);
}

static void findings_are_counted(void **state)
{
	struct diags diags = {0};
	FILE *to = begin();

	(void)state;
	set_style(false, false);
	diags_add(&diags, SEVERITY_ERROR, NULL, (struct span){0}, "one");
	diags_add(&diags, SEVERITY_WARNING, "cascade", (struct span){0}, "two");
	diags_add(&diags, SEVERITY_WARNING, NULL, (struct span){0}, "three");
	report_diags(to, &diags);
	fclose(to);
	assert_string_equal(text, "error: one\n\nwarning[cascade]: two\n\nwarning: three\n\n1 error, 2 warnings\n");
	diags_release(&diags);
}

static void a_failed_step_shows_what_the_server_said(void **state)
{
	struct err err = {0};

	(void)state;
	set_style(false, false);
	err_set(&err, EXIT_STEP, "phase \"switch\", step 1 of 1  rename_swap app.orders <-> app.orders_v2");
	strcpy(err.sqlstate, "55P03");
	err_at(&err, (struct span){plan_path, 12});
	err_detail(&err, "blocked by pid 8812");
	err_help(&err, "run again later");
	err.diag.sql = "LOCK TABLE app.orders";
	captured(STDERR_FILENO, call_err, &err);
	assert_true(
		begins_with(text, "failed: phase \"switch\", step 1 of 1  rename_swap app.orders <-> app.orders_v2\n"));
	assert_null(strstr(text, "default =")); /* the summary says what it was; the file may be another by now */
	assert_non_null(strstr(text, ":12\n"
	                             "   = server: 55P03 lock not available\n"
	                             "   = blocked by pid 8812\n"
	                             "   = statement: LOCK TABLE app.orders\n"
	                             "   = help: run again later\n"));
	err_release(&err);
}

static void a_code_that_was_named_is_not_repeated(void **state)
{
	struct err err = {0};

	(void)state;
	set_style(false, false);
	err_set(&err, EXIT_STEP, "lock");
	strcpy(err.sqlstate, "55P03");
	err_detail(&err, "server: 55P03 lock not available; 600 attempts in 10 min");
	assert_string_equal(captured(STDERR_FILENO, call_err, &err),
	                    "failed: lock\n   = server: 55P03 lock not available; 600 attempts in 10 min\n");
	strcpy(err.sqlstate, "22ZZZ");
	assert_non_null(strstr(captured(STDERR_FILENO, call_err, &err), "   = server: 22ZZZ data exception\n"));
	err_release(&err);
}

static void other_errors_say_error(void **state)
{
	struct err err = {0};

	(void)state;
	set_style(false, false);
	err_set(&err, EXIT_OWN, "cannot read \"x\"");
	assert_string_equal(captured(STDERR_FILENO, call_err, &err), "error: cannot read \"x\"\n");
	err.diag.rule = "conflict";
	err.code = EXIT_STEP;
	assert_string_equal(captured(STDERR_FILENO, call_err, &err), "error[conflict]: cannot read \"x\"\n");
	err.diag.summary = NULL;
	assert_string_equal(captured(STDERR_FILENO, call_err, &err), "");
	err_release(&err);
}

static void colors_come_only_where_wanted(void **state)
{
	struct err err = {0};

	(void)state;
	set_style(false, true);
	err_set(&err, EXIT_OWN, "x");
	assert_string_equal(captured(STDERR_FILENO, call_err, &err), "\033[1m\033[31merror\033[0m\033[1m:\033[0m x\n");
	err_release(&err);
}

static bool wants(const char *no_color, const char *pg_color, struct cli_options options, bool terminal)
{
	unsetenv("NO_COLOR");
	unsetenv("PG_COLOR");
	setenv("TERM", "xterm", 1);
	if (no_color)
		setenv("NO_COLOR", no_color, 1);
	if (pg_color)
		setenv("PG_COLOR", pg_color, 1);
	return report_wants_color(&options, terminal);
}

static void colors_are_decided_in_order(void **state)
{
	struct cli_options none = {0}, plain = {.plain = true, .color = COLOR_ALWAYS},
					   always = {.color = COLOR_ALWAYS}, never = {.color = COLOR_NEVER};

	(void)state;
	assert_true(wants(NULL, NULL, none, true));
	assert_false(wants(NULL, NULL, none, false));
	assert_false(wants("1", "always", none, true));
	assert_true(wants("", "always", none, false));
	assert_false(wants(NULL, "never", none, true));
	assert_true(wants(NULL, "auto", none, true));
	assert_true(wants("1", "never", always, false));
	assert_false(wants(NULL, "always", never, true));
	assert_false(wants(NULL, "always", plain, true));
	setenv("TERM", "dumb", 1);
	unsetenv("PG_COLOR");
	assert_false(report_wants_color(&none, true));
}

static void call_diag(void *diag)
{
	report_diag(stdout, diag);
}

static void call_diags(void *diags)
{
	report_diags(stdout, diags);
}

/* The line of that number, from 0, of what was captured; the caller releases it. */
static json_t *line_of_json(int number)
{
	const char *line = text;

	while (number--)
		line = strchr(line, '\n') + 1;
	return json_loadb(line, strcspn(line, "\n"), 0, NULL);
}

static void json_begins_with_the_version(void **state)
{
	struct diags diags = {0};
	json_t *version, *line;

	(void)state;
	set_style(true, false);
	captured(STDOUT_FILENO, call_diag, sample(&diags, 12));
	assert_true(begins_with(text, "{\"type\":\"version\",\"format\":1,\"tool\":\"interlock\","));
	version = line_of_json(0);
	assert_non_null(json_object_get(version, "version"));
	line = line_of_json(1);
	assert_string_equal(json_string_value(json_object_get(line, "type")), "diagnostic");
	assert_string_equal(json_string_value(json_object_get(line, "severity")), "error");
	assert_string_equal(json_string_value(json_object_get(line, "rule")), "add-column-volatile-default");
	assert_string_equal(json_string_value(json_object_get(line, "file")), plan_path);
	assert_int_equal(json_integer_value(json_object_get(line, "line")), 12);
	assert_int_equal(json_array_size(json_object_get(line, "detail")), 1);
	assert_string_equal(json_string_value(json_object_get(line, "help")), "leave the default out here");
	assert_true(json_is_null(json_object_get(line, "sql")));
	assert_int_equal(json_array_size(json_object_get(line, "call_chain")), 0);
	assert_string_equal(json_string_value(json_object_get(line, "target")), "shop");
	json_decref(version);
	json_decref(line);
	diags_release(&diags);
}

static void json_counts_and_survives_strange_bytes(void **state)
{
	struct diags diags = {0};
	json_t *line;

	(void)state;
	set_style(true, false);
	diags_add(&diags, SEVERITY_ERROR, NULL, (struct span){0}, "caf\xE9");
	captured(STDOUT_FILENO, call_diags, &diags);
	line = line_of_json(0); /* the version was written once already */
	assert_string_equal(json_string_value(json_object_get(line, "summary")), "caf?");
	assert_true(json_is_null(json_object_get(line, "file")));
	json_decref(line);
	line = line_of_json(1);
	assert_string_equal(json_string_value(json_object_get(line, "type")), "summary");
	assert_int_equal(json_integer_value(json_object_get(line, "errors")), 1);
	json_decref(line);
	diags_release(&diags);
}

static void json_says_why_it_failed(void **state)
{
	struct err err = {0};
	json_t *line;

	(void)state;
	set_style(true, false);
	err_set(&err, EXIT_STEP, "nothing but trouble");
	strcpy(err.sqlstate, "40P01");
	err.diag.sql = "SELECT 1";
	captured(STDOUT_FILENO, call_err, &err);
	line = line_of_json(0);
	assert_string_equal(json_string_value(json_object_get(line, "type")), "failed");
	assert_int_equal(json_integer_value(json_object_get(line, "exit_code")), 3);
	assert_string_equal(json_string_value(json_object_get(line, "sqlstate")), "40P01");
	assert_string_equal(json_string_value(json_object_get(line, "sql")), "SELECT 1");
	assert_string_equal(json_string_value(json_array_get(json_object_get(line, "detail"), 0)),
	                    "server: 40P01 deadlock detected");
	json_decref(line);
	err_release(&err);
}

static void nobody_is_asked_without_a_terminal(void **state)
{
	struct err err = {0};

	(void)state;
	set_style(false, false);
	assert_false(report_ask(NULL, "drop app.orders?", "--yes", true, &err));
	assert_int_equal(err.code, EXIT_CONFIRM);
	assert_string_equal(err.diag.help, "add --yes");
	err_release(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finding_shows_its_line),
		cmocka_unit_test(longer_numbers_move_the_gutter),
		cmocka_unit_test(a_chain_names_all_places),
		cmocka_unit_test(findings_are_counted),
		cmocka_unit_test(a_failed_step_shows_what_the_server_said),
		cmocka_unit_test(a_code_that_was_named_is_not_repeated),
		cmocka_unit_test(other_errors_say_error),
		cmocka_unit_test(colors_come_only_where_wanted),
		cmocka_unit_test(colors_are_decided_in_order),
		cmocka_unit_test(json_begins_with_the_version),
		cmocka_unit_test(json_counts_and_survives_strange_bytes),
		cmocka_unit_test(json_says_why_it_failed),
		cmocka_unit_test(nobody_is_asked_without_a_terminal),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_plan, drop_plan);
}
