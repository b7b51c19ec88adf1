/* Plans in the registry: they come back as they went, and whatever else comes back does no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check/check.h"
#include "plan_world.h"

static void the_registry_gives_back_the_same_plan(void **state)
{
	struct plan *back = NULL;
	char *text, *again, steps[4096];
	char hash[65];

	(void)state;
	strcpy(steps, steps_of(compiled(whole)));
	strcpy(hash, last.plan->hash);
	text = plan_for_registry(last.plan);
	forget();
	assert_true(plan_from_registry(text, hash, &back, &last.err));
	assert_string_equal(steps_of(back), steps);
	assert_string_equal(back->hash, hash);
	assert_string_equal(back->name, "orders");
	assert_string_equal(back->settings.owner, "team");
	assert_int_equal(back->settings.lock_attempts, 600);
	assert_int_equal(back->blocks[2].wait.safety.length, INT64_C(2592000000));
	assert_string_equal(back->blocks[1].wait.gate.query, "select true");
	assert_int_equal(plan_step(back, 2)->span.line, 5);
	again = plan_for_registry(back);
	assert_string_equal(again, text);
	free(again);
	free(text);
	plan_free(back);
}

/* The statements that a step on an empty database would run. */
static void assert_same_statements(const struct step *a, const struct step *b)
{
	static const char *const names[] = {"state"}, *const values[] = {"absent"};
	const struct record row = {1, names, values};
	const struct facts facts = {.server_version = 150000, .now = &row, .number = a->number, .archive_rows = -1};
	struct arena arena = {0};
	struct stmts one = {.arena = &arena}, two = {.arena = &arena};

	a->type->apply(a->args, &facts, &one);
	b->type->apply(b->args, &facts, &two);
	assert_int_equal(one.count, two.count);
	for (struct stmt *s = one.first, *t = two.first; s; s = s->next, t = t->next) {
		assert_string_equal(s->sql, t->sql);
		assert_int_equal(s->mode, t->mode);
		assert_int_equal(s->lock_count, t->lock_count);
	}
	arena_release(&arena);
}

/* The file that an example reads, in the folder of the plan. */
static void put_example_file(const char *file)
{
	const char *end = file ? strchr(file, '\n') : NULL;
	char *name = end ? strndup(file, (size_t)(end - file)) : NULL;

	if (name)
		put_file(name, end + 1);
	free(name);
}

/* Every primitive's own example goes to the registry and back; it may begin with the steps that it stands on. */
static void every_example_survives_the_registry(void **state)
{
	(void)state;
	for (size_t i = 0; step_types[i]; i++) {
		struct plan *back = NULL;
		struct buf text = {0};
		char *kept;
		int number;

		put_example_file(step_types[i]->example_file);
		buf_addf(&text, "plan \"a\" { title = \"a\", phase \"x\" {\n%s } }", step_types[i]->example);
		kept = plan_for_registry(compiled(buf_text(&text)));
		number = (int)last.plan->step_count;
		assert_ptr_equal(plan_step(last.plan, number)->type, step_types[i]);
		assert_true(plan_from_registry(kept, last.plan->hash, &back, &last.err));
		assert_same_statements(plan_step(last.plan, number), plan_step(back, number));
		plan_free(back);
		free(kept);
		buf_release(&text);
	}
}

/* Whatever comes back either is refused or can be used. */
static void use(const char *json)
{
	struct plan *plan = NULL;
	struct err err = {0};
	struct diags diags = {0};

	if (!plan_from_registry(json, "0123", &plan, &err)) {
		assert_int_equal(err.code, EXIT_OWN);
		assert_non_null(err.diag.summary);
		assert_null(plan);
	} else {
		char *text = plan_for_registry(plan);
		json_t *document = plan_document(plan);

		assert_string_equal(plan->hash, "0123");
		assert_non_null(document);
		check_plan(plan, &diags);
		steps_of(plan);
		plan_block_labelled(plan, "live");
		assert_non_null(plan->settings.title);
		json_decref(document);
		free(text);
		plan_free(plan);
	}
	diags_release(&diags);
	err_release(&err);
}

static void assert_unreadable(const char *json)
{
	struct plan *plan = NULL;
	struct err err = {0};

	if (plan_from_registry(json, "", &plan, &err))
		fail_msg("%s was read", json);
	assert_int_equal(err.code, EXIT_OWN);
	assert_non_null(err.diag.help);
	err_release(&err);
}

static void a_broken_copy_is_an_error(void **state)
{
	static const char head[] = "{\"name\":\"a\",\"settings\":{\"title\":\"t\"},\"blocks\":";
	static const char *const blocks[] = {
		"[{}]",
		"[5]",
		"[{\"kind\":\"phase\",\"steps\":[]}]",
		"[{\"kind\":\"phase\",\"label\":null,\"steps\":[]}]",
		"[{\"kind\":\"dance\",\"label\":\"30 days\",\"options\":{}}]",
		"[{\"kind\":\"safety_period\",\"options\":{}}]",
		"[{\"kind\":\"safety_period\",\"label\":5,\"options\":{}}]",
		"[{\"kind\":\"phase\",\"label\":\"x\",\"steps\":[5]}]",
		"[{\"kind\":\"phase\",\"label\":\"x\",\"steps\":[{}]}]",
		"[{\"kind\":\"phase\",\"label\":\"x\",\"steps\":[{\"do\":\"fly\",\"options\":{}}]}]",
		"[{\"kind\":\"phase\",\"label\":\"x\",\"steps\":[{\"do\":5,\"options\":{}}]}]",
		"[{\"kind\":\"phase\",\"label\":\"x\",\"steps\":[{\"do\":\"sql_step\"}]}]",
		"[{\"kind\":\"phase\",\"label\":\"x\",\"steps\":[{\"do\":\"sql_step\",\"options\":[1]}]}]",
		"[{\"kind\":\"gate\",\"label\":\"x\",\"options\":{\"query\":\"DROP TABLE a\"}}]",
	};
	char json[512];

	(void)state;
	assert_unreadable("");
	assert_unreadable("{");
	assert_unreadable("[]");
	assert_unreadable("{}");
	assert_unreadable("5");
	assert_unreadable("{\"name\":\"a\",\"settings\":{\"title\":\"t\"}");
	assert_unreadable("{\"name\":5,\"settings\":{\"title\":\"t\"},\"blocks\":[]}");
	assert_unreadable("{\"name\":\"a\",\"settings\":5,\"blocks\":[]}");
	assert_unreadable("{\"name\":\"a\",\"settings\":{\"title\":\"t\",\"lock_timeout\":5},\"blocks\":[]}");
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		snprintf(json, sizeof(json), "%s%s}", head, blocks[i]);
		assert_unreadable(json);
	}
	snprintf(json, sizeof(json), "%s[]}", head);
	use(json);
}

static void a_copy_may_end_anywhere(void **state)
{
	char *text = plan_for_registry(compiled(whole));

	(void)state;
	for (size_t length = strlen(text); length-- > 0;) {
		text[length] = '\0';
		assert_unreadable(text);
	}
	free(text);
}

static void use_value(json_t *root)
{
	char *text = json_dumps(root, JSON_COMPACT);

	use(text);
	free(text);
}

/* Each value in turn is another one. */
static void vary(json_t *root, json_t *value)
{
	static const char *const others[] = {"null", "true", "-7", "1e300", "\"x\"", "\"\"", "[]", "[[]]", "{}"};
	json_t *inner, *old;
	const char *key;
	void *next;
	size_t i;

	json_object_foreach_safe(value, next, key, inner)
	{
		vary(root, inner);
		old = json_incref(inner);
		for (size_t o = 0; o < sizeof(others) / sizeof(others[0]); o++) {
			json_object_set_new(value, key, json_loads(others[o], JSON_DECODE_ANY, NULL));
			use_value(root);
		}
		json_object_set_new(value, key, old);
	}
	json_array_foreach(value, i, inner)
	{
		vary(root, inner);
		old = json_incref(inner);
		for (size_t o = 0; o < sizeof(others) / sizeof(others[0]); o++) {
			json_array_set_new(value, i, json_loads(others[o], JSON_DECODE_ANY, NULL));
			use_value(root);
		}
		json_array_set_new(value, i, old);
	}
}

static void any_value_of_a_copy_may_be_wrong(void **state)
{
	char *text = plan_for_registry(compiled(whole));
	json_t *root = json_loads(text, 0, NULL), *before = json_deep_copy(root);

	(void)state;
	vary(root, root);
	assert_true(json_equal(root, before));
	json_decref(root);
	json_decref(before);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_registry_gives_back_the_same_plan),
		cmocka_unit_test(every_example_survives_the_registry),
		cmocka_unit_test(a_broken_copy_is_an_error),
		cmocka_unit_test(a_copy_may_end_anywhere),
		cmocka_unit_test(any_value_of_a_copy_may_be_wrong),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("plan_registry", tests, make_folder, remove_folder);
}
