/* Reading interlock.lock with nothing taken for granted: people merge it by hand. */
#include "plan/pins.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/sha256.h"
#include "base/xalloc.h"
#include "plan/source.h"

#define SMALL "abcdefghijklmnopqrstuvwxyz0123456789_"

enum { TEXT_MAX = 1000 };

void pins_path(const char *root, const char *below, char *path, size_t size)
{
	if (strcmp(root, ".") == 0)
		snprintf(path, size, "%s", below);
	else
		snprintf(path, size, "%s%s%s", root, strcmp(root, "/") == 0 ? "" : "/", below);
}

bool pins_name_is_good(const char *name)
{
	size_t length = strspn(name, SMALL);

	return length > 0 && length <= PINS_NAME_MAX && !name[length] && strcmp(name, "std") != 0;
}

bool pins_file_is_lua(const char *file)
{
	size_t length = strspn(file, SMALL);

	return length > 0 && length <= PINS_NAME_MAX && strcmp(file + length, ".lua") == 0;
}

static bool is_hash(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* A text that may be shown on a terminal: another repository's lock comes from others. */
static bool is_text(const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text || strlen(text) > TEXT_MAX)
		return false;
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7F)
			return false;
	return true;
}

static bool is_file_name(const char *file)
{
	size_t length = strlen(file);

	return length > 0 && length <= PINS_NAME_MAX && *file != '.' && strspn(file, PINS_PRINTED) == length;
}

static bool is_version(json_t *library)
{
	return is_text(json_object_get(library, "source")) && is_text(json_object_get(library, "revision")) &&
	       is_hash(json_object_get(library, "tree"));
}

static bool are_needs(json_t *needs)
{
	const char *name;
	json_t *need;

	json_object_foreach(needs, name, need)
	{
		if (!pins_name_is_good(name) || !is_version(need))
			return false;
	}
	return !needs || json_is_object(needs);
}

/* A library as the lock describes it: everything that is read later is there and of its kind. */
static bool is_library(const char *name, json_t *library)
{
	json_t *files = json_object_get(library, "files"), *value;
	const char *file;
	char tree[65];

	if (!pins_name_is_good(name) || !is_version(library) || !is_text(json_object_get(library, "commit")) ||
	    !json_is_object(files) || !are_needs(json_object_get(library, "needs")))
		return false;
	json_object_foreach(files, file, value)
	{
		if (!is_hash(value) || !is_file_name(file))
			return false;
	}
	pins_tree(files, tree);
	return strcmp(json_string_value(json_object_get(library, "tree")), tree) == 0;
}

json_t *pins_parse(const char *text, size_t length, const char **why)
{
	json_t *lock = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL), *library;
	json_t *libraries = json_incref(json_object_get(lock, "libraries"));
	const char *name;

	*why = NULL;
	if (!json_is_object(libraries))
		*why = "it is not as interlock lib wrote it";
	else if (json_integer_value(json_object_get(lock, "format")) != PINS_FORMAT)
		*why = "it is of another format than this version of interlock knows";
	else
		json_object_foreach(libraries, name, library)
		{
			if (!is_library(name, library))
				*why = "what it says of a library contradicts itself";
		}
	json_decref(lock);
	if (*why) {
		json_decref(libraries);
		return NULL;
	}
	return libraries;
}

json_t *pins_read(const char *root, const char **why)
{
	char path[PATH_MAX];
	struct source source;
	json_t *libraries;

	pins_path(root, "interlock.lock", path, sizeof(path));
	*why = NULL;
	if (source_read(path, &source))
		libraries = pins_parse(source.text, source.length, why);
	else if (source.is_missing)
		libraries = json_object();
	else
		libraries = NULL, *why = source.why;
	source_release(&source);
	return libraries;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void pins_tree(const json_t *files, char hex[65])
{
	const char **names = xmalloc((json_object_size(files) + 1) * sizeof(*names)), *file;
	struct buf lines = {0};
	size_t count = 0;
	json_t *hash;

	json_object_foreach((json_t *)(uintptr_t)files, file, hash) names[count++] = file;
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count; i++)
		buf_addf(&lines, "%s  %s\n", json_string_value(json_object_get(files, names[i])), names[i]);
	sha256_hex(buf_text(&lines), lines.length, hex);
	buf_release(&lines);
	free(names);
}

static bool problem_is(struct pin_problem *problem, const char *rule, const char *summary, const char *help)
{
	problem->rule = rule;
	snprintf(problem->summary, sizeof(problem->summary), "%s", summary);
	snprintf(problem->help, sizeof(problem->help), "%s", help);
	return false;
}

/* What a file is that differs, in words. */
static bool differs(const char *path, const char *library, const char *pinned, struct pin_problem *problem)
{
	char summary[sizeof(problem->summary)], help[sizeof(problem->help)];

	snprintf(summary, sizeof(summary),
	         pinned ? "%s was changed: it is not what interlock.lock pins" : "%s is not in interlock.lock", path);
	snprintf(help, sizeof(help),
	         "git checkout %s takes a change by hand back; interlock lib update %s brings another version", path,
	         library);
	if (!pinned)
		snprintf(help, sizeof(help), "remove it, or put a library of your own into lib/");
	return problem_is(problem, "library-changed", summary, help);
}

bool pins_allow(const char *root, const char *library, const char *file, const char *sha256,
                struct pin_problem *problem)
{
	const char *why, *pinned;
	char path[PATH_MAX], below[PINS_NAME_MAX * 2 + 64];
	json_t *libraries = pins_read(root, &why), *pin = json_object_get(libraries, library);
	bool ok = false;

	snprintf(below, sizeof(below), "vendor/%s/%s", library, file);
	pins_path(root, below, path, sizeof(path));
	if (!libraries) {
		snprintf(path, sizeof(path), "interlock.lock is of no use: %s", why);
		problem_is(
			problem, "bad-lock", path,
			"take it from git as it was: git checkout interlock.lock; after a merge, add one side's libraries again");
	} else if (!pin) {
		snprintf(path, sizeof(path), "the library \"%s\" is not pinned in interlock.lock", library);
		problem_is(problem, "library-not-pinned", path,
		           "interlock lib add NAME SOURCE brings and pins a library; one of your own stands in lib/");
	} else {
		pinned = json_string_value(json_object_get(json_object_get(pin, "files"), file));
		ok = (pinned && strcmp(pinned, sha256) == 0) || differs(path, library, pinned, problem);
	}
	json_decref(libraries);
	return ok;
}
