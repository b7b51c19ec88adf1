/* Finding a form by its name. */
#include "cli/format.h"

#include <string.h>

#include "base/suggest.h"

static const struct format formats[] = {{"sarif", format_sarif},
                                        {"github", format_github},
                                        {"gitlab", format_gitlab},
                                        {"tap", format_tap},
                                        {"text", NULL},
                                        {"json", NULL}};

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

bool format_find(const char *name, const struct format **format, struct err *err)
{
	const char *names[FORMATS], *near;

	*format = NULL;
	if (!name)
		return true;
	for (size_t i = 0; i < FORMATS; i++) {
		names[i] = formats[i].name;
		if (strcmp(formats[i].name, name) != 0)
			continue;
		*format = formats[i].write ? &formats[i] : NULL;
		return true;
	}
	near = suggest(name, names, FORMATS);
	err_set(err, EXIT_USAGE, "there is no format \"%s\"", name);
	if (near)
		err_help(err, "did you mean \"%s\"?", near);
	else
		err_help(err, "text, json, sarif, github, gitlab or tap");
	return false;
}
