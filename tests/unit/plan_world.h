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
	const struct plan_request request = {"plan.lua", tenant ? set_names : NULL, tenant ? values : NULL};

	forget();
	put_file("plan.lua", text);
	return plan_compile(&request, &last.plan, &last.diags, &last.err);
}

static bool compile(const char *text)
{
	return compile_for(text, NULL);
}

/* For plans that must compile. */
static struct plan *compiled(const char *text)
{
	if (!compile(text))
		fail_msg("%s\n%s", last.diags.first ? last.diags.first->summary : last.err.diag.summary, text);
	assert_int_equal(last.diags.errors, 0);
	return last.plan;
}

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
