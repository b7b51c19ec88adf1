/* From a repository to the few files that are a library.  What the repository says is not trusted. */
#include "cli/library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/sha256.h"
#include "cli/folder.h"
#include "cli/report.h"
#include "plan/load.h"
#include "plan/pins.h"
#include "plan/plan.h"
#include "plan/source.h"

/* One line of git ls-tree -z -l. */
struct entry {
	char mode[8], type[16], hash[65];
	long size; /* of a file */
	const char *name;
};

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), wanted = strlen(end);

	return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

static bool is_file(const struct entry *entry)
{
	return strcmp(entry->type, "blob") == 0 && strncmp(entry->mode, "100", 3) == 0;
}

/* "LICENSE.txt": texts that go with the code they are about. */
static bool is_about(const struct entry *entry)
{
	static const char *const words[] = {"README", "LICENSE", "COPYING", "NOTICE", "CHANGELOG", "AUTHORS"};
	size_t length = strlen(entry->name);

	if (!is_file(entry) || entry->size > SOURCE_MAX || length > PINS_NAME_MAX ||
	    strspn(entry->name, PINS_PRINTED) != length)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(entry->name, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* Takes a file over.  Its size was looked at before its bytes are asked for. */
static bool take(struct library *library, const struct entry *entry, struct err *err)
{
	struct library_file *file = &library->files[library->count];
	struct buf text = {0};
	bool ok = git_blob(&library->git, entry->hash, &text, err);

	if (ok) {
		file->name = arena_strdup(&library->arena, entry->name);
		file->text = arena_strndup(&library->arena, buf_text(&text), text.length);
		file->length = text.length;
		sha256_hex(file->text, file->length, file->sha256);
		library->count++;
	}
	buf_release(&text);
	return ok;
}

static bool refuse(const struct library *library, const char *why, struct err *err)
{
	err_set(err, EXIT_REJECTED, "the library \"%s\" is refused: %s", library->name, why);
	err_detail(err, "%s at %s", library->source, library->revision);
	err_help(err, "nothing was changed; whoever keeps that repository can mend it");
	return false;
}

/* A name as it may be shown: a repository can hold any bytes. */
static const char *shown(struct library *library, const char *name)
{
	char *text = arena_printf(&library->arena, "%.60s", name);

	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7F)
			*c = '?';
	return text;
}

static bool take_lua(struct library *library, const struct entry *entry, struct err *err)
{
	const char *what = !is_file(entry)            ? strcmp(entry->mode, "120000") == 0 ? "is a symbolic link"
	                                                : strcmp(entry->type, "tree") == 0 ? "is a folder"
	                                                                                   : "is no file"
	                   : entry->size > SOURCE_MAX ? "is longer than 1 MiB"
	                                              : NULL;

	if (what)
		return refuse(library, arena_printf(&library->arena, "%s %s", shown(library, entry->name), what), err);
	if (!pins_file_is_lua(entry->name)) {
		library->unusable = shown(library, entry->name);
		library->left_out++;
		return true;
	}
	return take(library, entry, err);
}

/* The other libraries that it was made with. */
static bool take_needs(struct library *library, const struct entry *entry, struct err *err)
{
	struct buf text = {0};
	json_t *pins = NULL, *pin;
	const char *why, *name;

	if (!is_file(entry) || entry->size > SOURCE_MAX)
		return refuse(library, "its interlock.lock is no ordinary file", err);
	if (!git_blob(&library->git, entry->hash, &text, err)) {
		buf_release(&text);
		return false;
	}
	pins = pins_parse(buf_text(&text), text.length, &why);
	buf_release(&text);
	if (!pins)
		return refuse(library, arena_printf(&library->arena, "its interlock.lock: %s", why), err);
	json_object_foreach(pins, name, pin)
		json_object_set_new(library->needs, name,
	                        json_pack("{s:O, s:O, s:O}", "revision", json_object_get(pin, "revision"), "source",
	                                  json_object_get(pin, "source"), "tree", json_object_get(pin, "tree")));
	json_decref(pins);
	return true;
}

static bool take_entry(struct library *library, const struct entry *entry, struct err *err)
{
	if (library->count == LIBRARY_FILES)
		return refuse(library, "it has more files than 200", err);
	if (ends_with(entry->name, ".lua"))
		return take_lua(library, entry, err);
	if (strcmp(entry->name, "interlock.lock") == 0)
		return take_needs(library, entry, err);
	if (is_about(entry))
		return take(library, entry, err);
	library->left_out++;
	return true;
}

static bool read_entry(const char *line, struct entry *entry)
{
	const char *tab = strchr(line, '\t');
	char size[24] = "";

	*entry = (struct entry){0};
	if (!tab || sscanf(line, "%7s %15s %64s %23s", entry->mode, entry->type, entry->hash, size) != 4)
		return false;
	entry->size = strtol(size, NULL, 10);
	entry->name = tab + 1;
	return true;
}

static bool take_entries(struct library *library, const struct buf *lines, struct err *err)
{
	struct entry entry;
	bool has_code = false;

	for (const char *line = buf_text(lines); line < buf_text(lines) + lines->length; line += strlen(line) + 1)
		if (!read_entry(line, &entry))
			return err_set(err, EXIT_OWN, "cannot understand what git says of the library's files");
		else if (!take_entry(library, &entry, err))
			return false;
	for (size_t i = 0; i < library->count; i++)
		has_code = has_code || pins_file_is_lua(library->files[i].name);
	return has_code ||
	       refuse(library, "it has no file name.lua at its top, of small letters, digits and \"_\"", err);
}

/* What a version of it would be under vendor/, in a temporary folder. */
static bool lay_out(struct library *library, struct err *err)
{
	json_t *hashes = json_object();
	bool ok;

	library->candidate = arena_printf(&library->arena, "%s/%s", library->git.folder, library->name);
	ok = folder_make(library->candidate, err);
	for (size_t i = 0; ok && i < library->count; i++) {
		const struct library_file *file = &library->files[i];

		json_object_set_new(hashes, file->name, json_string(file->sha256));
		ok = folder_write(arena_printf(&library->arena, "%s/%s", library->candidate, file->name), file->text,
		                  file->length, err);
	}
	pins_tree(hashes, library->tree);
	json_decref(hashes);
	return ok;
}

bool library_fetch(struct library *library, struct err *err)
{
	struct buf lines = {0};
	bool ok;

	library->needs = json_object();
	library->files = arena_array(&library->arena, struct library_file, LIBRARY_FILES);
	ok = git_fetch(&library->git, library->source, err) &&
	     git_commit(&library->git, library->revision, library->commit, err) &&
	     git_entries(&library->git, library->commit, &lines, err) && take_entries(library, &lines, err) &&
	     lay_out(library, err);
	buf_release(&lines);
	return ok;
}

static bool file_loads(const struct library *library, const char *root, const char *file, struct err *err)
{
	struct load_candidate candidate = {library->name, library->candidate};
	struct plan_request request = {.path = "interlock lib", .root = root, .candidate = &candidate};
	struct diags diags = {0};
	char module[PINS_NAME_MAX * 2 + 8];
	json_t *raw = NULL;
	bool ok;

	snprintf(module, sizeof(module), "%s.%.*s", library->name, (int)strcspn(file, "."), file);
	ok = plan_library(&request, module, &raw, &diags, err);
	if (!ok && !err->code) {
		report_diags(stderr, &diags);
		err_set(err, EXIT_REJECTED, "the library \"%s\" is refused: %s does not load", library->name, file);
		err_help(err, "nothing was changed; whoever keeps that repository can mend it");
	}
	json_decref(raw);
	diags_release(&diags);
	return ok;
}

bool library_loads(const struct library *library, const char *root, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < library->count; i++)
		ok = !pins_file_is_lua(library->files[i].name) || file_loads(library, root, library->files[i].name, err);
	return ok;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* What it was made with must be here, in that very version. */
static bool has_what_it_needs(const struct library *library, const json_t *pinned, struct err *err)
{
	const char *name;
	json_t *need;

	json_object_foreach(library->needs, name, need)
	{
		const json_t *pin = json_object_get(pinned, name);

		if (pin && strcmp(text_of(pin, "tree"), text_of(need, "tree")) == 0)
			continue;
		if (pin) {
			err_set(err, EXIT_REJECTED, "\"%s\" at %s needs \"%s\" at %s, and here it is pinned at %s",
			        library->name, library->revision, name, text_of(need, "revision"), text_of(pin, "revision"));
			err_help(err,
			         "interlock lib update %s %s, if your plans can do with that; else choose a version of \"%s\" "
			         "that was made with %s",
			         name, text_of(need, "revision"), library->name, text_of(pin, "revision"));
		} else {
			err_set(err, EXIT_REJECTED, "\"%s\" at %s needs the library \"%s\" at %s", library->name,
			        library->revision, name, text_of(need, "revision"));
			err_help(err, "interlock lib add %s %s %s first", name, text_of(need, "source"),
			         text_of(need, "revision"));
		}
		return false;
	}
	return true;
}

/* And those that need it must have been made with this version. */
static bool is_what_others_need(const struct library *library, const json_t *pinned, struct err *err)
{
	const char *name;
	json_t *pin;

	json_object_foreach((json_t *)(uintptr_t)pinned, name, pin)
	{
		const json_t *need = json_object_get(json_object_get(pin, "needs"), library->name);

		if (!need || strcmp(text_of(need, "tree"), library->tree) == 0)
			continue;
		err_set(err, EXIT_REJECTED, "\"%s\" at %s needs \"%s\" at %s, not at %s", name, text_of(pin, "revision"),
		        library->name, text_of(need, "revision"), library->revision);
		err_help(err,
		         "a version of \"%s\" that was made with %s must come first; where each needs the other, "
		         "interlock lib remove %s, update, and add it again",
		         name, library->revision, name);
		return false;
	}
	return true;
}

bool library_fits(const struct library *library, const json_t *pinned, struct err *err)
{
	return has_what_it_needs(library, pinned, err) && is_what_others_need(library, pinned, err);
}

void library_release(struct library *library)
{
	git_release(&library->git);
	json_decref(library->needs);
	arena_release(&library->arena);
}
