/* Compiled plans: what their hash depends on, what they hold, finding things in them, the document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan_world.h"

/* ---- The hash ---- */

static void assert_same_hash(const char *text)
{
	char hash[65];

	strcpy(hash, compiled(whole)->hash);
	assert_int_equal(strlen(hash), 64);
	assert_int_equal(strspn(hash, "0123456789abcdef"), 64);
	assert_string_equal(compiled(text)->hash, hash);
}

/* `whole` with one piece replaced; the result is freed by the caller. */
static char *edited(const char *from, const char *to)
{
	const char *at = strstr(whole, from);
	struct buf text = {0};

	if (!at)
		fail_msg("the plan has no \"%s\"", from);
	buf_add_bytes(&text, whole, (size_t)(at - whole));
	buf_add(&text, to);
	buf_add(&text, at + strlen(from));
	return text.data;
}

static void comments_and_formatting_do_not_matter(void **state)
{
	(void)state;
	assert_same_hash(
		"-- why\nlocal nothing = 1\n"
		"plan('orders')({ owner='team'; title=\"Cents\", --[[ x ]]\n\n\n"
		"phase 'expand' { add_column_if_missing { table = [[app.orders]], column = \"c\"..\"ents\", type = 'bigint',"
		" default = \"0\", }, create_index_if_missing({ table = \"app.orders\", columns = { \"cents\", \"id DESC\" "
		"} }),\n"
		"sql_step { sql = [[ UPDATE app.orders SET cents = 1 ]], undo = false, reason = \"as  said\" } },\n"
		"gate \"live\" { query = \" SELECT true \" }, safety_period \"30 days\" { unused = \"app.orders\" }, })\n");
}

static void the_order_of_options_does_not_matter(void **state)
{
	char *text = edited("table = \"app.orders\", column = \"cents\", type = \"bigint\", default = \"0\"",
	                    "default = \"0\", type = \"bigint\", column = \"cents\", table = \"app.orders\"");

	(void)state;
	assert_same_hash(text);
	free(text);
}

/* Nor does the order in which the data comes from the child. */
static void the_order_of_keys_does_not_matter(void **state)
{
	static const char *const raw[] = {
		"{\"name\":\"a\",\"settings\":{\"title\":\"t\",\"owner\":\"o\"},\"blocks\":"
		"[{\"kind\":\"gate\",\"label\":\"g\",\"options\":{\"app\":\"x\",\"at_least\":\"1\"}}]}",
		"{\"blocks\":[{\"options\":{\"at_least\":\"1\",\"app\":\"x\"},\"label\":\"g\",\"kind\":\"gate\"}],"
		"\"settings\":{\"owner\":\"o\",\"title\":\"t\"},\"name\":\"a\"}",
	};
	char hash[65];

	(void)state;
	forget();
	assert_true(plan_from_raw(json_loads(raw[0], 0, NULL), &last.plan, &last.diags));
	strcpy(hash, last.plan->hash);
	forget();
	assert_true(plan_from_raw(json_loads(raw[1], 0, NULL), &last.plan, &last.diags));
	assert_string_equal(last.plan->hash, hash);
}

static void line_endings_do_not_matter(void **state)
{
	static const char plain[] =
		"plan \"a\" { title = \"a\",\n phase \"b\" {\n sql_step {\n undo = false, sql = [[\n"
		"SELECT 1;\nSELECT 'two\nlines' ]] } } }\n";
	struct buf windows = {0};
	char hash[65];

	(void)state;
	for (const char *c = plain; *c; c++)
		buf_addf(&windows, "%s%c", *c == '\n' ? "\r" : "", *c);
	strcpy(hash, compiled(plain)->hash);
	assert_string_equal(compiled(buf_text(&windows))->hash, hash);
	buf_release(&windows);
}

static void sql_comments_and_spacing_do_not_matter(void **state)
{
	static const char *const edits[][2] = {
		{"UPDATE app.orders SET cents = 1 ", "update app . orders -- all\n   set /* yes */ cents=1;"},
		{"\"bigint\"", "\" BIGINT \""},
		{"{ \"cents\", \"id DESC\" }", "\"cents,id   desc\""},
		{"[[ SELECT true ]]", "\"select TRUE -- now\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		char *text = edited(edits[i][0], edits[i][1]);

		assert_same_hash(text);
		free(text);
	}
}

static void what_the_plan_does_matters(void **state)
{
	static const char *const edits[][2] = {
		{"plan \"orders\"", "plan \"orders2\""},
		{"\"Cents\"", "\"cents\""},
		{", owner = \"team\"", ""},
		{"phase \"expand\"", "phase \"Expand\""},
		{"\"cents\", type", "\"cent\", type"},
		{"\"bigint\"", "\"int\""},
		{", default = \"0\"", ""},
		{"default = \"0\"", "default = \"'0'\""},
		{"\"id DESC\"", "\"id\""},
		{"{ \"cents\", \"id DESC\" }", "{ \"id DESC\", \"cents\" }"},
		{"cents = 1", "cents = 2"},
		{"\"as  said\"", "\"as said\""},
		{"undo = false", "undo = \"SELECT 1\""},
		{"gate \"live\"", "gate \"dead\""},
		{"gate \"live\" { query = [[ SELECT true ]] }", "approval \"live\" { }"},
		{"SELECT true", "SELECT false"},
		{"30 days", "31 days"},
		{"unused = \"app.orders\"", ""},
		{"columns =", "timeout = \"1 h\", columns ="},
	};
	char hash[65];

	(void)state;
	strcpy(hash, compiled(whole)->hash);
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		char *text = edited(edits[i][0], edits[i][1]);

		if (strcmp(compiled(text)->hash, hash) == 0)
			fail_msg("\"%s\" instead of \"%s\" has the same hash", edits[i][1], edits[i][0]);
		free(text);
	}
}

static void the_order_of_steps_and_blocks_matters(void **state)
{
	static const char form[] =
		"plan \"a\" { title = \"a\", phase \"x\" { %s, %s }, gate \"%s\" {}, gate \"%s\" {} }";
	static const char one[] = "sql_step { sql = \"SELECT 1\", undo = false }",
					  two[] = "sql_step { sql = \"SELECT 2\", undo = false }";
	char text[512], hash[65];

	(void)state;
	snprintf(text, sizeof(text), form, one, two, "g", "h");
	strcpy(hash, compiled(text)->hash);
	snprintf(text, sizeof(text), form, two, one, "g", "h");
	assert_string_not_equal(compiled(text)->hash, hash);
	snprintf(text, sizeof(text), form, one, two, "h", "g");
	assert_string_not_equal(compiled(text)->hash, hash);
}

static void parameters_matter(void **state)
{
	static const char text[] =
		"local tenant = param \"tenant\" { kind = \"text\", default = \"acme\" }\n"
		"plan \"a\" { title = \"a\", phase \"x\" { sql_step { sql = \"SELECT 1\", undo = false } } }";
	char hash[65];

	(void)state;
	strcpy(hash, compiled(text)->hash);
	assert_string_equal(json_string_value(json_object_get(last.plan->parameters, "tenant")), "acme");
	assert_true(compile_for(text, "acme"));
	assert_string_equal(last.plan->hash, hash);
	assert_true(compile_for(text, "other"));
	assert_string_not_equal(last.plan->hash, hash);
	assert_string_equal(json_string_value(json_object_get(last.plan->parameters, "tenant")), "other");
}

static void notes_are_no_part_of_it(void **state)
{
	struct buf text = {0};

	(void)state;
	buf_addf(&text, "print(\"building\", 2)\n%s", whole);
	assert_same_hash(buf_text(&text));
	assert_string_equal(last.plan->notes.first->summary, "building\t2");
	assert_int_equal(last.plan->notes.first->span.line, 1);
	buf_release(&text);
}

/* ---- What the steps are, however they were written ---- */

static void steps_come_from_ordinary_lua(void **state)
{
	const struct plan *plan;

	(void)state;
	put_file("lib/nicks.lua", "local M = {}\n"
	                          "function M.both(name)\n"
	                          "  return fragment {\n"
	                          "    add_column_if_missing { table = name, column = \"a\", type = \"int\" },\n"
	                          "    add_column_if_missing { table = name, column = \"b\", type = \"int\" } }\n"
	                          "end\n"
	                          "return M\n");
	plan =
		compiled("local nicks = require \"nicks\"\n"
	             "local function column(name) return add_column_if_missing { table = \"t\", column = name, type "
	             "= \"text\" } end\n"
	             "local steps = {}\n"
	             "for _, name in ipairs { \"x\", \"y\" } do\n"
	             "  steps[#steps + 1] = column(name)\n"
	             "end\n"
	             "local last = phase \"last\" {\n"
	             "  column(\"z\"),\n"
	             "}\n"
	             "plan \"a\" { title = \"a\",\n"
	             "  phase \"first\" { fragment(steps), column \"w\" },\n"
	             "  phase \"second\" { nicks.both \"u\" },\n"
	             "  last,\n"
	             "}\n");
	assert_string_equal(steps_of(plan), "1:first:add column x text to public.t\n"
	                                    "2:first:add column y text to public.t\n"
	                                    "3:first:add column w text to public.t\n"
	                                    "4:second:add column a int to public.u\n"
	                                    "5:second:add column b int to public.u\n"
	                                    "6:last:add column z text to public.t\n");
	assert_int_equal(plan->step_count, 6);
	assert_int_equal(plan->span.line, 10);
	assert_int_equal(plan_block_labelled(plan, "second")->span.line, 12);
	assert_string_equal(plan_step(plan, 4)->span.file, "lib/nicks.lua");
	assert_int_equal(plan_step(plan, 5)->span.line, 5);
	assert_int_equal(plan_step(plan, 5)->chain_length, 1);
	assert_string_equal(plan_step(plan, 5)->chain[0].file, "plan.lua");
	assert_int_equal(plan_step(plan, 5)->chain[0].line, 12);
}

static void settings_and_blocks_have_their_options(void **state)
{
	const struct plan *plan;

	(void)state;
	plan = compiled("plan \"a.b-c_1\" { title = \"T\", lock_timeout = \"1 s\", min_server = \"15\",\n"
	                "  gate \"g\" { app = \"shop\", at_least = \"5.3\", quiet = \"1 h\" },\n"
	                "  approval \"p\" { role = \"DBA\", by_other = false },\n"
	                "  safety_period \"2 weeks\" { unused = { \"a\", \"app.b\" } },\n"
	                "}\n");
	assert_string_equal(plan->name, "a.b-c_1");
	assert_string_equal(plan->settings.title, "T");
	assert_int_equal(plan->settings.lock_timeout, 1000);
	assert_int_equal(plan->settings.lock_attempts, 600);
	assert_int_equal(plan->settings.lock_hold, 500);
	assert_string_equal(plan->settings.search_path, "pg_catalog, public, pg_temp");
	assert_string_equal(plan->settings.min_server, "15");
	assert_null(plan->settings.owner);
	assert_int_equal(plan->block_count, 3);
	assert_int_equal(plan->blocks[0].kind, BLOCK_GATE);
	assert_string_equal(plan->blocks[0].wait.gate.at_least, "5.3");
	assert_int_equal(plan->blocks[0].wait.gate.quiet, 3600000);
	assert_int_equal(plan->blocks[1].kind, BLOCK_APPROVAL);
	assert_string_equal(plan->blocks[1].wait.approval.role, "dba");
	assert_false(plan->blocks[1].wait.approval.by_other);
	assert_int_equal(plan->blocks[2].kind, BLOCK_SAFETY_PERIOD);
	assert_int_equal(plan->blocks[2].wait.safety.length, 1209600000);
	assert_int_equal(plan->blocks[2].wait.safety.unused.count, 2);
	assert_string_equal(plan->blocks[2].wait.safety.unused.items[1].schema, "app");
	assert_int_equal(plan->blocks[2].index, 2);
	assert_string_equal(block_kind_name(BLOCK_SAFETY_PERIOD), "safety period");
}

static void assert_refused(const char *text, const char *rule, const char *summary)
{
	if (compile(text))
		fail_msg("compiled:\n%s", text);
	assert_int_equal(last.diags.errors, 1);
	assert_string_equal(last.diags.first->rule, rule);
	assert_string_equal(last.diags.first->summary, summary);
	assert_string_equal(last.diags.first->span.file, "plan.lua");
	assert_null(last.plan);
}

static void what_is_wrong_is_said_at_its_line(void **state)
{
	(void)state;
	assert_refused("plan \"a b\" { title = \"a\" }", "bad-plan-name", "\"a b\" is not a name for a plan");
	assert_refused("plan \"a23456789012345678901234567890123456789012345678x\" { title = \"a\" }", "bad-plan-name",
	               "\"a23456789012345678901234567890123456789012345678x\" is not a name for a plan");
	assert_refused("plan \"a\" { }", "missing-option", "plan needs the option \"title\"");
	assert_refused("plan \"a\" { title = \"a\",\n\n safety_period \"a while\" { } }", "bad-option",
	               "\"a while\" of safety_period is not a length of time");
	assert_int_equal(last.diags.first->span.line, 3);
	assert_refused("plan \"a\" { title = \"a\",\n  titel = \"b\" }", "unknown-option",
	               "plan has no option \"titel\"");
	assert_int_equal(last.diags.first->span.line, 2);
	assert_string_equal(last.diags.first->help, "did you mean \"title\"?");
	assert_refused(
		"plan \"a\" { title = \"a\",\n  phase \"x\" {\n  sql_step { undo = false,\n  sql = [[\nSELECT 1;\n"
		"SELECT 'ä'; SELEC 2 ]] } } }",
		"bad-sql", "\"sql\" of sql_step must be SQL statements, as a string: syntax error at or near \"SELEC\"");
	assert_int_equal(last.diags.first->span.line, 6);
}

static void a_file_that_is_not_there_is_no_finding(void **state)
{
	const struct plan_request request = {.path = "nowhere.lua"};

	(void)state;
	forget();
	assert_false(plan_compile(&request, &last.plan, &last.diags, &last.err));
	assert_int_equal(last.err.code, EXIT_OWN);
	assert_int_equal(last.diags.errors, 0);
}

/* ---- Finding ---- */

static const char scattered[] =
	"local function s(n) return sql_step { sql = \"SELECT \" .. n, undo = false } end\n"
	"plan \"a\" { title = \"a\", phase \"empty\" { }, phase \"one\" { s(1), s(2) },\n"
	"gate \"g\" { }, phase \"hollow\" { }, phase \"two\" { s(3) }, phase \"end\" { } }";

static void steps_and_blocks_are_found(void **state)
{
	const struct plan *plan = compiled(scattered);

	(void)state;
	assert_int_equal(plan->step_count, 3);
	for (int n = 1; n <= 3; n++) {
		assert_int_equal(plan_step(plan, n)->number, n);
		assert_string_equal(plan_block_of(plan, plan_step(plan, n))->label, n < 3 ? "one" : "two");
	}
	assert_null(plan_step(plan, 0));
	assert_null(plan_step(plan, 4));
	assert_null(plan_step(plan, -1));
	assert_ptr_equal(plan_block_labelled(plan, "g"), &plan->blocks[2]);
	assert_ptr_equal(plan_block_labelled(plan, "end"), &plan->blocks[5]);
	assert_null(plan_block_labelled(plan, "nobody"));
	assert_int_equal(step_class_of(plan_step(plan, 1)), CLASS_DATA);
	assert_null(plan_step(compiled("plan \"a\" { title = \"a\" }"), 1));
}

/* ---- The document ---- */

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, part)); at++)
		count++;
	return count;
}

static void the_document_begins_with_the_hash(void **state)
{
	json_t *document = plan_document(compiled(whole)), *source;
	char *text = json_dumps(document, JSON_COMPACT), start[128];

	(void)state;
	snprintf(start, sizeof(start), "{\"hash\":\"%s\",", last.plan->hash);
	assert_memory_equal(text, start, strlen(start));
	assert_int_equal(count_of(text, "\"hash\""), 1);
	assert_int_equal(json_integer_value(json_object_get(document, "format")), PLAN_FORMAT);
	assert_string_equal(json_string_value(json_object_get(document, "plan")), "orders");
	assert_int_equal(json_array_size(json_object_get(document, "blocks")), 3);
	source = json_object_get(document, "source");
	assert_non_null(source);
	assert_int_equal(json_array_size(json_object_get(source, "blocks")), 3);
	assert_string_equal(json_string_value(json_array_get(json_object_get(source, "at"), 0)), "plan.lua");
	json_object_del(document, "source");
	free(text);
	text = json_dumps(document, JSON_COMPACT);
	assert_int_equal(count_of(text, "plan.lua"), 0);
	assert_int_equal(count_of(text, "lock_attempts"), 0);
	assert_int_equal(count_of(text, "quiet"), 0);
	assert_int_equal(count_of(text, "update app.orders set cents = 1"), 1);
	free(text);
	json_decref(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comments_and_formatting_do_not_matter),
		cmocka_unit_test(the_order_of_options_does_not_matter),
		cmocka_unit_test(the_order_of_keys_does_not_matter),
		cmocka_unit_test(line_endings_do_not_matter),
		cmocka_unit_test(sql_comments_and_spacing_do_not_matter),
		cmocka_unit_test(what_the_plan_does_matters),
		cmocka_unit_test(the_order_of_steps_and_blocks_matters),
		cmocka_unit_test(parameters_matter),
		cmocka_unit_test(notes_are_no_part_of_it),
		cmocka_unit_test(steps_come_from_ordinary_lua),
		cmocka_unit_test(settings_and_blocks_have_their_options),
		cmocka_unit_test(what_is_wrong_is_said_at_its_line),
		cmocka_unit_test(a_file_that_is_not_there_is_no_finding),
		cmocka_unit_test(steps_and_blocks_are_found),
		cmocka_unit_test(the_document_begins_with_the_hash),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("plan", tests, make_folder, remove_folder);
}
