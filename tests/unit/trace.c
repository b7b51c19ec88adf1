/* From what the server says of a statement back to the author's text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sql/trace.h"

/* The rest of the text from where the marked word of the statement is found in it; "" where it is not. */
static const char *traced(const char *text, const char *sent, const char *word)
{
	const char *at = word ? strstr(sent, word) : NULL;
	size_t common;
	int found = sql_trace(text, sent, at ? (int)(at - sent) + 1 : 0, &common);

	return found ? text + found - 1 : "";
}

static void other_spacing_and_case(void **state)
{
	(void)state;
	assert_string_equal(
		traced("SELECT id,\n  nik\nFROM users", "create view v as select id, nik from users", "nik"),
		"nik\nFROM users");
	assert_string_equal(traced("a > 0 AND\n  b > 0", "ALTER TABLE t ADD CHECK (a > 0 and b > 0)", "> 0)"), "> 0");
	assert_string_equal(traced("-- b\nb", "ALTER TABLE t ADD CHECK (b)", "b)"), "b");
}

static void quotes_of_names_make_no_difference(void **state)
{
	(void)state;
	assert_string_equal(traced("user_id bigint REFERENCES app.user", "app.\"user\"", NULL), "app.user");
	assert_string_equal(traced("x = 'user'", "\"user\"", NULL), "");
}

static void the_longest_run_is_meant(void **state)
{
	(void)state;
	assert_string_equal(traced("id = 1 OR id = 2", "select id = 2", "id"), "id = 2");
}

static void a_statement_inside_the_text(void **state)
{
	(void)state;
	assert_string_equal(traced("DROP VIEW a;\nDROP VIEW b", "drop view b", NULL), "DROP VIEW b");
	assert_string_equal(traced("DROP VIEW a", "drop view a cascade", NULL), "");
}

static void chance_is_not_enough(void **state)
{
	(void)state;
	assert_string_equal(traced("lower(nick) = 'a'", "create index i on app.nick (email)", "nick"), "");
	assert_string_equal(traced("nick", "create index i on app.users (nick)", "nick"), "nick");
	assert_string_equal(traced("", "select 1", "1"), "");
	assert_string_equal(traced("select 1", "", NULL), "");
	assert_string_equal(traced("'no end", "select 'no end'", "'no"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_spacing_and_case),   cmocka_unit_test(quotes_of_names_make_no_difference),
		cmocka_unit_test(the_longest_run_is_meant), cmocka_unit_test(a_statement_inside_the_text),
		cmocka_unit_test(chance_is_not_enough),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
