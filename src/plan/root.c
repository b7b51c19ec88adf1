/* From a plan's folder upwards. */
#include "plan/root.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The folder above, as text: "a/b" -> "a", "a" -> ".", "." -> "..", ".." -> "../..".  false: there is none. */
static bool go_up(char *folder, size_t size)
{
	char real[PATH_MAX];
	char *slash = strrchr(folder, '/');
	const char *last = slash ? slash + 1 : folder;

	if (!realpath(folder, real) || strcmp(real, "/") == 0)
		return false;
	if (strcmp(last, "..") == 0 || strcmp(last, ".") == 0)
		snprintf(folder + strlen(folder), size - strlen(folder), "%s", strcmp(folder, ".") == 0 ? "." : "/..");
	else if (!slash)
		snprintf(folder, size, ".");
	else
		slash[slash == folder] = '\0';
	return true;
}

static bool is_root(const char *folder)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/interlock.conf", folder);
	return access(path, F_OK) == 0;
}

void root_find(const char *plan, char root[PATH_MAX])
{
	const char *slash = strrchr(plan, '/');
	char own[PATH_MAX];

	if (slash)
		snprintf(own, sizeof(own), "%.*s", slash == plan ? 1 : (int)(slash - plan), plan);
	else
		snprintf(own, sizeof(own), ".");
	snprintf(root, PATH_MAX, "%s", own);
	while (!is_root(root))
		if (!go_up(root, PATH_MAX)) {
			snprintf(root, PATH_MAX, "%s", own);
			return;
		}
}
