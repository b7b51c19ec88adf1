/* psql's variables in texts of a plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sql/interpolate.h"

static const char *value_of(const char *name, void *context)
{
	static const char *const values[][2] = {
		{"t", "app.orders"},
		{"column", "Total"},
		{"quoted", "\"Order Items\""},
		{"mixed", "Order Items"},
		{"text", "it's"},
		{"slash", "a\\b"},
		{"evil", "x; DROP TABLE y"},
		{"empty", ""},
		{"inch", "5\" disk"},
		{"far", "app.\"Order Items\""},
		{"order", "order"},
		{"three", "a.b.c"},
		{"bob", "'; DROP TABLE x; --"},
	};

	(void)context;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (strcmp(values[i][0], name) == 0)
			return values[i][1];
	return NULL;
}

static void assert_becomes(const char *text, const char *want)
{
	struct arena arena = {0};
	struct err err = {0};
	const char *got = NULL;

	if (!sql_interpolate(text, value_of, NULL, &arena, &got, &err))
		fail_msg("%s: %s", text, err.diag.summary);
	assert_string_equal(got, want);
	arena_release(&arena);
}

static void assert_refused(const char *text, const char *words, int position)
{
	struct arena arena = {0};
	struct err err = {0};
	const char *got = NULL;

	assert_false(sql_interpolate(text, value_of, NULL, &arena, &got, &err));
	if (!strstr(err.diag.summary, words))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, err.diag.summary, words);
	assert_int_equal(err.position, position);
	err_release(&err);
	arena_release(&arena);
}

static void replaces(void **state)
{
	(void)state;
	assert_becomes("SELECT 1", "SELECT 1");
	assert_becomes("", "");
	assert_becomes("SELECT :column FROM :t", "SELECT total FROM app.orders");
	assert_becomes("FROM :\"mixed\"", "FROM \"Order Items\"");
	assert_becomes("FROM :quoted", "FROM \"Order Items\"");
	assert_becomes(":order", "\"order\"");
	assert_becomes("x = :'text'", "x = 'it''s'");
	assert_becomes("x = :'slash'", "x = E'a\\\\b'");
	assert_becomes("x = :'empty'::text", "x = ''::text");
	assert_becomes("x=:'bob'", "x='''; DROP TABLE x; --'");
	assert_becomes(":\"evil\"", "\"x; DROP TABLE y\"");
	assert_becomes(":\"inch\"", "\"5\"\" disk\""); /* a quote that is a part of the name */
}

static void leaves_the_rest_alone(void **state)
{
	static const char *const texts[] = {
		"':t' \":t\" -- :t\n /* :t /* :t */ :t */",
		"$$ :t $$ $x$ $$ :t $x$",
		"E'\\':t' e'a''\\':t'",
		"E'a'\n'\\':t'",
		"x::t",
		"f(a := 1, b => 2)",
		"a[1:2] a[: 2]",
		": t :",
		":{?t}",
		"a$t$:",
		"'not closed :t",
		"$$ not closed :t",
		"/* not closed :t",
		":'t",
		":\"\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_becomes(texts[i], texts[i]);
	assert_becomes("$1 :column", "$1 total");
	assert_becomes("'\\' :column", "'\\' total");
	assert_becomes("x:::column", "x::total");
	assert_becomes("-- :t\n:column", "-- :t\ntotal");
	assert_becomes("$t$:t$t$:column", "$t$:t$t$ total");
}

static void keeps_values_apart(void **state)
{
	(void)state;
	assert_becomes("'a':'text'", "'a' 'it''s'");
	assert_becomes(":'text':'text'", "'it''s' 'it''s'");
	assert_becomes(":'text''b'", "'it''s' 'b'");
	assert_becomes("e:'text'", "e 'it''s'");
	assert_becomes("x_:column", "x_ total");
	assert_becomes(":\"mixed\":\"mixed\"", "\"Order Items\" \"Order Items\"");
	assert_becomes("u&:'text'", "u& 'it''s'");
	assert_becomes("app.:column,:column)", "app.total,total)");
}

static void refuses(void **state)
{
	(void)state;
	assert_refused("SELECT :nix", "no value for :nix", 8);
	assert_refused("SELECT :'nix'", "no value for :'nix'", 8);
	assert_refused("é :nix", "no value for :nix", 3);
	assert_refused("FROM :evil", "the value of :evil is no table or column", 6);
	assert_refused("FROM :mixed", "the value of :mixed is no table or column", 6);
	assert_refused("FROM :\"quoted\"", "the value of :\"quoted\" has quotes already: \"Order Items\"", 6);
	assert_refused(":\"far\"", "has quotes already: app.\"Order Items\"", 1);
	assert_refused(":three", "no table or column", 1);
	assert_refused(":empty", "no table or column", 1);
	assert_refused(":\"empty\"", "cannot be a name", 1);
}

static void names_the_other_forms(void **state)
{
	struct arena arena = {0};
	struct err err = {0};
	const char *got;

	(void)state;
	assert_false(sql_interpolate(":mixed", value_of, NULL, &arena, &got, &err));
	assert_non_null(strstr(err.diag.help, ":'mixed'"));
	assert_non_null(strstr(err.diag.help, ":\"mixed\""));
	err_release(&err);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces), cmocka_unit_test(leaves_the_rest_alone), cmocka_unit_test(keeps_values_apart),
		cmocka_unit_test(refuses),  cmocka_unit_test(names_the_other_forms),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("interpolate", tests, NULL, NULL);
}
