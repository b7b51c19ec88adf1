/* What is said about a plan file that is wrong: the rule, the words, the place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "load_world.h"

/* A problem: what the file says, then what must be said about it. */
struct problem {
	const char *text, *rule, *summary;
	int line;
	const char *help;         /* a part of it, or NULL */
	const char *name, *value; /* --set */
};

static void check_problem(const struct problem *problem)
{
	const struct diag *diag;

	put_file("plan.lua", problem->text);
	load_path("plan.lua", problem->name, problem->value);
	diag = last.diags.first;
	if (last.ok || !diag)
		fail_msg("no diagnostic for: %s", problem->text);
	assert_null(last.raw);
	assert_string_equal(diag->rule, problem->rule);
	assert_string_equal(diag->summary, problem->summary);
	assert_string_equal(diag->span.file, "plan.lua");
	assert_int_equal(diag->span.line, problem->line);
	if (problem->help && (!diag->help || !strstr(diag->help, problem->help)))
		fail_msg("help of \"%s\": %s", diag->summary, diag->help ? diag->help : "none");
}

static void check_problems(const struct problem *problems, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_problem(&problems[i]);
}
#define CHECK(problems) check_problems(problems, sizeof(problems) / sizeof(*(problems)))

static void merge_problems(void **state)
{
	static const struct problem problems[] = {
		{"plan 'x' {\n phase 'a' { },\n gate 'a' { },\n phase 'a' { } }", "duplicate-block",
	     "phase \"a\" stands twice", 4, "different labels", 0, 0},
		{"plan 'x' { safety_period '1 day' { },\n gate 'g' { }, safety_period '1 day' { } }", "duplicate-block",
	     "safety_period \"1 day\" stands twice", 2, NULL, 0, 0},
		{"plan 'x' {\n fragment { gate 'g' { at_least = '9.0' } },\n fragment { gate 'g' { at_least = '9.1' } } }",
	     "fragment-settings", "gate \"g\" is given two values of \"at_least\"", 3, "same value", 0, 0},
		{"plan 'x' {\n fragment { name = 'one', phase 'a' { }, phase 'b' { } },\n"
	     " fragment { phase 'b' { }, phase 'a' { } } }",
	     "fragment-order", "\"one\" and the fragment at plan.lua:3 put the same blocks into different orders", 3,
	     NULL, 0, 0},
		{"plan 'x' {\n fragment { name = 'one', phase 'a' { }, phase 'b' { } },\n"
	     " fragment { name = 'two', phase 'b' { }, phase 'c' { } },\n"
	     " fragment { name = 'three', phase 'c' { }, phase 'a' { } } }",
	     "fragment-order", "\"two\" and \"three\" put the same blocks into different orders", 4, NULL, 0, 0},
		{"plan 'x' { phase 'b' { }, phase 'a' { },\n fragment { name = 'one', phase 'a' { }, phase 'b' { } } }",
	     "fragment-order", "the plan itself and \"one\" put the same blocks into different orders", 2, NULL, 0, 0},
	};

	(void)state;
	CHECK(problems);
	check_problem(&problems[0]);
	assert_string_equal(last.diags.first->details[0], "the first is at plan.lua:2");
}

static void form_problems(void **state)
{
	static const struct problem problems[] = {
		{"local x = 1\n", "no-plan", "the file holds no plan", 1, "plan \"name\"", 0, 0},
		{"\nplan 'x'", "no-plan", "plan \"x\" has no braces", 2, "plan \"x\" { … }", 0, 0},
		{"plan 'x' { }\nplan 'y' { }", "two-plans", "the file holds two plans", 2, NULL, 0, 0},
		{"plan 'x' {\n gate 'go',\n phase 'a' { } }", "gate-without-braces", "gate \"go\" has no braces", 2,
	     "gate \"go\" { … }", 0, 0},
		{"plan 'x' { phase 'a' }", "gate-without-braces", "phase \"a\" has no braces", 1, NULL, 0, 0},
		{"plan 'x' { approval 'a' }", "gate-without-braces", "approval \"a\" has no braces", 1, NULL, 0, 0},
		{"plan 'x' { safety_period '1 day' }", "gate-without-braces", "safety_period \"1 day\" has no braces", 1,
	     NULL, 0, 0},
		{"plan 'x' { phase { } }", "bad-value", "phase takes a label, then braces", 1, NULL, 0, 0},
		{"plan 'x' { phase '' { } }", "bad-value", "phase takes a label, then braces", 1, NULL, 0, 0},
		{"plan('x', { })", "bad-value", "plan takes a label, then braces", 1, NULL, 0, 0},
		{"plan 'x' { add_check { } }", "bad-value", "plan \"x\" holds settings and blocks, not a step", 1, NULL, 0,
	     0},
		{"plan 'x' { phase 'a' { gate 'g' { } } }", "bad-value", "phase \"a\" holds steps, not a gate", 1, NULL, 0,
	     0},
		{"plan 'x' { phase 'a' { { } } }", "bad-value", "phase \"a\" holds steps, not a table value", 1,
	     "fragment(list)", 0, 0},
		{"plan 'x' { phase 'a' { timeout = '1 s' } }", "bad-value",
	     "phase \"a\" holds steps, not an option \"timeout\"", 1, NULL, 0, 0},
		{"plan 'x' { gate 'g' { add_check { } } }", "bad-value", "gate \"g\" holds named options, not a step", 1,
	     NULL, 0, 0},
		{"plan 'x' { phase 'a' {\n nil, add_check { } } }", "bad-value", "entry 1 of phase \"a\" is nil", 1,
	     "forget to return", 0, 0},
		{"fragment { 'x' }", "bad-value", "fragment holds blocks or steps, not a string value", 1, NULL, 0, 0},
		{"fragment { nam = 'x' }", "bad-value", "fragment has no option \"nam\"", 1, NULL, 0, 0},
	};

	(void)state;
	CHECK(problems);
}

static void step_problems(void **state)
{
	static const struct problem problems[] = {
		{"\nadd_check 'x'", "bad-value", "add_check takes one table of named options", 2, NULL, 0, 0},
		{"add_check({ }, { })", "bad-value", "add_check takes one table of named options", 1, NULL, 0, 0},
		{"add_check { 'x' }", "bad-value", "add_check takes one table of named options", 1, "option = value", 0,
	     0},
		{"add_check { 'x', y = 1 }", "bad-value", "add_check mixes named entries with entries without a name", 1,
	     NULL, 0, 0},
		{"plan 'x' { phase 'a' { add_check } }", "bad-value", "add_check has no braces", 1, NULL, 0, 0},
		{"add_check {\n a = { b = { 1, print } } }", "bad-value",
	     "\"a.b[2]\" of add_check is a function, which is no value", 1, NULL, 0, 0},
		{"add_check { a = add_check { } }", "bad-value", "\"a\" of add_check is a step, which is no value", 1,
	     NULL, 0, 0},
		{"add_check { a = 0/0 }", "bad-value", "\"a\" of add_check is not a finite number", 1, NULL, 0, 0},
		{"add_check { a = -math.huge }", "bad-value", "\"a\" of add_check is not a finite number", 1, NULL, 0, 0},
		{"add_check { a = '\\xff' }", "bad-value", "\"a\" of add_check is not valid UTF-8", 1, NULL, 0, 0},
		{"add_check { a = 'x\\0y' }", "bad-value",
	     "\"a\" of add_check holds a zero byte, which PostgreSQL has no place for", 1, NULL, 0, 0},
		{"add_check { a = { [1] = 1, [3] = 1 } }", "bad-value", "\"a\" of add_check is a list with a hole", 1,
	     NULL, 0, 0},
		{"add_check { a = { [true] = 1 } }", "bad-value",
	     "\"a\" of add_check has a key that is neither a name nor a position in a list", 1, NULL, 0, 0},
		{"add_check { a = { [2.5] = 1 } }", "bad-value",
	     "\"a\" of add_check has a key that is neither a name nor a position in a list", 1, NULL, 0, 0},
		{"local t = { }\nt.t = t\nadd_check { a = t }", "bad-value",
	     "\"a.t.t.t.t.t.t.t\" of add_check has more than 32 tables inside one another", 3, "hold itself", 0, 0},
	};

	(void)state;
	CHECK(problems);
}

static void lua_problems(void **state)
{
	static const struct problem problems[] = {
		{"plan 'x' {\n title = 'a'\n owner = 'b' }", "lua-syntax", "\"}\" expected near \"owner\"", 3, "comma", 0,
	     0},
		{"plan 'x' { title = 'a'\n", "lua-syntax", "\"}\" expected at the end of the file", 2, NULL, 0, 0},
		{"local s = 'abc\n", "lua-syntax", "unfinished string near ''abc'", 1, NULL, 0, 0},
		{"ad_check { }", "unknown-name", "there is nothing called \"ad_check\"", 1, "\"add_check\"", 0, 0},
		{"fase 'x' { }", "unknown-name", "there is nothing called \"fase\"", 1, NULL, 0, 0},
		{"io.open 'x'", "unknown-name", "\"io\" is a part of Lua that plans do not have", 1, NULL, 0, 0},
		{"string.formt 'x'", "unknown-name", "there is nothing called \"string.formt\"", 1, "\"string.format\"", 0,
	     0},
		{"local s = ('x'):uper()", "unknown-name", "there is nothing called \"string.uper\"", 1, "upper", 0, 0},
		{"x = 1", "global-assignment", "cannot assign to \"x\": there are no global variables", 1, "use local", 0,
	     0},
		{"local t\n\nt.x = 1", "lua-error", "cannot index the local \"t\": it is nil", 3, NULL, 0, 0},
		{"local t = { }\nt.f()", "lua-error", "cannot call the field \"f\": it is nil", 2, NULL, 0, 0},
		{"local s = 'a' .. { }", "lua-error", "cannot concatenate a table value", 1, NULL, 0, 0},
		{"add_check { } { }", "lua-error", "cannot call a table value", 1, "comma", 0, 0},
		{"for x in { } do end", "lua-error", "\"for … in\" needs an iterator, not a table value", 1, "pairs", 0,
	     0},
		{"local x = 1 < 'a'", "lua-error", "attempt to compare number with string", 1, NULL, 0, 0},
		{"local x = ('x'):rep 'y'", "lua-error", "bad argument #1 to \"rep\" (number expected, got string)", 1,
	     NULL, 0, 0},
		{"\nerror \"it isn't\"", "lua-error", "it isn't", 2, NULL, 0, 0},
		{"local function f() error('you', 2) end\n\nf()", "lua-error", "you", 3, NULL, 0, 0},
		{"\nassert(false, 'no')", "lua-error", "no", 2, NULL, 0, 0},
		{"assert(nil)", "lua-error", "assertion failed", 1, NULL, 0, 0},
		{"print(phase 'x' { }.y.z)", "lua-error", "cannot index the field \"y\": it is nil", 1, NULL, 0, 0},
	};

	(void)state;
	CHECK(problems);
}

static void parameter_problems(void **state)
{
	static const struct problem problems[] = {
		{"\nlocal t = param 't' { kind = 'text' }", "missing-parameter", "param \"t\" has no value", 2,
	     "--set t=VALUE", 0, 0},
		{"local t = param 'tenant' { kind = 'text', default = 'x' }\nplan 'x' { }", "unknown-parameter",
	     "the plan has no parameter \"tenat\"", 2, "\"tenant\"", "tenat", "y"},
		{"param 'n' { kind = 'integer' }", "bad-parameter",
	     "param \"n\", which is \"x\" by --set, must be a whole number", 1, NULL, "n", "x"},
		{"param 'n' { kind = 'integer', max = 3 }", "bad-parameter",
	     "param \"n\", which is \"4\" by --set, must be at most 3", 1, NULL, "n", "4"},
		{"param 'n' { kind = 'boolean' }", "bad-parameter",
	     "param \"n\", which is \"1\" by --set, must be true or false", 1, NULL, "n", "1"},
		{"param 'c' { kind = 'choice', choices = { 'a', 'b' } }", "bad-parameter",
	     "param \"c\", which is \"d\" by --set, must be one of a, b", 1, NULL, "c", "d"},
		{"param 'n' { kind = 'integr' }", "bad-parameter", "param \"n\" has the unknown kind \"integr\"", 1, NULL,
	     0, 0},
		{"param 'n' { kind = 'text', defalt = 'x' }", "bad-parameter", "param \"n\" has no field \"defalt\"", 1,
	     "\"default\"", 0, 0},
		{"param 'n' { }", "bad-parameter", "param \"n\" needs a kind", 1, NULL, 0, 0},
		{"param 'n' { kind = 'integer', default = 'x' }", "bad-parameter",
	     "the default of param \"n\" must be a whole number", 1, NULL, 0, 0},
		{"param 'n' { kind = 'text', default = 'a' }\nparam 'n' { kind = 'text', default = 'b' }", "bad-parameter",
	     "param \"n\" is asked for twice with different values", 2, NULL, 0, 0},
	};

	(void)state;
	CHECK(problems);
}

static void option_problems(void **state)
{
	static const struct problem problems[] = {
		{"local k = require 'keys'\nk.one {\n tabel = 'x' }", "unknown-option", "one has no option \"tabel\"", 2,
	     "\"table\"", 0, 0},
		{"local k = require 'keys'\nk.one { }", "missing-option", "one needs the option \"table\"", 2, NULL, 0, 0},
		{"local k = require 'keys'\nk.one { table = 1 }", "bad-option",
	     "\"table\" of one must be the name of a table, \"schema.table\"", 2, NULL, 0, 0},
		{"local k = require 'keys'\nk.one { table = 'a.b', batch = 0 }", "bad-option",
	     "\"batch\" of one must be at least 1", 2, NULL, 0, 0},
		{"local k = require 'keys'\nk.one { table = 'a.b', batch = 1.0 }", "bad-option",
	     "\"batch\" of one must be a whole number", 2, NULL, 0, 0},
		{"local k = require 'keys'\nk.one 'x'", "bad-value", "one takes one table of named options", 2, NULL, 0,
	     0},
		{"local function f(o) return options(o, { x = 'tabl' }) end\nf { }", "bad-value",
	     "the option \"x\" has the unknown kind \"tabl\"", 1, NULL, 0, 0},
	};

	(void)state;
	put_file("lib/keys.lua", keys);
	CHECK(problems);
	check_problem(&problems[0]);
	assert_string_equal(last.diags.first->details[0], "the options are declared at lib/keys.lua:3");
}

/* A problem inside a library: its own line, then the plan's. */
static void library_problem(const char *text, const char *rule, int line)
{
	put_file("lib/bad.lua", text);
	put_file("plan.lua", "local x = 1\nrequire 'bad'\n");
	load_path("plan.lua", NULL, NULL);
	assert_false(last.ok);
	assert_string_equal(last.diags.first->rule, rule);
	assert_string_equal(last.diags.first->span.file, "lib/bad.lua");
	assert_int_equal(last.diags.first->span.line, line);
	assert_true(last.diags.first->chain_length > 0);
	assert_string_equal(last.diags.first->chain[last.diags.first->chain_length - 1].file, "plan.lua");
	assert_int_equal(last.diags.first->chain[last.diags.first->chain_length - 1].line, 2);
}

static void library_problems(void **state)
{
	static const struct problem problems[] = {
		{"\nrequire 'nothing'", "library-not-found", "cannot read the library \"nothing\"", 2, NULL, 0, 0},
		{"require 'std.nothing'", "library-not-found", "cannot read the library \"std.nothing\"", 1, NULL, 0, 0},
		{"require '../keys'", "bad-library-name", "\"../keys\" is not the name of a library", 1, NULL, 0, 0},
		{"require 'a.b.c'", "bad-library-name", "\"a.b.c\" is not the name of a library", 1, NULL, 0, 0},
		{"require 'Keys'", "bad-library-name", "\"Keys\" is not the name of a library", 1, NULL, 0, 0},
		{"require { }", "bad-library-name", "\"table\" is not the name of a library", 1, NULL, 0, 0},
		{"local k = require 'keys'\nk.x = 1", "lua-error", "cannot assign to \"x\": the table is read-only", 2,
	     NULL, 0, 0},
		{"local k = require 'keys'\ntable.insert(k.list, 'x')", "lua-error",
	     "cannot assign to \"3\": the table is read-only", 2, NULL, 0, 0},
		{"local k = require 'keys'\nk.deep.er.x = 2", "lua-error",
	     "cannot assign to \"x\": the table is read-only", 2, NULL, 0, 0},
		{"setmetatable(require 'keys', { })", "lua-error", "cannot change a protected metatable", 1, NULL, 0, 0},
	};

	(void)state;
	put_file("lib/keys.lua", keys);
	CHECK(problems);
	library_problem("return { = }", "lua-syntax", 1);
	library_problem("plan 'x' { }", "plan-in-library", 1);
	library_problem("return require 'bad'", "require-cycle", 1);
	library_problem("\n\nerror 'x'", "lua-error", 3);
	library_problem("\nx = 1", "global-assignment", 2);
	library_problem("\xef\xbb\xbfreturn 1", "lua-syntax", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merge_problems),     cmocka_unit_test(form_problems),
		cmocka_unit_test(step_problems),      cmocka_unit_test(lua_problems),
		cmocka_unit_test(parameter_problems), cmocka_unit_test(option_problems),
		cmocka_unit_test(library_problems),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("load problems", tests, make_folder, remove_folder);
}
