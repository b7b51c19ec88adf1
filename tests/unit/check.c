/* The rules of plans: each fires for what it is about and is silent otherwise; the examples of its page say the
 * same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check/check.h"
#include "check/rule.h"
#include "plan_world.h"

#define ADD "add_column_if_missing { table = \"app.users\", column = \"nickname\", type = \"text\" }"
#define DATA "sql_step { sql = \"UPDATE app.users SET nick = ''\", undo = \"SELECT 1\" }"
#define VERIFY "expect_column { table = \"app.users\", column = \"nick\" }"
#define SWITCH "sql_step { sql = \"ALTER TABLE app.users RENAME TO people\", undo = \"SELECT 1\" }"
#define DROP "drop_column_if_exists { table = \"app.users\", column = \"nick\" }"
#define LOSE "drop_column_if_exists { table = \"app.users\", column = \"nick\", loses = \"empty\" }"

/* Compiles a plan of these blocks and checks it; true: it compiled. */
static bool check_blocks(const char *blocks)
{
	struct buf text = {0};
	bool ok;

	buf_addf(&text, "plan \"a\" { title = \"a\",\n%s\n}\n", blocks);
	ok = compile(buf_text(&text));
	if (ok)
		check_plan(last.plan, &last.diags);
	else if (!last.diags.first)
		fail_msg("%s", last.err.diag.summary ? last.err.diag.summary : "refused without a word");
	buf_release(&text);
	return ok;
}

static const struct diag *finding_of(const char *rule)
{
	for (const struct diag *diag = last.diags.first; diag; diag = diag->next)
		if (diag->rule && strcmp(diag->rule, rule) == 0)
			return diag;
	return NULL;
}

/* Blocks that are found wrong by one rule alone, at that line of the blocks. */
static void assert_found(const char *rule, enum severity severity, int line, const char *blocks)
{
	const struct diag *diag;

	if (!check_blocks(blocks))
		fail_msg("%s\n%s", last.diags.first->summary, blocks);
	diag = finding_of(rule);
	if (!diag)
		fail_msg("%s says nothing about\n%s", rule, blocks);
	if (last.diags.first != diag || diag->next)
		fail_msg("not only %s, but also \"%s\"", rule,
		         last.diags.first != diag ? last.diags.first->summary : diag->next->summary);
	assert_int_equal(diag->severity, severity);
	assert_int_equal(diag->span.line, line + 1);
}

static void assert_silent(const char *blocks)
{
	if (!check_blocks(blocks) || last.diags.first)
		fail_msg("\"%s\" about\n%s", last.diags.first->summary, blocks);
}

/* ---- mixed-concerns ---- */

static void kinds_of_work_are_not_mixed(void **state)
{
	(void)state;
	assert_found("mixed-concerns", SEVERITY_ERROR, 2, "phase \"x\" { " ADD ",\n" LOSE " }");
	assert_string_equal(last.diags.first->summary, "phase \"x\" mixes additive and destructive steps");
	assert_non_null(last.diags.first->help);
	assert_found("mixed-concerns", SEVERITY_ERROR, 2, "phase \"x\" { " LOSE ",\n" ADD " }");
	assert_found("mixed-concerns", SEVERITY_ERROR, 2, "phase \"x\" { " ADD ",\n" SWITCH " }");
	assert_found("mixed-concerns", SEVERITY_ERROR, 2, "phase \"x\" { " SWITCH ",\n" DATA " }");
	assert_found("mixed-concerns", SEVERITY_ERROR, 3, "phase \"x\" { " DATA ",\n" ADD ",\n" SWITCH " }");
	assert_found("mixed-concerns", SEVERITY_ERROR, 3, "phase \"x\" { " SWITCH ",\n" VERIFY ",\n" LOSE " }");
	assert_found("mixed-concerns", SEVERITY_ERROR, 2,
	             "phase \"x\" { " ADD ",\n" LOSE " }, phase \"y\" { " ADD ", " DATA " }");
}

static void kinds_that_go_together(void **state)
{
	(void)state;
	assert_silent("phase \"x\" { " ADD ", " ADD " }");
	assert_silent("phase \"x\" { " ADD ", " DATA ", " ADD " }");
	assert_silent("phase \"x\" { " VERIFY ", " SWITCH ", " VERIFY " }");
	assert_silent("phase \"x\" { " VERIFY ", " LOSE ", " LOSE " }");
	assert_silent("phase \"x\" { " VERIFY " }");
	assert_silent("phase \"a\" { " ADD " }, phase \"b\" { " SWITCH " }, phase \"c\" { " LOSE " }");
}

/* ---- misleading-name ---- */

static void names_promise_what_a_phase_does(void **state)
{
	static const char *const names[] = {"add nickname", "Expand",     "create-all",
	                                    "re-check",     "backfill 2", "verify_it"};
	char blocks[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(blocks, sizeof(blocks), "phase \"%s\" {\n" LOSE " }", names[i]);
		assert_found("misleading-name", SEVERITY_ERROR, 2, blocks);
		snprintf(blocks, sizeof(blocks), "phase \"%s\" { " ADD " }", names[i]);
		assert_silent(blocks);
	}
}

static void other_names_promise_nothing(void **state)
{
	(void)state;
	assert_silent("phase \"contract\" { " LOSE " }");
	assert_silent("phase \"additional\" { " LOSE " }");
	assert_silent("phase \"address\" { " LOSE " }");
	assert_silent("phase \"recreated\" { " LOSE " }");
}

/* ---- destructive-before-safety ---- */

#define CONTRACT "phase \"contract\" {\n" DROP " }"

static void nothing_is_taken_away_at_once(void **state)
{
	static const char rule[] = "destructive-before-safety";

	(void)state;
	assert_found(rule, SEVERITY_ERROR, 2, CONTRACT);
	assert_found(rule, SEVERITY_ERROR, 2, "gate \"g\" { }, " CONTRACT);
	assert_found(rule, SEVERITY_ERROR, 2, "safety_period \"1 day\" { }, " CONTRACT);
	assert_found(rule, SEVERITY_ERROR, 2, "safety_period \"1 day\" { unused = \"users\" }, " CONTRACT);
	assert_found(rule, SEVERITY_ERROR, 2, CONTRACT ", gate \"g\" { }, safety_period \"1 day\" { }");
	assert_found(rule, SEVERITY_ERROR, 2, "safety_period \"1 day\" { }, " CONTRACT ", gate \"g\" { }");
}

static void a_safety_period_or_words_allow_it(void **state)
{
	(void)state;
	assert_silent("gate \"g\" { }, safety_period \"1 day\" { }, " CONTRACT);
	assert_silent("safety_period \"1 day\" { }, approval \"p\" { }, " CONTRACT);
	assert_silent("safety_period \"1 day\" { unused = { \"app.x\", \"app.users\" } }, " CONTRACT);
	assert_silent("phase \"contract\" { " LOSE " }");
}

/* Nobody watched what a statement of SQL takes away. */
static void sql_is_not_named_by_any_period(void **state)
{
	static const char drop[] =
		"phase \"contract\" {\nsql_step { sql = \"DROP TABLE app.old\", undo = \"SELECT 1\" } }";
	char blocks[256];

	(void)state;
	snprintf(blocks, sizeof(blocks), "safety_period \"1 day\" { unused = \"app.users\" }, %s", drop);
	assert_found("destructive-before-safety", SEVERITY_ERROR, 2, blocks);
	snprintf(blocks, sizeof(blocks), "gate \"g\" { }, safety_period \"1 day\" { }, %s", drop);
	assert_silent(blocks);
}

/* ---- missing-reversal ---- */

static void what_has_no_way_back_is_noted(void **state)
{
	(void)state;
	assert_found("missing-reversal", SEVERITY_NOTE, 2,
	             "phase \"x\" {\nsql_step { sql = \"UPDATE a SET b = 1\", undo = false } }");
	assert_string_equal(last.diags.first->summary, "sql_step has no way back");
	assert_silent("phase \"x\" { sql_step { sql = \"UPDATE a SET b = 1\", undo = \"UPDATE a SET b = 0\" } }");
	assert_silent("phase \"x\" { " ADD ", " DATA " }");
	assert_silent("phase \"x\" { " VERIFY " }");
}

/* A primitive that says nothing about undo. */
static void a_primitive_without_undo_is_noted(void **state)
{
	struct step_type type = {.name = "add_enum_value", .class = CLASS_ADDITIVE};
	struct step step = {.type = &type, .number = 1, .span = {"plan.lua", 3}};
	struct block block = {.kind = BLOCK_PHASE, .label = "x", .steps = &step, .step_count = 1};
	struct plan plan = {.name = "a", .blocks = &block, .block_count = 1, .step_count = 1};

	(void)state;
	forget();
	check_plan(&plan, &last.diags);
	assert_string_equal(last.diags.first->rule, "missing-reversal");
	assert_string_equal(last.diags.first->summary, "add_enum_value has no way back");
	assert_null(last.diags.first->next);
	forget();
	type.class = CLASS_VERIFY;
	check_plan(&plan, &last.diags);
	assert_null(last.diags.first);
}

/* ---- empty-phase ---- */

static void what_does_nothing_is_warned_of(void **state)
{
	(void)state;
	assert_found("empty-phase", SEVERITY_WARNING, 2, "phase \"a\" { " ADD " },\nphase \"b\" { }");
	assert_string_equal(last.diags.first->summary, "phase \"b\" has no steps");
	assert_found("empty-phase", SEVERITY_WARNING, 0, "");
	assert_string_equal(last.diags.first->summary, "plan \"a\" has no phases");
	assert_silent("gate \"g\" { }");
}

/* ---- Findings in libraries ---- */

static void findings_name_the_callers(void **state)
{
	(void)state;
	put_file("lib/tidy.lua", "return {\n  drop = function() return " DROP " end }\n");
	assert_true(check_blocks("phase \"contract\" {\nrequire(\"tidy\").drop() }"));
	assert_string_equal(last.diags.first->rule, "destructive-before-safety");
	assert_string_equal(last.diags.first->span.file, "lib/tidy.lua");
	assert_int_equal(last.diags.first->span.line, 2);
	assert_int_equal(last.diags.first->chain_length, 1);
	assert_string_equal(last.diags.first->chain[0].file, "plan.lua");
	assert_int_equal(last.diags.first->chain[0].line, 3);
}

/* ---- The pages ---- */

static bool begins_with(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strncmp(text, *words, strlen(*words)) == 0)
			return true;
	return false;
}

/* A plan around an example, which is code before the plan, blocks, steps, or one option. */
static void check_example(const char *example)
{
	static const char *const code[] = {"local ", "tables = ", NULL};
	static const char *const blocks[] = {"phase ", "gate ", "approval ", "safety_period ", NULL};
	static const char *const option[] = {"type = ", NULL};
	struct buf text = {0};

	if (begins_with(example, code))
		buf_addf(&text, "%s\nplan \"a\" { title = \"a\", phase \"x\" { " ADD " } }\n", example);
	else if (begins_with(example, blocks))
		buf_addf(&text, "plan \"a\" { title = \"a\",\n%s\n}\n", example);
	else if (begins_with(example, option))
		buf_addf(&text,
		         "plan \"a\" { title = \"a\", phase \"x\" { add_column_if_missing { table = \"app.users\", "
		         "column = \"n\",\n%s\n} } }\n",
		         example);
	else
		buf_addf(&text, "plan \"a\" { title = \"a\", phase \"change\" {\n%s\n} }\n", example);
	if (compile(buf_text(&text)))
		check_plan(last.plan, &last.diags);
	buf_release(&text);
}

/* What a type really is, and what stands on a column, only the catalogue knows. */
static bool needs_a_database(const struct rule *rule)
{
	static const char *const ids[] = {"add-column-constrained-domain", "alter-type-rewrite", "dependent-view",
	                                  "name-in-function-body", "unique-without-partition-key"};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (strcmp(rule->id, ids[i]) == 0)
			return true;
	return false;
}

static void bad_examples_are_found(void **state)
{
	size_t count = 0;

	(void)state;
	for (const struct rule *rule = rules; rule->id; rule++) {
		if (!rule->bad)
			continue;
		check_example(rule->bad);
		if (needs_a_database(rule))
			assert_null(last.diags.first);
		else if (!finding_of(rule->id))
			fail_msg("%s: its bad example: %s", rule->id,
			         last.diags.first ? last.diags.first->summary : "nothing is found");
		count++;
	}
	assert_true(count >= 15);
}

static void good_examples_are_not(void **state)
{
	(void)state;
	put_file("lib/keys.lua", "return {}\n");
	for (const struct rule *rule = rules; rule->id; rule++) {
		if (!rule->good)
			continue;
		check_example(rule->good);
		if (!last.plan || last.diags.errors || finding_of(rule->id))
			fail_msg("%s: its good example: %s", rule->id,
			         last.diags.first ? last.diags.first->summary : "does not compile");
	}
}

static void pages_are_complete(void **state)
{
	(void)state;
	for (const struct rule *rule = rules; rule->id; rule++) {
		size_t length = strlen(rule->title);

		if (strspn(rule->id, "abcdefghijklmnopqrstuvwxyz-") != strlen(rule->id))
			fail_msg("\"%s\" is no name for a rule", rule->id);
		if (length < 10 || length > 80 || rule->title[length - 1] == '.')
			fail_msg("%s: its title is no line of words", rule->id);
		if (strlen(rule->why) < 20 || rule->why[strlen(rule->why) - 1] != '.')
			fail_msg("%s: why is no sentence", rule->id);
		if (!rule->bad != !rule->good)
			fail_msg("%s: one example without the other", rule->id);
		assert_ptr_equal(rule_find(rule->id), rule);
	}
	assert_null(rule_find("no-such-rule"));
	assert_null(rule_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_of_work_are_not_mixed),
		cmocka_unit_test(kinds_that_go_together),
		cmocka_unit_test(names_promise_what_a_phase_does),
		cmocka_unit_test(other_names_promise_nothing),
		cmocka_unit_test(nothing_is_taken_away_at_once),
		cmocka_unit_test(a_safety_period_or_words_allow_it),
		cmocka_unit_test(sql_is_not_named_by_any_period),
		cmocka_unit_test(what_has_no_way_back_is_noted),
		cmocka_unit_test(a_primitive_without_undo_is_noted),
		cmocka_unit_test(what_does_nothing_is_warned_of),
		cmocka_unit_test(findings_name_the_callers),
		cmocka_unit_test(bad_examples_are_found),
		cmocka_unit_test(good_examples_are_not),
		cmocka_unit_test(pages_are_complete),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("check", tests, make_folder, remove_folder);
}
