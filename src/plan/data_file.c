/* One walk to the file, one pass over it. */
#include "plan/data_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "plan/plan.h"
#include "plan/root.h"

enum { BLOCK = 1 << 16 };

/* What is wrong with a file, for people. */
struct fault {
	const char *why, *help;
};

static bool wrong(struct fault *fault, const char *why, const char *help)
{
	*fault = (struct fault){why, help};
	return false;
}

/* The plan file itself, not the library that a step comes from. */
static const char *plan_of(const struct option_place *place)
{
	return place->chain_length ? place->chain[place->chain_length - 1].file : place->span.file;
}

/* Is the real path inside that folder? */
static bool is_below(const char *real, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(real, folder, length) == 0 && (real[length] == '/' || (length == 1 && folder[0] == '/'));
}

/* The absolute path without symbolic links, which must be inside the plan's root. */
static bool locate(const char *plan, const char *name, char real[PATH_MAX], struct fault *fault)
{
	const char *slash = strrchr(plan, '/');
	char root[PATH_MAX], real_root[PATH_MAX], path[PATH_MAX];

	if (!*name || *name == '/')
		return wrong(fault, *name ? "the path is absolute" : "it has no name",
		             "write it as it is seen from the plan's folder");
	if (snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash - plan + 1) : 0, plan, name) >= PATH_MAX)
		return wrong(fault, "the path is too long", NULL);
	if (!realpath(path, real))
		return wrong(fault, strerror(errno), "the path is seen from the plan's folder");
	root_find(plan, root);
	if (realpath(root, real_root) && is_below(real, real_root))
		return true;
	return wrong(fault, "it is outside of the plan's root",
	             "move it beside the plan, or below the folder that holds interlock.conf; symbolic links count as"
	             " what they lead to");
}

/* Adds what a pass over it tells. */
static bool measure(int file, json_t *facts, struct fault *fault)
{
	char block[BLOCK], hex[65], last = '\n';
	int64_t bytes = 0, lines = 0;
	struct sha256 sha256;
	ssize_t n;

	sha256_begin(&sha256);
	while ((n = read(file, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wrong(fault, strerror(errno), NULL);
		sha256_add(&sha256, block, (size_t)n);
		for (const char *at = block; (at = memchr(at, '\n', (size_t)(block + n - at))); at++)
			lines++;
		bytes += n;
		last = block[n - 1];
	}
	sha256_end(&sha256, hex);
	json_object_set_new(facts, "sha256", json_string(hex));
	json_object_set_new(facts, "bytes", json_integer(bytes));
	json_object_set_new(facts, "lines", json_integer(lines + (last != '\n')));
	return true;
}

static bool look_into(const char *real, json_t *facts, struct fault *fault)
{
	int file = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	struct stat status;
	bool ok;

	if (file < 0)
		return wrong(fault, strerror(errno), NULL);
	if (fstat(file, &status) != 0)
		ok = wrong(fault, strerror(errno), NULL);
	else if (!S_ISREG(status.st_mode))
		ok = wrong(fault, S_ISDIR(status.st_mode) ? "it is a folder" : "it is not an ordinary file", NULL);
	else
		ok = measure(file, facts, fault);
	close(file);
	return ok;
}

json_t *data_file_find(json_t *name, const struct option *option, const struct option_place *place,
                       struct diags *diags)
{
	const char *plan = plan_of(place), *path = json_string_value(name);
	json_t *facts, *where;
	struct fault fault = {0};
	char real[PATH_MAX];
	struct diag *diag;

	if (!path) {
		option_error(place, diags, "bad-option", option->name, "\"%s\" of %s must be the name of a file",
		             option->name, place->subject);
		return NULL;
	}
	facts = json_pack("{s:O}", "path", name);
	if (locate(plan ? plan : "", path, real, &fault)) {
		where = json_string(real);
		if (!where)
			wrong(&fault, "its path is not UTF-8", NULL);
		else if (json_object_set_new(facts, "real", where) == 0 && look_into(real, facts, &fault))
			return facts;
	}
	json_decref(facts);
	diag = option_error(place, diags, "bad-option", option->name, "cannot read \"%s\", the \"%s\" of %s: %s", path,
	                    option->name, place->subject, fault.why);
	if (fault.help)
		diag_help(&diags->arena, diag, "%s", fault.help);
	return NULL;
}

bool data_file_read(json_t *value, struct data_file *file)
{
	json_t *path = json_is_string(value) ? value : json_object_get(value, "path");

	file->path = json_string_value(path);
	file->real = json_string_value(json_object_get(value, "real"));
	file->sha256 = json_string_value(json_object_get(value, "sha256"));
	file->bytes = json_integer_value(json_object_get(value, "bytes"));
	file->lines = json_integer_value(json_object_get(value, "lines"));
	return file->path != NULL;
}

void data_files_move(struct plan *plan, const struct plan *now)
{
	for (int n = 1; n <= (int)plan->step_count && n <= (int)now->step_count; n++) {
		const struct step *step = plan_step(plan, n), *other = plan_step(now, n);

		for (const struct option *o = step->type->options; o->name && other->type == step->type; o++)
			if (o->kind == OPTION_FILE) {
				struct data_file *file = (struct data_file *)((char *)step->args + o->offset);
				const struct data_file *found = (const struct data_file *)((char *)other->args + o->offset);

				file->real = arena_strdup(&plan->arena, found->real);
			}
	}
}

json_t *data_file_canonical(json_t *value)
{
	if (!json_is_object(value))
		return json_deep_copy(value);
	return json_pack("{s:O?, s:O?}", "path", json_object_get(value, "path"), "sha256",
	                 json_object_get(value, "sha256"));
}
