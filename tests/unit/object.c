/* Objects as COMMENT ON names them: read, written again, and nothing else let through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sql/object.h"

static int make_arena(void **state)
{
	*state = calloc(1, sizeof(struct arena));
	return *state ? 0 : -1;
}

static int drop_arena(void **state)
{
	arena_release(*state);
	free(*state);
	return 0;
}

static struct sql_object read_object(struct arena *arena, const char *text)
{
	struct sql_object object = {0};
	struct err err = {0};

	if (!sql_parse_object(text, arena, &object, &err))
		fail_msg("%s: %s", text, err.diag.summary);
	err_release(&err);
	return object;
}

static void writes_what_it_reads(void **state)
{
	static const struct {
		const char *text, *written;
	} objects[] = {
		{"table app.users", "TABLE app.users"},
		{"TABLE Users", "TABLE public.users"},
		{"table \"Order Items\" -- x", "TABLE public.\"Order Items\""},
		{"foreign table app.f", "FOREIGN TABLE app.f"},
		{"view app.v", "VIEW app.v"},
		{"materialized  view app.m", "MATERIALIZED VIEW app.m"},
		{"index users_name_idx", "INDEX public.users_name_idx"},
		{"sequence app.\"s\"\"q\"", "SEQUENCE app.\"s\"\"q\""},
		{"column users.email", "COLUMN public.users.email"},
		{"column app.users.\"E-mail\"", "COLUMN app.users.\"E-mail\""},
		{"column app.\"a.b\".c", "COLUMN app.\"a.b\".c"},
		{"constraint positive on app.orders", "CONSTRAINT positive ON app.orders"},
		{"constraint positive on domain app.amount", "CONSTRAINT positive ON DOMAIN app.amount"},
		{"trigger t on users", "TRIGGER t ON public.users"},
		{"policy mine on app.users", "POLICY mine ON app.users"},
		{"rule r on app.v", "RULE r ON app.v"},
		{"type app.status", "TYPE app.status"},
		{"type status", "TYPE public.status"},
		{"domain app.amount", "DOMAIN app.amount"},
		{"function app.f()", "FUNCTION app.f()"},
		{"function f", "FUNCTION public.f"},
		{"function f(a int, variadic text[])", "FUNCTION public.f(pg_catalog.int4, text[])"},
		{"function f(app.status, numeric(10, 2))", "FUNCTION public.f(app.status, pg_catalog.\"numeric\")"},
		{"procedure app.p(\"My Type\")", "PROCEDURE app.p(\"My Type\")"},
		{"statistics app.s", "STATISTICS app.s"},
		{"schema app", "SCHEMA app"},
		{"schema \"Select\"", "SCHEMA \"Select\""},
		{"extension hstore", "EXTENSION hstore"},
	};

	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		struct sql_object object = read_object(*state, objects[i].text), again;

		assert_string_equal(object_written(*state, &object), objects[i].written);
		again = read_object(*state, objects[i].written);
		assert_string_equal(object_written(*state, &again), objects[i].written);
	}
}

static void takes_it_apart(void **state)
{
	struct sql_object object = read_object(*state, "column app.\"Order Items\".id");

	assert_int_equal(object.kind, OBJECT_COLUMN);
	assert_string_equal(object.schema, "app");
	assert_string_equal(object.name, "Order Items");
	assert_string_equal(object.member, "id");
	object = read_object(*state, "constraint c on domain d");
	assert_int_equal(object.kind, OBJECT_DOMAIN_CONSTRAINT);
	assert_string_equal(object.name, "d");
	assert_string_equal(object.member, "c");
	object = read_object(*state, "schema app");
	assert_null(object.schema);
	assert_null(object.member);
	assert_false(read_object(*state, "function f").has_types);
	assert_true(read_object(*state, "function f()").has_types);
	assert_int_equal(read_object(*state, "function f(int, text)").type_count, 2);
}

static void lets_nothing_else_through(void **state)
{
	static const char *const texts[] = {
		"",
		"app.users",
		"users table",
		"table",
		"table app.users is 'x'",
		"table a is null; drop table b; comment on table c",
		"table a; drop table b",
		"table a is null --",
		"table a /*",
		"table \"a",
		"table a.b.c",
		"table a, b",
		"column email",
		"column a.b.c.d",
		"constraint c",
		"constraint c on a.b.c",
		"type varchar(20)",
		"type app.status[]",
		"domain setof app.d",
		"function f(users.id%type)",
		"function f(setof int)",
		"function a.b.f(int)",
		"role postgres",
		"database shop",
		"aggregate sum(int)",
		"cast (int as text)",
		"operator +(int, int)",
		"table a234567890123456789012345678901234567890123456789012345678901234",
		NULL,
	};

	for (const char *const *text = texts; *text; text++) {
		struct sql_object object;
		struct err err = {0};

		if (sql_parse_object(*text, *state, &object, &err))
			fail_msg("accepted: %s", *text);
		assert_non_null(err.diag.summary);
		err_release(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(takes_it_apart),
		cmocka_unit_test(lets_nothing_else_through),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("object", tests, make_arena, drop_arena);
}
