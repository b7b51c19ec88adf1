/* Finding the line of an option again: what counts as one, and what only looks like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan/locate.h"

static char path[] = "/tmp/interlock-locate-XXXXXX";

static int make_file(void **state)
{
	(void)state;
	return close(mkstemp(path));
}

static int drop_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_source(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* The line of the option of a call on that line. */
static int line_of(int line, const char *name)
{
	struct span span = locate_option((struct span){path, line}, name, NULL, 0);

	assert_string_equal(span.file, path);
	return span.line;
}

/* The line of a character of the option's value. */
static int line_inside(int line, const char *name, const char *text, int position)
{
	return locate_option((struct span){path, line}, name, text, position).line;
}

static void options_of_one_line_and_of_several(void **state)
{
	(void)state;
	write_source("plan \"a\" {\n"
	             "  phase \"expand\" {\n"
	             "    add_column { table = \"a\", column = \"b\" },\n"
	             "    add_column {\n"
	             "      table = \"c\",\n"
	             "      column\n"
	             "        = \"d\",\n"
	             "      type=\"text\"; default = \"1\",\n"
	             "    },\n"
	             "  },\n"
	             "}\n");
	assert_int_equal(line_of(3, "table"), 3);
	assert_int_equal(line_of(3, "column"), 3);
	assert_int_equal(line_of(4, "table"), 5);
	assert_int_equal(line_of(4, "column"), 6);
	assert_int_equal(line_of(4, "type"), 8);
	assert_int_equal(line_of(4, "default"), 8);
}

static void what_is_not_there_is_at_the_call(void **state)
{
	(void)state;
	write_source("add_column { table = \"a\" }\n"
	             "add_index {\n"
	             "  columns = \"b\",\n"
	             "}\n");
	assert_int_equal(line_of(1, "columns"), 1);
	assert_int_equal(line_of(2, "table"), 2);
	assert_int_equal(line_of(2, "column"), 2);
	assert_int_equal(line_of(2, "olumns"), 2);
	assert_int_equal(line_of(99, "columns"), 99);
}

static void a_file_that_is_gone_changes_nothing(void **state)
{
	struct span span = locate_option((struct span){"/nonexistent/plan.lua", 7}, "table", NULL, 0);

	(void)state;
	assert_int_equal(span.line, 7);
	assert_string_equal(span.file, "/nonexistent/plan.lua");
	assert_int_equal(locate_option((struct span){NULL, 0}, "table", NULL, 0).line, 0);
}

static void tables_inside_are_passed_over(void **state)
{
	(void)state;
	write_source("parallel_table {\n"
	             "  copy = { id = \"id\",\n"
	             "    shadow = { live = \"x\" },\n"
	             "  },\n"
	             "  values = list({ live = 1 }, f { shadow = 2 }),\n"
	             "  live = \"app.orders\",\n"
	             "  shadow = \"app.orders_v2\",\n"
	             "}\n");
	assert_int_equal(line_of(1, "live"), 6);
	assert_int_equal(line_of(1, "shadow"), 7);
	assert_int_equal(line_of(1, "id"), 1);
}

static void braces_in_parentheses(void **state)
{
	(void)state;
	write_source("add_column({\n"
	             "  table = f(\"(\", { column = 1 }),\n"
	             "  column = \"b\",\n"
	             "})\n"
	             "add_column (\n"
	             "  {\n"
	             "    column = \"b\" } )\n");
	assert_int_equal(line_of(1, "table"), 2);
	assert_int_equal(line_of(1, "column"), 3);
	assert_int_equal(line_of(5, "column"), 7);
}

static void comments_are_passed_over(void **state)
{
	(void)state;
	write_source("add_column { -- type = \"x\" {\n"
	             "  --[[ type = \"y\",\n"
	             "  type = \"z\" } ]]\n"
	             "  --[==[ ]] type = 1\n"
	             "  ]==]\n"
	             "  --[ type = 2\n"
	             "  ---[[ type = 3\n"
	             "  type = \"text\", -- ]]\n"
	             "}\n");
	assert_int_equal(line_of(1, "type"), 8);
}

static void strings_are_passed_over(void **state)
{
	(void)state;
	write_source("sql_step {\n"
	             "  sql = \"UPDATE a SET undo = 1 } \\\" undo = \",\n"
	             "  reason = 'undo = \"it\\'s\" }\\\\',\n"
	             "  note = \"two \\\n"
	             "undo = lines\",\n"
	             "  text = [[ undo = 1 }\n"
	             "    undo = ]=]   undo = 2 ]],\n"
	             "  more = [==[ ]]     undo = 3\n"
	             "    ]=] ]==],\n"
	             "  undo = false,\n"
	             "}\n");
	assert_int_equal(line_of(1, "undo"), 10);
	assert_int_equal(line_of(1, "reason"), 3);
	assert_int_equal(line_of(1, "more"), 8);
}

static void names_are_whole_and_assigned(void **state)
{
	(void)state;
	write_source("add_column {\n"
	             "  subtype = 1, type_of = 2, type2 = 3,\n"
	             "  nullable = type == \"x\",\n"
	             "  column = x.type,\n"
	             "  default = f(type, x.type),\n"
	             "  [x.type] = 5,\n"
	             "  type = \"text\",\n"
	             "}\n");
	assert_int_equal(line_of(1, "type"), 7);
}

static void indexes_are_no_long_brackets(void **state)
{
	(void)state;
	write_source("add_column {\n"
	             "  table = names[1], column = names[ [[b]] ], [\"odd\"] = 1,\n"
	             "  type = t[\"type = \"],\n"
	             "}\n");
	assert_int_equal(line_of(1, "type"), 3);
}

static void lines_inside_a_long_bracket(void **state)
{
	(void)state;
	write_source("sql_step {\n"
	             "  undo = false,\n"
	             "  sql = [[ SELECT 1;\n"
	             "    SELECT 2;\n"
	             "    SELEC 3 ]],\n"
	             "}\n"
	             "sql_step { undo =\n"
	             "  [==[\n"
	             "SELECT 1;\n"
	             "SELEC 2 ]==] }\n");
	assert_int_equal(line_inside(1, "sql", " SELECT 1;\n    SELECT 2;\n    SELEC 3 ", 2), 3);
	assert_int_equal(line_inside(1, "sql", " SELECT 1;\n    SELECT 2;\n    SELEC 3 ", 11), 3);
	assert_int_equal(line_inside(1, "sql", " SELECT 1;\n    SELECT 2;\n    SELEC 3 ", 12), 4);
	assert_int_equal(line_inside(1, "sql", " SELECT 1;\n    SELECT 2;\n    SELEC 3 ", 30), 5);
	assert_int_equal(line_inside(7, "undo", "SELECT 1;\nSELEC 2 ", 1), 9);
	assert_int_equal(line_inside(7, "undo", "SELECT 1;\nSELEC 2 ", 11), 10);
	assert_int_equal(line_inside(1, "sql", " SELECT 1;\n    SELECT 2;\n    SELEC 3 ", 0), 3);
	assert_int_equal(line_inside(1, "sql", NULL, 30), 3);
	assert_int_equal(line_inside(1, "sql", " SELECT 1;\n", 1000), 4);
}

static void lines_inside_other_values_are_those_of_the_value(void **state)
{
	(void)state;
	write_source("sql_step {\n"
	             "  sql = \"SELECT 1;\\n SELEC 2\",\n"
	             "  undo =\n"
	             "    made_of(parts),\n"
	             "}\n");
	assert_int_equal(line_inside(1, "sql", "SELECT 1;\n SELEC 2", 12), 2);
	assert_int_equal(line_inside(1, "undo", "SELECT 1;\nSELEC 2", 12), 4);
}

/* PostgreSQL counts characters, not bytes. */
static void positions_are_characters(void **state)
{
	const char *text = "\nSELECT 'äöüß€';\nSELEC 2";

	(void)state;
	write_source("sql_step { sql = [[\n"
	             "\n"
	             "SELECT 'äöüß€';\n"
	             "SELEC 2]] }\n");
	assert_int_equal(line_inside(1, "sql", text, 2), 3);
	assert_int_equal(line_inside(1, "sql", text, 17), 3);
	assert_int_equal(line_inside(1, "sql", text, 18), 4);
}

/* Lua reads a carriage return and a line feed as one line feed. */
static void carriage_returns(void **state)
{
	(void)state;
	write_source("sql_step {\r\n"
	             "  undo = false,\r\n"
	             "  sql = [[\r\n"
	             "SELECT 1;\r\n"
	             "SELEC 2]],\r\n"
	             "}\r\n");
	assert_int_equal(line_of(1, "sql"), 3);
	assert_int_equal(line_inside(1, "sql", "SELECT 1;\nSELEC 2", 1), 4);
	assert_int_equal(line_inside(1, "sql", "SELECT 1;\nSELEC 2", 11), 5);
}

static void sources_that_end_anywhere(void **state)
{
	static const char whole[] = "s { a = 'x\\', --[=[ ]] \n b = [==[ ]=] ]==], c = \"\\\"\" }";
	char part[sizeof(whole)];

	(void)state;
	for (size_t length = 0; length < sizeof(whole); length++) {
		int line;

		memcpy(part, whole, length);
		part[length] = '\0';
		write_source(part);
		line = line_of(1, "zzz");
		assert_int_equal(line, 1);
		line = line_inside(1, "a", "x", 1);
		assert_int_equal(line, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_of_one_line_and_of_several),
		cmocka_unit_test(what_is_not_there_is_at_the_call),
		cmocka_unit_test(a_file_that_is_gone_changes_nothing),
		cmocka_unit_test(tables_inside_are_passed_over),
		cmocka_unit_test(braces_in_parentheses),
		cmocka_unit_test(comments_are_passed_over),
		cmocka_unit_test(strings_are_passed_over),
		cmocka_unit_test(names_are_whole_and_assigned),
		cmocka_unit_test(indexes_are_no_long_brackets),
		cmocka_unit_test(lines_inside_a_long_bracket),
		cmocka_unit_test(lines_inside_other_values_are_those_of_the_value),
		cmocka_unit_test(positions_are_characters),
		cmocka_unit_test(carriage_returns),
		cmocka_unit_test(sources_that_end_anywhere),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("locate", tests, make_file, drop_file);
}
