/* A counter and a pipe, so that poll(2) wakes without a race. */
#include "base/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t count;
static int ends[2] = {-1, -1};

static void on_signal(int number)
{
	int saved = errno;

	(void)number;
	count++;
	if (write(ends[1], "!", 1) < 0)
		errno = 0; /* a full pipe already wakes whoever polls */
	errno = saved;
}

void interrupt_install(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	if (pipe(ends) != 0)
		return;
	for (int i = 0; i < 2; i++) {
		fcntl(ends[i], F_SETFL, O_NONBLOCK);
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
	}
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int interrupt_count(void)
{
	return count;
}

int interrupt_descriptor(void)
{
	return ends[0];
}

void interrupt_drain(void)
{
	char bytes[16];

	while (read(ends[0], bytes, sizeof(bytes)) > 0)
		;
}
