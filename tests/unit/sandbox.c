/* Hostile plans: each file of tests/plan/sandbox says in its first lines how it must end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "plan/confine.h"
#include "plan/load.h"
#include "plan/source.h"

static const char *const primitives[] = {"add_check", "add_column_if_missing", NULL};

/* The rest of the line after a mark in the file's text, "" without one. */
static char *line_after(const char *text, size_t length, const char *mark)
{
	const char *found = memmem(text, length, mark, strlen(mark));

	if (!found)
		return strdup("");
	found += strlen(mark);
	return strndup(found, strcspn(found, "\n"));
}

static void diag_text(const struct diag *diag, struct buf *out)
{
	buf_addf(out, "%s\n%s\n", diag->summary, diag->help ? diag->help : "");
	for (size_t i = 0; i < diag->detail_count; i++)
		buf_addf(out, "%s\n", diag->details[i]);
}

/* Loads a file that must be refused under that rule, with those words. */
static void must_end(const char *path, const char *rule, const char *words)
{
	struct load_request request = {.path = path, .primitives = primitives};
	struct diags diags = {0};
	struct err err = {0};
	struct buf text = {0};
	json_t *raw = NULL;
	bool ok = plan_load(&request, &raw, &diags, &err);

	if (ok || err.code || !diags.first)
		fail_msg("%s: not refused by a diagnostic: %s", path, err.code ? err.diag.summary : "it loaded");
	diag_text(diags.first, &text);
	if (strcmp(diags.first->rule, rule) != 0 || !strstr(buf_text(&text), words))
		fail_msg("%s: expected %s (%s), got %s: %s", path, rule, words, diags.first->rule, buf_text(&text));
	assert_null(raw);
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.first->span.file, path);
	assert_true(diags.first->span.line > 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	buf_release(&text);
	diags_release(&diags);
	err_release(&err);
}

static void hostile_file(void **state)
{
	const char *path = *state;
	struct source source;
	char *rule, *words;

	if (!source_read(path, &source))
		fail_msg("%s: %s", path, source.why);
	rule = line_after(source.text, source.length, "-- expect: ");
	words = line_after(source.text, source.length, "-- says: ");
	if (!*rule)
		fail_msg("%s does not say what to expect", path);
	must_end(path, rule, words);
	free(rule);
	free(words);
	source_release(&source);
}

static void long_file(void **state)
{
	char path[] = "/tmp/interlock-plan-XXXXXX", line[] = "-- a comment of thirty-two bytes\n";
	int file = mkstemp(path);

	(void)state;
	assert_true(file >= 0);
	for (size_t size = 0; size <= SOURCE_MAX; size += strlen(line))
		assert_int_equal(write(file, line, strlen(line)), (ssize_t)strlen(line));
	close(file);
	must_end(path, "sandbox-limit", "longer than 1 MiB");
	unlink(path);
}

/* A plan that is no ordinary file is our error, and does not make us wait. */
static void not_a_file(void **state)
{
	struct load_request request = {.path = "/dev/zero", .primitives = primitives};
	struct diags diags = {0};
	struct err err = {0};
	json_t *raw;

	(void)state;
	assert_false(plan_load(&request, &raw, &diags, &err));
	assert_int_equal(err.code, EXIT_OWN);
	assert_non_null(strstr(err.diag.summary, "ordinary file"));
	request.path = "/nowhere/plan.lua";
	assert_false(plan_load(&request, &raw, &diags, &err));
	assert_int_equal(err.code, EXIT_OWN);
	assert_int_equal(diags.errors, 0);
	diags_release(&diags);
	err_release(&err);
}

/* What a confined process could still do, as the bits of its exit code. */
static int abilities(int keep)
{
	int found = 0;

	if (!confine_process(keep))
		return 128;
	found |= write(STDOUT_FILENO, "x", 1) == 1 ? 1 : 0;
	found |= fcntl(keep, F_GETFD) < 0 ? 2 : 0;
#ifndef INTERLOCK_SANITIZED
	found |= socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 4 : 0;
	found |= open("/tmp", O_WRONLY | O_TMPFILE, 0600) >= 0 || open("/dev/null", O_RDWR) >= 0 ? 8 : 0;
	found |= fork() >= 0 ? 16 : 0;
	found |= mmap(NULL, (size_t)600 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ? 32 : 0;
#endif
	found |= open("/dev/null", O_RDONLY) < 0 ? 64 : 0;
	return found;
}

static void confined(void **state)
{
	int ends[2], status = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(abilities(ends[1]));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	static const struct CMUnitTest others[] = {cmocka_unit_test(long_file), cmocka_unit_test(not_a_file),
	                                           cmocka_unit_test(confined)};
	enum { OTHERS = sizeof(others) / sizeof(*others) };
	const char *top = getenv("INTERLOCK_TESTS");
	struct CMUnitTest *tests;
	char pattern[4096];
	glob_t files = {0};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	snprintf(pattern, sizeof(pattern), "%s/plan/sandbox/*.lua", top ? top : "tests");
	if (glob(pattern, 0, NULL, &files) != 0) {
		printf("Bail out! no files %s\n", pattern);
		return 1;
	}
	tests = calloc(files.gl_pathc + OTHERS, sizeof(*tests));
	memcpy(tests, others, sizeof(others));
	for (size_t i = 0; i < files.gl_pathc; i++)
		tests[OTHERS + i] = (struct CMUnitTest){.name = strrchr(files.gl_pathv[i], '/') + 1,
		                                        .test_func = hostile_file,
		                                        .initial_state = files.gl_pathv[i]};
	failed = _cmocka_run_group_tests("sandbox", tests, files.gl_pathc + OTHERS, NULL, NULL);
	free(tests);
	globfree(&files);
	return failed;
}
