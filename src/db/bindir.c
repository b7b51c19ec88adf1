/* Where the programs of a server are. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/server.h"

static bool holds(const char *bindir, const char *program)
{
	struct arena scratch = {0};
	bool found = access(arena_printf(&scratch, "%s/%s", bindir, program), X_OK) == 0;

	arena_release(&scratch);
	return found;
}

static bool is_complete(const char *bindir)
{
	return holds(bindir, "initdb") && holds(bindir, "postgres");
}

/* The answer of pg_config, or NULL. */
static const char *ask_pg_config(struct arena *arena)
{
	FILE *answer = popen("pg_config --bindir 2>/dev/null", "re");
	char line[4096] = "";

	if (!answer)
		return NULL;
	if (!fgets(line, sizeof(line), answer))
		line[0] = '\0';
	pclose(answer);
	line[strcspn(line, "\n")] = '\0';
	return *line ? arena_strdup(arena, line) : NULL;
}

/* The newest of the folders that one pattern finds; the version is the number that stands at the star. */
static const char *newest(const char *pattern, struct arena *arena)
{
	size_t before = strcspn(pattern, "*");
	const char *best = NULL;
	double best_version = -1;
	glob_t found = {0};

	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++) {
			double version = strtod(found.gl_pathv[i] + before, NULL);

			if (version > best_version && is_complete(found.gl_pathv[i])) {
				best_version = version;
				best = arena_strdup(arena, found.gl_pathv[i]);
			}
		}
	globfree(&found);
	return best;
}

/* The server's programs start in another folder than ours. */
static const char *absolute(const char *path, struct arena *arena)
{
	char *whole = realpath(path, NULL);
	const char *copy = arena_strdup(arena, whole);

	free(whole);
	return copy;
}

bool server_find_bindir(const char *given, struct arena *arena, const char **bindir, struct err *err)
{
	const char *asked;

	if (given) {
		*bindir = absolute(given, arena);
		if (*bindir && is_complete(*bindir))
			return true;
		err_set(err, EXIT_OWN, "no server programs in \"%s\"", given);
		err_help(err, "--bindir is the folder that holds initdb and postgres");
		return false;
	}
	asked = ask_pg_config(arena);
	if (asked && is_complete(asked)) {
		*bindir = asked;
		return true;
	}
	if ((*bindir = newest("/usr/lib/postgresql/*/bin", arena)) || (*bindir = newest("/usr/pgsql-*/bin", arena)))
		return true;
	err_set(err, EXIT_OWN, "no server programs (initdb, postgres) are installed here");
	err_help(err, "install the package postgresql, or name the folder of the programs with --bindir");
	return false;
}

bool server_find_bindir_of(const char *given, int major, struct arena *arena, const char **bindir, struct err *err)
{
	const char *const places[] = {arena_printf(arena, "/usr/lib/postgresql/%d/bin", major),
	                              arena_printf(arena, "/usr/pgsql-%d/bin", major)};

	for (size_t i = 0; !given && i < sizeof(places) / sizeof(places[0]); i++)
		if (is_complete(places[i])) {
			*bindir = places[i];
			return true;
		}
	return server_find_bindir(given, arena, bindir, err);
}
