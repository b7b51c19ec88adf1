/* Back to the first column, the text, and away with what is left of the one before. */
#include "cli/redraw.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/columns.h"

static bool drawn;

int redraw_room(void)
{
	const char *term = getenv("TERM");
	int columns = term && strcmp(term, "dumb") == 0 ? 0 : columns_of(STDERR_FILENO);

	return columns > 0 ? columns - 1 : 0; /* in the last one a terminal may begin a new line */
}

void redraw_line(const char *text)
{
	fflush(stdout);
	fprintf(stderr, "\r%s\033[K", text);
	fflush(stderr);
	drawn = true;
}

void redraw_erase(void)
{
	if (!drawn)
		return;
	drawn = false;
	fputs("\r\033[K", stderr);
	fflush(stderr);
}
