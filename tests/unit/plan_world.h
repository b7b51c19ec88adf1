/* For the tests of plans: a folder with a plan file and a library, and what the last compilation gave. */
#ifndef INTERLOCK_TESTS_PLAN_WORLD_H
#define INTERLOCK_TESTS_PLAN_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/plan.h"

/* What the last compilation gave. */
static struct {
	struct plan *plan;
	struct diags diags;
	struct err err;
} last;

static void forget(void)
{
	plan_free(last.plan);
	diags_release(&last.diags);
	err_release(&last.err);
	memset(&last, 0, sizeof(last));
}

static void put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* Compiles a file that holds that text, with --set tenant=VALUE unless it is NULL. */
static bool compile_for(const char *text, const char *tenant)
{
	static const char *const set_names[] = {"tenant", NULL};
	const char *const values[] = {tenant, NULL};
	const struct plan_request request = {
		.path = "plan.lua", .set_names = tenant ? set_names : NULL, .set_values = tenant ? values : NULL};

	forget();
	put_file("plan.lua", text);
	return plan_compile(&request, &last.plan, &last.diags, &last.err);
}

static bool compile(const char *text)
{
	return compile_for(text, NULL);
}

/* For plans that must compile. */
static inline struct plan *compiled(const char *text)
{
	if (!compile(text))
		fail_msg("%s\n%s", last.diags.first ? last.diags.first->summary : last.err.diag.summary, text);
	assert_int_equal(last.diags.errors, 0);
	return last.plan;
}

/* "number:label:description" of all steps. */
static inline const char *steps_of(const struct plan *plan)
{
	static char text[4096];
	struct buf out = {0};

	for (size_t b = 0; b < plan->block_count; b++)
		for (size_t s = 0; s < plan->blocks[b].step_count; s++) {
			const struct step *step = &plan->blocks[b].steps[s];

			buf_addf(&out, "%d:%s:", step->number, plan->blocks[b].label);
			step->type->describe(step->args, &out);
			buf_add(&out, "\n");
		}
	assert_true(out.length < sizeof(text));
	strcpy(text, buf_text(&out));
	buf_release(&out);
	return text;
}

/* A plan with some of everything. */
static const char whole[] =
	"plan \"orders\" {\n"
	"  title = \"Cents\", owner = \"team\",\n"
	"  phase \"expand\" {\n"
	"    add_column_if_missing { table = \"app.orders\", column = \"cents\", type = \"bigint\", default = \"0\" },\n"
	"    create_index_if_missing { table = \"app.orders\", columns = { \"cents\", \"id DESC\" } },\n"
	"    sql_step { sql = [[ UPDATE app.orders SET cents = 1 ]], undo = false, reason = \"as  said\" },\n"
	"  },\n"
	"  gate \"live\" { query = [[ SELECT true ]] },\n"
	"  safety_period \"30 days\" { unused = \"app.orders\" },\n"
	"}\n";

static int make_folder(void **state)
{
	static char folder[] = "/tmp/interlock-plan-XXXXXX";

	*state = folder;
	return mkdtemp(folder) && chdir(folder) == 0 && mkdir("lib", 0755) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[64];

	forget();
	snprintf(command, sizeof(command), "rm -r '%s'", (const char *)*state);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

#endif
