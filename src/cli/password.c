/* One line from /dev/tty while its echo is off. */
#include "cli/password.h"

#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static bool say(int terminal, const char *words)
{
	return write(terminal, words, strlen(words)) == (ssize_t)strlen(words);
}

/* Without the end of line; false at the end of input and when a signal came. */
static bool read_line(int terminal, char *line, size_t size)
{
	size_t length = 0;

	for (;;) {
		char c;

		if (read(terminal, &c, 1) != 1)
			return false;
		if (c == '\n')
			break;
		if (length + 1 < size)
			line[length++] = c;
	}
	line[length] = '\0';
	return true;
}

const char *password_ask(const char *prompt, struct arena *arena)
{
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios before, quiet;
	char line[1024];
	bool answered;

	if (terminal < 0)
		return NULL;
	if (tcgetattr(terminal, &before) != 0) {
		close(terminal);
		return NULL;
	}
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(terminal, TCSAFLUSH, &quiet);
	answered = say(terminal, prompt) && read_line(terminal, line, sizeof(line));
	tcsetattr(terminal, TCSAFLUSH, &before);
	say(terminal, "\n");
	close(terminal);
	return answered ? arena_strdup(arena, line) : NULL;
}
