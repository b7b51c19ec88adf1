/* Asking a person for a password, at the terminal and nowhere else. */
#ifndef INTERLOCK_CLI_PASSWORD_H
#define INTERLOCK_CLI_PASSWORD_H

#include <stdbool.h>

#include "base/arena.h"

/* The answer, in the arena, without echo; NULL when there is no terminal or no answer (Ctrl-C, Ctrl-D). */
const char *password_ask(const char *prompt, struct arena *arena);

#endif
