/* The parent's side of evaluating a plan: a child, a pipe, a clock, and what the child's end means. */
#include "plan/load.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/sha256.h"
#include "plan/confine.h"
#include "plan/sandbox.h"
#include "plan/source.h"

enum { WALL_SECONDS = 10, RESULT_MAX = 64 << 20 };

struct child {
	pid_t pid;
	int result; /* we read, it writes */
};

enum end { END_OF_RESULT, END_OF_TIME, END_OF_ROOM };

static bool write_all(int file, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(file, text, length);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			text += n;
			length -= (size_t)n;
		}
	}
	return true;
}

/* The whole life of the child.  It leaves without the parent's exit handlers and without closing the Lua state. */
static void evaluate_and_leave(const struct load_request *request, const struct source *source, int result)
{
	char *text;

	if (!confine_process(result))
		_exit(2);
	text = json_dumps(sandbox_evaluate(request, source), JSON_COMPACT | JSON_SORT_KEYS);
	_exit(text && write_all(result, text, strlen(text)) ? 0 : 1);
}

static bool start(const struct load_request *request, const struct source *source, struct child *child,
                  struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_set(err, EXIT_OWN, "cannot make a pipe: %s", strerror(errno));
	fflush(NULL); /* what is buffered must not be written twice if the child aborts */
	child->pid = fork();
	if (child->pid == 0)
		evaluate_and_leave(request, source, ends[1]);
	close(ends[1]);
	child->result = ends[0];
	if (child->pid > 0)
		return true;
	err_set(err, EXIT_OWN, "cannot start a process for the plan: %s", strerror(errno));
	close(ends[0]);
	return false;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum end read_result(int file, struct buf *out)
{
	long deadline = now_ms() + WALL_SECONDS * 1000L;
	char chunk[16384];

	for (;;) {
		struct pollfd ready = {.fd = file, .events = POLLIN};
		long left = deadline - now_ms();
		ssize_t n;

		if (left <= 0)
			return END_OF_TIME;
		if (poll(&ready, 1, (int)left) <= 0)
			continue;
		n = read(file, chunk, sizeof(chunk));
		if (n == 0 || (n < 0 && errno != EINTR))
			return END_OF_RESULT;
		if (n > 0)
			buf_add_bytes(out, chunk, (size_t)n);
		if (out->length > RESULT_MAX)
			return END_OF_ROOM;
	}
}

/* Waits for the end of the child, which is killed first if it did not finish by itself. */
static int reap(const struct child *child, enum end end)
{
	int status = 0;

	if (end != END_OF_RESULT)
		kill(child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void say_limit(struct diags *diags, const char *path, const char *summary, const char *help)
{
	struct diag *diag = diags_add(diags, SEVERITY_ERROR, "sandbox-limit", (struct span){path, 1}, "%s", summary);

	if (help)
		diag_help(&diags->arena, diag, "%s", help);
}

/* A child that was ended from outside, as a diagnostic.  Only an interrupt of the person is an error of ours. */
static bool explain_death(const char *path, enum end end, int status, struct diags *diags, struct err *err)
{
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	char text[128];

	if (end == END_OF_TIME) {
		snprintf(text, sizeof(text), "the plan did not finish within %d s", WALL_SECONDS);
		say_limit(diags, path, text, "the machine may be overloaded: try again");
	} else if (end == END_OF_ROOM) {
		say_limit(diags, path, "the plan holds more than 8 MiB of data", NULL);
	} else if (number == SIGINT || number == SIGTERM) {
		err_set(err, EXIT_INTERRUPTED, "interrupted while the plan was evaluated");
	} else if (number == SIGXCPU || number == SIGKILL) {
		snprintf(text, sizeof(text), "the plan did not finish within %d s", CONFINE_SECONDS);
		say_limit(diags, path, text, "a loop, or a pattern of string.find, gsub or match, that takes very long");
	} else if (number) {
		snprintf(text, sizeof(text), "the evaluation of the plan was ended by signal %d (%s)", number,
		         strsignal(number));
		say_limit(diags, path, text, "nothing was done to the database");
	} else {
		snprintf(text, sizeof(text), "the evaluation of the plan ended with exit code %d", WEXITSTATUS(status));
		say_limit(diags, path, text, "nothing was done to the database");
	}
	return false;
}

static struct span span_from(struct arena *arena, json_t *pair)
{
	const char *file = json_string_value(json_array_get(pair, 0));
	int line = (int)json_integer_value(json_array_get(pair, 1));

	return line > 0 && file ? (struct span){arena_strdup(arena, file), line} : (struct span){0};
}

static void take_chain(struct diags *diags, struct diag *diag, json_t *array)
{
	struct span *chain = arena_array(&diags->arena, struct span, json_array_size(array) + 1);
	json_t *entry;
	size_t i;

	json_array_foreach(array, i, entry) chain[i] = span_from(&diags->arena, entry);
	diag->chain = chain;
	diag->chain_length = json_array_size(array);
}

static const char *text_or_nothing(json_t *value)
{
	return json_is_string(value) ? json_string_value(value) : "";
}

static void take_diag(struct diags *diags, json_t *json)
{
	const char *severity = text_or_nothing(json_object_get(json, "severity"));
	const char *help = json_string_value(json_object_get(json, "help"));
	json_t *details = json_object_get(json, "details"), *entry;
	struct diag *diag;
	size_t i;

	diag = diags_add(diags, strcmp(severity, "warning") == 0 ? SEVERITY_WARNING : SEVERITY_ERROR,
	                 text_or_nothing(json_object_get(json, "rule")),
	                 span_from(&diags->arena, json_object_get(json, "span")), "%s",
	                 text_or_nothing(json_object_get(json, "summary")));
	take_chain(diags, diag, json_object_get(json, "chain"));
	json_array_foreach(details, i, entry) diag_detail(&diags->arena, diag, "%s", text_or_nothing(entry));
	if (help)
		diag_help(&diags->arena, diag, "%s", help);
}

/* What a child that ended by itself wrote. */
static bool take_result(const char *path, const struct buf *text, json_t **raw, struct diags *diags)
{
	json_t *result = json_loadb(buf_text(text), text->length, 0, NULL), *plan, *entry;
	size_t before = diags->errors, i;

	json_array_foreach(json_object_get(result, "diags"), i, entry) take_diag(diags, entry);
	plan = json_object_get(result, "plan");
	if (json_is_object(plan) && diags->errors == before)
		*raw = json_incref(plan);
	else if (diags->errors == before)
		say_limit(diags, path, "the evaluation of the plan gave no result", "nothing was done to the database");
	json_decref(result);
	return diags->errors == before;
}

static bool load_source(const struct load_request *request, const struct source *source, json_t **raw,
                        struct diags *diags, struct err *err)
{
	struct child child = {0};
	struct buf text = {0};
	enum end end;
	int status;
	bool ok;

	if (!start(request, source, &child, err))
		return false;
	end = read_result(child.result, &text);
	close(child.result);
	status = reap(&child, end);
	if (end == END_OF_RESULT && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		ok = take_result(request->path, &text, raw, diags);
	else
		ok = explain_death(request->path, end, status, diags, err);
	buf_release(&text);
	return ok;
}

bool plan_load(const struct load_request *request, json_t **raw, struct diags *diags, struct err *err)
{
	struct source source;
	bool ok = false;

	*raw = NULL;
	if (source_read(request->path, &source))
		ok = load_source(request, &source, raw, diags, err);
	else if (source.is_too_long)
		say_limit(diags, request->path, "the plan is longer than 1 MiB",
		          "data belongs into files for import_rows");
	else
		err_set(err, EXIT_OWN, "cannot read \"%s\": %s", request->path, source.why);
	source_release(&source);
	return ok;
}

bool library_load(const struct load_request *request, json_t **raw, struct diags *diags, struct err *err)
{
	char text[256];
	struct source source = {.text = text};

	*raw = NULL;
	snprintf(text, sizeof(text), "return require \"%.200s\"", request->module);
	source.length = strlen(text);
	sha256_hex(text, source.length, source.sha256);
	return load_source(request, &source, raw, diags, err);
}
