/* interlock lib: libraries of others, copied under vendor/ and pinned in interlock.lock. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/suggest.h"
#include "cli/command.h"
#include "cli/library.h"
#include "cli/library_diff.h"
#include "cli/library_doc.h"
#include "cli/library_lock.h"
#include "cli/report.h"
#include "plan/pins.h"
#include "plan/root.h"

/* What every subcommand works on. */
struct work {
	struct context *context;
	char root[PATH_MAX];
	json_t *libraries;
	const char *name; /* the first operand behind the subcommand, or NULL */
	const char *second, *third;
};

static const char *text_of(const json_t *pin, const char *key)
{
	return json_string_value(json_object_get(pin, key));
}

static bool no_such_library(const struct work *work, struct err *err)
{
	const char *names[256], *name, *near;
	size_t count = 0;
	json_t *pin;

	json_object_foreach(work->libraries, name, pin)
	{
		if (count < 256)
			names[count++] = name;
	}
	near = suggest(work->name, names, count);
	err_set(err, EXIT_OWN, "interlock.lock has no library \"%s\"", work->name);
	if (strcmp(work->name, "std") == 0)
		err_help(err, "std comes with interlock: interlock help std names its files");
	else if (near)
		err_help(err, "did you mean \"%s\"?", near);
	else
		err_help(err, "interlock lib list names those that are there; interlock lib add NAME SOURCE brings one");
	return false;
}

/* Nobody's change of a vendored file is written over. */
static bool is_as_pinned(struct work *work, const json_t *pin, struct err *err)
{
	struct diags diags = {0};
	bool changed = lock_verify(work->root, work->name, pin, &diags) > 0;

	if (changed) {
		report_diags(stderr, &diags);
		err_set(err, EXIT_REJECTED, "vendor/%s was changed by hand; nothing was written", work->name);
		err_help(err,
		         "bring the change into the library's own repository, or take it back: git checkout vendor/%s",
		         work->name);
	}
	diags_release(&diags);
	return !changed;
}

static void say_installed(const struct work *work, const struct library *library, const char *before)
{
	if (work->context->options.json) {
		report_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "type", "library", "library", library->name,
		                      "revision", library->revision, "commit", library->commit, "tree", library->tree,
		                      "files", (int)library->count));
		return;
	}
	printf("%s  %s%s%s  commit %.10s, %zu file%s, tree %.4s...%s\n", library->name, before ? before : "",
	       before ? " -> " : "", library->revision, library->commit, library->count,
	       library->count == 1 ? "" : "s", library->tree, library->tree + 60);
	if (work->context->options.dry_run)
		report_message("nothing was written");
	if (library->left_out)
		report_message("%zu other entr%s of the repository left out%s%s", library->left_out,
		               library->left_out == 1 ? "y" : "ies", library->unusable ? ", as " : "",
		               library->unusable ? library->unusable : "");
}

/* Fetches, looks at it in every way, and puts it in. */
static bool install(struct work *work, const char *source, const char *revision, const char *before,
                    struct err *err)
{
	struct library library = {.name = work->name, .source = source, .revision = revision};
	bool ok = library_fetch(&library, err) && library_fits(&library, work->libraries, err) &&
	          library_loads(&library, work->root, err) &&
	          (work->context->options.dry_run || lock_install(work->root, work->libraries, &library, err));

	if (ok)
		say_installed(work, &library, before);
	library_release(&library);
	return ok;
}

/* https://user:password@host/… */
static bool holds_a_password(const char *source)
{
	const char *host = strstr(source, "://"), *at = host ? strpbrk(host + 3, "@/") : NULL;
	const char *colon = at ? strchr(host + 3, ':') : NULL;

	return at && *at == '@' && colon && colon < at;
}

static bool add(struct work *work, struct err *err)
{
	const json_t *pin = json_object_get(work->libraries, work->name);

	if (!pins_name_is_good(work->name)) {
		err_set(err, EXIT_USAGE, "\"%s\" is no name for a library", work->name);
		err_help(err, "small letters, digits and \"_\", and not std: it is what require \"NAME.file\" says");
		return false;
	}
	if (holds_a_password(work->second)) {
		err_set(err, EXIT_USAGE, "the source holds a password, and interlock.lock would keep it");
		err_help(err, "give the address without it; git asks a credential helper, or take ssh");
		return false;
	}
	if (pin) {
		err_set(err, EXIT_OWN, "the library \"%s\" is there already, at %s from %s", work->name,
		        text_of(pin, "revision"), text_of(pin, "source"));
		err_help(
			err,
			"interlock lib update %s REVISION brings another version; a library of the same name from elsewhere needs "
			"another name here",
			work->name);
		return false;
	}
	return install(work, work->second, work->third ? work->third : "HEAD", NULL, err);
}

static bool update_one(struct work *work, struct err *err)
{
	const json_t *pin = json_object_get(work->libraries, work->name);
	const char *source, *before, *revision;

	if (!pin)
		return no_such_library(work, err);
	if (!is_as_pinned(work, pin, err))
		return false;
	/* the pin goes when the new one is put in its place */
	source = arena_strdup(&work->context->arena, text_of(pin, "source"));
	before = arena_strdup(&work->context->arena, text_of(pin, "revision"));
	revision = work->second ? work->second : before;
	return install(work, source, revision, before, err);
}

static bool update(struct work *work, struct err *err)
{
	const char *names[256], *name;
	size_t count = 0;
	json_t *pin;

	if (work->name)
		return update_one(work, err);
	json_object_foreach(work->libraries, name, pin)
	{
		if (count < 256)
			names[count++] = arena_strdup(&work->context->arena, name);
	}
	for (size_t i = 0; i < count; i++) {
		work->name = names[i];
		if (!update_one(work, err))
			return false;
	}
	return true;
}

static bool remove_library(struct work *work, struct err *err)
{
	const json_t *pin = json_object_get(work->libraries, work->name);

	if (!pin)
		return no_such_library(work, err);
	if (!is_as_pinned(work, pin, err) ||
	    (!work->context->options.dry_run && !lock_remove(work->root, work->libraries, work->name, err)))
		return false;
	if (work->context->options.dry_run)
		report_message("nothing was written");
	else if (!work->context->options.json)
		printf("%s  removed\n", work->name);
	return true;
}

static bool verify(struct work *work, struct err *err)
{
	struct diags diags = {0};
	const char *name;
	size_t count = 0;
	json_t *pin;
	bool ok;

	if (work->name && !json_object_get(work->libraries, work->name))
		return no_such_library(work, err);
	json_object_foreach(work->libraries, name, pin)
	{
		if (work->name && strcmp(work->name, name) != 0)
			continue;
		lock_verify(work->root, name, pin, &diags);
		count++;
	}
	if (!work->name)
		lock_verify_strangers(work->root, work->libraries, &diags);
	ok = diags.errors == 0;
	if (!ok)
		report_diags(stdout, &diags), err->code = EXIT_REJECTED;
	else if (!work->context->options.json)
		printf("%zu librar%s as pinned\n", count, count == 1 ? "y" : "ies");
	diags_release(&diags);
	return ok;
}

static void list_one(const struct work *work, const char *name, const json_t *pin)
{
	const char *revision = text_of(pin, "revision"), *commit = text_of(pin, "commit"),
			   *source = text_of(pin, "source");

	if (work->context->options.json)
		report_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", "library", "library", name, "revision",
		                      revision, "commit", commit, "source", source, "tree", text_of(pin, "tree")));
	else
		printf("%-16s %-12s %.10s  %2zu files  %s\n", name, revision, commit,
		       json_object_size(json_object_get(pin, "files")), source);
}

static bool list(struct work *work, struct err *err)
{
	const char *name;
	json_t *pin;

	(void)err;
	json_object_foreach(work->libraries, name, pin) list_one(work, name, pin);
	if (json_object_size(work->libraries) == 0 && !work->context->options.json)
		printf("no libraries: interlock lib add NAME SOURCE brings one\n");
	return true;
}

static void say_changes(const struct work *work, const struct library *library, const json_t *pin,
                        const struct library_changes *changes)
{
	if (work->context->options.json)
		report_json(json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i}", "type", "done", "library", library->name,
		                      "from", text_of(pin, "revision"), "to", library->revision, "plans",
		                      (int)changes->plans, "changed", (int)changes->changed, "broken",
		                      (int)changes->broken));
	else
		printf("%s %s (%.10s) -> %s (%.10s): %zu of %zu plans change%s\n", library->name, text_of(pin, "revision"),
		       text_of(pin, "commit"), library->revision, library->commit, changes->changed, changes->plans,
		       changes->broken ? ", and some do not compile" : "");
}

static bool diff(struct work *work, struct err *err)
{
	const json_t *pin = json_object_get(work->libraries, work->name);
	struct library library = {.name = work->name};
	struct library_changes changes;
	bool ok;

	if (!pin)
		return no_such_library(work, err);
	library.source = text_of(pin, "source");
	library.revision = work->second ? work->second : text_of(pin, "revision");
	ok = library_fetch(&library, err) && library_fits(&library, work->libraries, err) &&
	     library_loads(&library, work->root, err) &&
	     library_diff(work->context, work->root, &library, &changes, err);
	if (ok) {
		say_changes(work, &library, pin, &changes);
		if (changes.broken)
			err->code = EXIT_REJECTED;
		else if (changes.changed && work->context->options.exit_code)
			err->code = EXIT_CHANGED;
	}
	library_release(&library);
	return ok && !err->code;
}

static bool doc(struct work *work, struct err *err)
{
	char path[PATH_MAX], below[PATH_MAX];

	snprintf(below, sizeof(below), "lib/%.200s.lua", work->name);
	pins_path(work->root, below, path, sizeof(path));
	if (!strchr(work->name, '.') && !json_object_get(work->libraries, work->name) && access(path, F_OK) != 0)
		return no_such_library(work, err);
	return library_doc(work->context, work->root, work->libraries, work->name, err);
}

static const struct verb {
	const char *name;
	size_t least, most; /* operands behind it */
	const char *wants;
	bool (*run)(struct work *work, struct err *err);
} verbs[] = {
	{"add", 2, 3, "NAME SOURCE [REVISION]", add},
	{"update", 0, 2, "[NAME [REVISION]]", update},
	{"remove", 1, 1, "NAME", remove_library},
	{"verify", 0, 1, "[NAME]", verify},
	{"list", 0, 0, "nothing more", list},
	{"diff", 1, 2, "NAME [REVISION]", diff},
	{"doc", 1, 1, "NAME[.FILE]", doc},
};

static bool run_verb(struct work *work, const struct verb *verb, struct err *err)
{
	size_t more = work->context->operand_count - 1;
	const char *const *operands = work->context->operands + 1;
	bool ok;

	if (more < verb->least || more > verb->most)
		return err_set(err, EXIT_USAGE, "lib %s takes %s", verb->name, verb->wants);
	root_find("plans.lua", work->root);
	work->libraries = lock_read(work->root, err);
	if (!work->libraries)
		return false;
	work->name = more > 0 ? operands[0] : NULL;
	work->second = more > 1 ? operands[1] : NULL;
	work->third = more > 2 ? operands[2] : NULL;
	ok = verb->run(work, err);
	json_decref(work->libraries);
	return ok;
}

static enum exit_code run_lib(struct context *context, struct err *err)
{
	struct work work = {.context = context};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, context->operands[0]) == 0)
			return run_verb(&work, &verbs[i], err) ? EXIT_DONE : err->code;
	err_set(err, EXIT_USAGE,
	        "\"lib %s\" is not known; there are lib add, update, remove, verify, list, diff and doc",
	        context->operands[0]);
	return err->code;
}

const struct command command_lib = {
	.name = "lib",
	.group = "reuse",
	.summary = "libraries of others: bring, pin, compare, document",
	.synopsis = "add|update|remove|verify|list|diff|doc [NAME [SOURCE] [REVISION]]",
	.description =
		"A library is a git repository with files name.lua at its top. lib add NAME SOURCE [REVISION] copies them to "
		"vendor/NAME, where require \"NAME.name\" finds them, and pins them in interlock.lock: source, revision, commit, and "
		"the SHA-256 of each file and of all. Both are committed to git with the plans. Nothing else touches a network, and "
		"what the library holds is evaluated in the sandbox of plans alone.\n\n"
		"A vendored file that differs from its pin is an error in every command that reads plans. lib verify [NAME] compares "
		"all of them; lib list names them.\n\n"
		"lib diff NAME [REVISION] compiles every plan of this repository with the library as it is and as it would be, and "
		"shows what differs in what would be checked, hashed and run: the review of a new version. With --exit-code it ends "
		"with 7 when a plan changes. lib update [NAME [REVISION]] then brings the version, lib remove NAME takes a library "
		"away. Where a library was made with another one, its own interlock.lock says with which version, and one that "
		"contradicts what is pinned here is refused.\n\n"
		"lib doc NAME[.FILE] prints the functions of a library with the options that they take; lib doc std.orphans those "
		"of one that comes with interlock.",
	.accepts = "exit-code",
	.server = SERVER_NONE,
	.operands_min = 1,
	.operands_max = 4,
	.run = run_lib,
};
