/* TIOCGWINSZ, COLUMNS, and the width of characters as the C library knows it. */
#include "cli/columns.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum { USUAL = 80, NARROWEST = 10, WIDEST = 1000 };

int columns_of(int descriptor)
{
	const char *variable = getenv("COLUMNS");
	long said = variable ? strtol(variable, NULL, 10) : 0;
	struct winsize size = {0};

	if (!isatty(descriptor))
		return 0;
	if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		said = size.ws_col;
	if (said <= 0 || said > WIDEST)
		return USUAL;
	return said < NARROWEST ? NARROWEST : (int)said;
}

/* The next character: its bytes, and its columns, or -1 where it is none that can be shown. */
static size_t next_character(const char *text, int *columns)
{
	mbstate_t state = {0};
	wchar_t wide;
	size_t bytes = mbrtowc(&wide, text, MB_CUR_MAX, &state);

	if (bytes == 0 || bytes > MB_CUR_MAX) {
		*columns = -1;
		return 1;
	}
	*columns = wcwidth(wide);
	return bytes;
}

int columns_add(const char *text, int room, struct buf *out)
{
	int used = 0;

	while (*text) {
		int columns;
		size_t bytes = next_character(text, &columns);
		int needed = columns < 0 ? 1 : columns;

		if (used + needed > room)
			break;
		if (out && columns < 0)
			buf_add_char(out, '?');
		else if (out)
			buf_add_bytes(out, text, bytes);
		used += needed;
		text += bytes;
	}
	return used;
}
