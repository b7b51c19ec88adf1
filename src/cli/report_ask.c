/* The one question: yes or no, at the terminal. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "cli/report.h"

/* Reads one line from the terminal; false, and an empty answer, at its end and when a signal asked us to stop. */
static bool read_answer(struct loop *loop, char *answer, size_t size)
{
	ssize_t length;

	if (interrupt_count() || loop_wait(loop, STDIN_FILENO, false, 0) != LOOP_READY)
		return false;
	length = read(STDIN_FILENO, answer, size - 1);
	answer[length > 0 ? length : 0] = '\0';
	return length > 0;
}

bool report_ask(struct loop *loop, const char *question, const char *hint_without_terminal, bool no_input,
                struct err *err)
{
	char answer[64] = "";

	if (no_input || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		err_set(err, EXIT_CONFIRM, "this needs a confirmation: %s", question);
		err_detail(err, "nothing was changed");
		err_help(err, "add %s", hint_without_terminal);
		return false;
	}
	fflush(stdout);
	fprintf(stderr, "%s%s%s [y/N] ", report_color(stderr, COLOR_BOLD), question,
	        report_color(stderr, COLOR_PLAIN));
	fflush(stderr);
	if (!read_answer(loop, answer, sizeof(answer)))
		fputc('\n', stderr);
	if (interrupt_count())
		return err_set(err, EXIT_INTERRUPTED, "no answer; nothing was changed");
	answer[strcspn(answer, "\r\n")] = '\0';
	if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
		return true;
	return err_set(err, EXIT_CONFIRM, "answered \"no\"; nothing was changed");
}
