/* Names: read as SQL reads them, quoted as SQL wants them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sql/ident.h"

static int make_arena(void **state)
{
	static struct arena arena;

	*state = &arena;
	return 0;
}

static int drop_arena(void **state)
{
	arena_release(*state);
	return 0;
}

static void assert_relname(struct arena *arena, const char *text, const char *schema, const char *name)
{
	struct relname got = {0};

	assert_null(ident_parse_relname(text, arena, &got));
	assert_string_equal(got.schema, schema);
	assert_string_equal(got.name, name);
}

static void assert_refused(struct arena *arena, const char *text, const char *words)
{
	struct relname got = {0};
	const char *problem = ident_parse_relname(text, arena, &got);

	assert_non_null(problem);
	if (!strstr(problem, words))
		fail_msg("\"%s\": \"%s\" does not say \"%s\"", text, problem, words);
}

static void reads_names(void **state)
{
	assert_relname(*state, "app.orders", "app", "orders");
	assert_relname(*state, "orders", "public", "orders");
	assert_relname(*state, "APP.Orders", "app", "orders");
	assert_relname(*state, "app.\"Order Items\"", "app", "Order Items");
	assert_relname(*state, "\"a.b\".\"c\"\"d\"", "a.b", "c\"d");
	assert_relname(*state, " app . orders ", "app", "orders");
	assert_relname(*state, "straße", "public", "straße");
	assert_relname(*state, "_x$1", "public", "_x$1");
}

static void refuses_what_is_no_name(void **state)
{
	char longer[65];

	memset(longer, 'a', 64);
	longer[64] = '\0';
	assert_refused(*state, "", "empty");
	assert_refused(*state, "app.", "empty");
	assert_refused(*state, ".orders", "empty");
	assert_refused(*state, "app..orders", "empty");
	assert_refused(*state, "\"\"", "empty");
	assert_refused(*state, "a.b.c", "more than two parts");
	assert_refused(*state, "\"orders", "not closed");
	assert_refused(*state, "\"orders\"\"", "not closed");
	assert_refused(*state, "\"a\"b", "something follows");
	assert_refused(*state, "app.Order Items", "app.\"Order Items\"");
	assert_refused(*state, "bazaar-vid_message", "\"bazaar-vid_message\"");
	assert_refused(*state, "a\"b", "\"a\"\"b\"");
	assert_refused(*state, "1st", "\"1st\"");
	assert_refused(*state, "t; DROP TABLE x", "\"t; DROP TABLE x\"");
	assert_refused(*state, longer, "63 bytes");
	longer[63] = '\0';
	assert_relname(*state, longer, "public", longer);
}

static void reads_single_names(void **state)
{
	const char *name = NULL;

	assert_null(ident_parse_name("Total", *state, &name));
	assert_string_equal(name, "total");
	assert_null(ident_parse_name("\"Total.X\"", *state, &name));
	assert_string_equal(name, "Total.X");
	assert_non_null(ident_parse_name("a.b", *state, &name));
	assert_non_null(ident_parse_name("a b", *state, &name));
}

static void quotes_where_needed(void **state)
{
	const struct relname items = {"app", "Order Items"}, bare = {NULL, "user"};

	assert_string_equal(ident_quoted(*state, "orders"), "orders");
	assert_string_equal(ident_quoted(*state, "Orders"), "\"Orders\"");
	assert_string_equal(ident_quoted(*state, "order"), "\"order\"");     /* reserved */
	assert_string_equal(ident_quoted(*state, "between"), "\"between\""); /* a name of columns only */
	assert_string_equal(ident_quoted(*state, "left"), "\"left\"");       /* a name of functions and types only */
	assert_string_equal(ident_quoted(*state, "name"), "name");           /* unreserved */
	assert_string_equal(ident_quoted(*state, "a$1"), "a$1");
	assert_string_equal(ident_quoted(*state, "1a"), "\"1a\"");
	assert_string_equal(ident_quoted(*state, "é"), "\"é\"");
	assert_string_equal(ident_quoted(*state, "a\"b"), "\"a\"\"b\"");
	assert_string_equal(ident_quoted(*state, ""), "\"\"");
	assert_string_equal(relname_quoted(*state, &items), "app.\"Order Items\"");
	assert_string_equal(relname_quoted(*state, &bare), "public.\"user\"");
}

static void quotes_literals(void **state)
{
	assert_string_equal(literal_quoted(*state, ""), "''");
	assert_string_equal(literal_quoted(*state, "it's"), "'it''s'");
	assert_string_equal(literal_quoted(*state, "a\\'b"), "E'a\\\\''b'");
}

static void compares_names(void **state)
{
	const struct relname a = {"public", "t"}, b = {NULL, "t"}, c = {"app", "t"};

	(void)state;
	assert_true(relname_equal(&a, &b));
	assert_false(relname_equal(&a, &c));
}

static void derives_names(void **state)
{
	char first[80], second[80], want[80];

	assert_string_equal(ident_derived(*state, "orders", "status", "idx"), "orders_status_idx");
	assert_string_equal(ident_derived(*state, "orders", NULL, "pkey"), "orders_pkey");
	memset(first, 'a', 70);
	memset(second, 'b', 70);
	first[70] = second[70] = '\0';
	/* 63 - 5 = 58 to share: as makeObjectName() does, 29 each */
	snprintf(want, sizeof(want), "%.29s_%.29s_idx", first, second);
	assert_string_equal(ident_derived(*state, first, second, "idx"), want);
	snprintf(want, sizeof(want), "%.52s_status_idx", first);
	assert_int_equal(strlen(ident_derived(*state, first, "status", "idx")), 63);
	assert_string_equal(ident_derived(*state, first, "status", "idx"), want);
	/* é has two bytes: the 59th falls inside one */
	for (int i = 0; i < 70; i += 2)
		memcpy(first + i, "é", 2);
	assert_int_equal(strlen(ident_derived(*state, first, NULL, "idx")), 62);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_names),        cmocka_unit_test(refuses_what_is_no_name),
		cmocka_unit_test(reads_single_names), cmocka_unit_test(quotes_where_needed),
		cmocka_unit_test(quotes_literals),    cmocka_unit_test(compares_names),
		cmocka_unit_test(derives_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("ident", tests, make_arena, drop_arena);
}
