/* A child that parses, and a number shared with it that says how far it came. */
#include "sql/trial.h"

#include <errno.h>
#include <pg_query.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sql/body.h"

enum { TRIAL_SECONDS = 30, SHORT_TEXT = 2000 };

PgQuery__ParseResult *statement_parse(const char *text, struct err *err)
{
	PgQueryProtobufParseResult parsed = pg_query_parse_protobuf(text);
	PgQuery__ParseResult *result = NULL;

	if (parsed.error) {
		err_set(err, EXIT_OWN, "%s", parsed.error->message);
		err->position = parsed.error->cursorpos > 0 ? parsed.error->cursorpos : 0;
	} else {
		result = pg_query__parse_result__unpack(NULL, parsed.parse_tree.len,
		                                        (const uint8_t *)(const void *)parsed.parse_tree.data);
		if (!result)
			err_set(err, EXIT_OWN, "the text is nested too deeply");
	}
	pg_query_free_protobuf_parse_result(parsed);
	return result;
}

/* Unpacking a tree overflows the stack for long texts only, so short ones are spared it. */
static void try_one(const char *text)
{
	struct err err = {0};

	if (strlen(text) < SHORT_TEXT) {
		pg_query_free_protobuf_parse_result(pg_query_parse_protobuf(text));
	} else {
		PgQuery__ParseResult *result = statement_parse(text, &err);

		if (result)
			pg_query__parse_result__free_unpacked(result, NULL);
	}
	err_release(&err);
	if (strncasecmp(text, "do", 2) == 0) {
		struct arena arena = {0};
		struct body body;

		body_read(text, &arena, &body);
		arena_release(&arena);
	}
}

static void run_child(const struct script *script, volatile size_t *at)
{
	const struct rlimit limit = {TRIAL_SECONDS, TRIAL_SECONDS}, no_core = {0, 0};

	setrlimit(RLIMIT_CPU, &limit);
	setrlimit(RLIMIT_CORE, &no_core);
	for (; *at < script->statement_count; (*at)++)
		try_one(script->statements[*at].text);
	_exit(0);
}

bool trial_parse(const struct script *script, bool *crashes, struct err *err)
{
	volatile size_t *at = mmap(NULL, sizeof(*at), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return err_set(err, EXIT_OWN, "cannot share memory with a child: %s", strerror(errno));
	*at = 0;
	while (*at < script->statement_count) {
		pid_t pid;
		int status = 0;

		fflush(NULL);
		pid = fork();
		if (pid == 0)
			run_child(script, at);
		if (pid < 0) {
			munmap((void *)(uintptr_t)at, sizeof(*at));
			return err_set(err, EXIT_OWN, "cannot start a process for the parser: %s", strerror(errno));
		}
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			crashes[(*at)++] = true;
	}
	munmap((void *)(uintptr_t)at, sizeof(*at));
	return true;
}
