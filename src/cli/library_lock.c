/* Folders are exchanged by renaming, and the lock is written last. */
#include "cli/library_lock.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/folder.h"
#include "plan/pins.h"
#include "plan/source.h"

static const char *in_root(struct arena *arena, const char *root, const char *below)
{
	char path[PATH_MAX];

	pins_path(root, below, path, sizeof(path));
	return arena_strdup(arena, path);
}

static const char *vendored(struct arena *arena, const char *root, const char *before, const char *name,
                            const char *after)
{
	return in_root(arena, root, arena_printf(arena, "vendor/%s%s%s", before, name, after));
}

json_t *lock_read(const char *root, struct err *err)
{
	const char *why;
	json_t *libraries = pins_read(root, &why);

	if (!libraries) {
		err_set(err, EXIT_OWN, "interlock.lock is of no use: %s", why);
		err_help(err, "take it from git as it was: git checkout interlock.lock");
	}
	return libraries;
}

static bool lock_write(const char *root, const json_t *libraries, struct err *err)
{
	json_t *lock = json_pack("{s:i, s:O}", "format", PINS_FORMAT, "libraries", libraries);
	char *text = json_dumps(lock, JSON_INDENT(2) | JSON_SORT_KEYS);
	struct arena arena = {0};
	const char *path = in_root(&arena, root, "interlock.lock");
	const char *new = arena_printf(&arena, "%s.%ld", path, (long)getpid());
	const char *line = arena_printf(&arena, "%s\n", text);
	bool ok;

	unlink(new);
	ok = folder_write(new, line, strlen(line), err);
	if (ok && rename(new, path) != 0)
		ok = err_set(err, EXIT_OWN, "cannot write \"%s\": %s", path, strerror(errno));
	if (!ok)
		unlink(new);
	free(text);
	json_decref(lock);
	arena_release(&arena);
	return ok;
}

static json_t *pin_of(const struct library *library)
{
	json_t *files = json_object();

	for (size_t i = 0; i < library->count; i++)
		json_object_set_new(files, library->files[i].name, json_string(library->files[i].sha256));
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:O}", "source", library->source, "revision", library->revision,
	                 "commit", library->commit, "tree", library->tree, "files", files, "needs", library->needs);
}

/* The folder `new` takes the place of `path`, which may be there. */
static bool exchange(const char *new, const char *path, const char *old, struct err *err)
{
	folder_remove(old);
	if ((rename(path, old) != 0 && errno != ENOENT) || rename(new, path) != 0)
		return err_set(err, EXIT_OWN, "cannot replace \"%s\": %s", path, strerror(errno));
	folder_remove(old);
	return true;
}

bool lock_install(const char *root, json_t *libraries, const struct library *library, struct err *err)
{
	struct arena arena = {0};
	const char *path = vendored(&arena, root, "", library->name, "");
	const char *new = vendored(&arena, root, ".", library->name, ".new");
	const char *old = vendored(&arena, root, ".", library->name, ".old");
	bool ok;

	folder_remove(new);
	ok = folder_make(new, err);
	for (size_t i = 0; ok && i < library->count; i++)
		ok = folder_write(arena_printf(&arena, "%s/%s", new, library->files[i].name), library->files[i].text,
		                  library->files[i].length, err);
	ok = ok && exchange(new, path, old, err);
	folder_remove(new);
	json_object_set_new(libraries, library->name, pin_of(library));
	ok = ok && lock_write(root, libraries, err);
	arena_release(&arena);
	return ok;
}

bool lock_remove(const char *root, json_t *libraries, const char *name, struct err *err)
{
	struct arena arena = {0};
	bool ok;

	json_object_del(libraries, name);
	ok = lock_write(root, libraries, err);
	if (ok)
		folder_remove(vendored(&arena, root, "", name, ""));
	arena_release(&arena);
	return ok;
}

static void finding(struct diags *diags, const char *path, const char *name, const char *what)
{
	struct diag *diag = diags_add(diags, SEVERITY_ERROR, "library-changed", (struct span){0}, "%s %s", path, what);

	diag_help(&diags->arena, diag,
	          "git checkout %s takes a change by hand back; interlock lib update %s brings another version", path,
	          name);
}

/* Is there something else than what is pinned? */
static bool verify_file(const char *path, const char *name, const char *pinned, struct diags *diags)
{
	struct source source = {0};
	struct stat facts;
	const char *what = NULL;
	bool missing;

	if (lstat(path, &facts) == 0 && !S_ISREG(facts.st_mode))
		what = "is not an ordinary file";
	else if (!source_read(path, &source))
		what = source.is_missing ? "is missing" : "cannot be read";
	else if (strcmp(source.sha256, pinned) != 0)
		what = "was changed: it is not what interlock.lock pins";
	missing = source.is_missing;
	source_release(&source);
	if (what)
		finding(diags, path, name, what);
	return what && !missing;
}

/* The names of a folder's entries, in order, without "." and "..". */
static size_t entries_of(struct arena *arena, const char *path, const char *names[], size_t room)
{
	struct dirent **found = NULL;
	int all = scandir(path, &found, NULL, alphasort);
	size_t count = 0;

	for (int i = 0; i < all; i++) {
		if (strcmp(found[i]->d_name, ".") != 0 && strcmp(found[i]->d_name, "..") != 0 && count < room)
			names[count++] = arena_strdup(arena, found[i]->d_name);
		free(found[i]);
	}
	free(found);
	return count;
}

enum { ENTRIES_MAX = 1000 };

size_t lock_verify(const char *root, const char *name, const json_t *pin, struct diags *diags)
{
	json_t *files = json_object_get(pin, "files"), *hash;
	const char *folder = vendored(&diags->arena, root, "", name, ""), *file, *names[ENTRIES_MAX];
	size_t count = entries_of(&diags->arena, folder, names, ENTRIES_MAX), changed = 0;

	json_object_foreach(files, file, hash)
	{
		const char *path = arena_printf(&diags->arena, "%s/%s", folder, file);

		changed += verify_file(path, name, json_string_value(hash), diags);
	}
	for (size_t i = 0; i < count; i++) {
		if (json_object_get(files, names[i]))
			continue;
		finding(diags, arena_printf(&diags->arena, "%s/%s", folder, names[i]), name, "is not in interlock.lock");
		changed++;
	}
	return changed;
}

void lock_verify_strangers(const char *root, const json_t *libraries, struct diags *diags)
{
	const char *vendor = in_root(&diags->arena, root, "vendor"), *names[ENTRIES_MAX];
	size_t count = entries_of(&diags->arena, vendor, names, ENTRIES_MAX);

	for (size_t i = 0; i < count; i++) {
		const char *path = arena_printf(&diags->arena, "%s/%s", vendor, names[i]);
		struct stat facts;
		struct diag *diag;

		if (json_object_get(libraries, names[i]) || stat(path, &facts) != 0 || !S_ISDIR(facts.st_mode))
			continue;
		diag = diags_add(diags, SEVERITY_ERROR, "library-not-pinned", (struct span){0},
		                 "%s belongs to no library of interlock.lock", path);
		diag_help(&diags->arena, diag,
		          "interlock lib add NAME SOURCE brings and pins a library; one of your own stands in lib/");
	}
}
