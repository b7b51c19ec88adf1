/* For the tests of loading: a folder of plans and libraries, and what the last load gave. */
#ifndef INTERLOCK_TESTS_LOAD_WORLD_H
#define INTERLOCK_TESTS_LOAD_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "plan/load.h"

static const char *const primitives[] = {"add_check",
                                         "add_column_if_missing",
                                         "backfill",
                                         "create_index_if_missing",
                                         "drop_table_if_exists",
                                         "expect_equal",
                                         "expect_same_rows",
                                         "parallel_table",
                                         "rename_swap",
                                         NULL};

/* What the last load gave. */
static struct {
	json_t *raw;
	struct diags diags;
	struct err err;
	bool ok;
} last;

static void forget(void)
{
	json_decref(last.raw);
	diags_release(&last.diags);
	err_release(&last.err);
	memset(&last, 0, sizeof(last));
}

static void put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void load_path(const char *path, const char *name, const char *value)
{
	const char *const names[] = {name, NULL}, *const values[] = {value, NULL};
	struct load_request request = {
		.path = path, .primitives = primitives, .set_names = names, .set_values = values};

	forget();
	last.ok = plan_load(&request, &last.raw, &last.diags, &last.err);
}

static const char keys[] = "local M = { list = { 'b', 'a' }, deep = { er = { x = 1 } } }\n"
						   "function M.one(o)\n"
						   "  o = options(o, { table = 'table', batch = { 'integer', default = 5000, min = 1 },\n"
						   "                   note = 'text?' })\n"
						   "  return add_check { table = o.table, batch = o.batch }\n"
						   "end\n"
						   "function M.parts(name)\n"
						   "  return fragment { name = name,\n"
						   "    phase 'expand' { M.one { table = name } },\n"
						   "    gate 'live' { app = 'shop' },\n"
						   "    phase 'switch' { add_check { table = name } },\n"
						   "    safety_period '30 days' { unused = name },\n"
						   "    phase 'contract' { add_check { table = name } },\n"
						   "  }\n"
						   "end\n"
						   "return M\n";

/* A file of vendor/, and interlock.lock with that library alone. */
static inline void put_pinned(const char *library, const char *file, const char *text)
{
	char path[128], hash[65], line[256], tree[65], lock[1024];

	snprintf(path, sizeof(path), "vendor/%s/%s", library, file);
	put_file(path, text);
	sha256_hex(text, strlen(text), hash);
	snprintf(line, sizeof(line), "%s  %s\n", hash, file);
	sha256_hex(line, strlen(line), tree);
	snprintf(lock, sizeof(lock),
	         "{\"format\": 1, \"libraries\": {\"%s\": {\"source\": \"s\", \"revision\": \"v1\", \"commit\": \"c\","
	         " \"tree\": \"%s\", \"files\": {\"%s\": \"%s\"}}}}",
	         library, tree, file, hash);
	put_file("interlock.lock", lock);
}

static int make_folder(void **state)
{
	static char folder[] = "/tmp/interlock-load-XXXXXX";

	*state = folder;
	return mkdtemp(folder) && chdir(folder) == 0 && mkdir("lib", 0755) == 0 && mkdir("vendor", 0755) == 0 &&
	               mkdir("vendor/team", 0755) == 0 && mkdir("sub", 0755) == 0 && mkdir("sub/deep", 0755) == 0 &&
	               mkdir("sub/lib", 0755) == 0
	           ? 0
	           : -1;
}

static int remove_folder(void **state)
{
	char command[256];

	forget();
	snprintf(command, sizeof(command), "rm -r '%s'", (const char *)*state);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

#endif
