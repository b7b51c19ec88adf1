/*
 * interlock.lock and vendor/ together: a library is put in, taken out, and
 * compared with its pin.  plan/pins.h has the form of the lock.
 */
#ifndef INTERLOCK_CLI_LIBRARY_LOCK_H
#define INTERLOCK_CLI_LIBRARY_LOCK_H

#include <jansson.h>

#include "base/diag.h"
#include "base/err.h"
#include "cli/library.h"

/* The libraries of ROOT/interlock.lock, owned by the caller; NULL: *err. */
json_t *lock_read(const char *root, struct err *err);

/*
 * Writes vendor/NAME beside the old one, exchanges them, and pins it.  Killed
 * in between, the folder and the lock differ, and every command says so.
 */
bool lock_install(const char *root, json_t *libraries, const struct library *library, struct err *err);
/* Takes vendor/NAME and its pin away. */
bool lock_remove(const char *root, json_t *libraries, const char *name, struct err *err);

/*
 * Adds a finding for every file of the library that is not as pinned, missing,
 * or not pinned at all.  How many of them somebody's work could be lost with:
 * all but what is missing.
 */
size_t lock_verify(const char *root, const char *name, const json_t *pin, struct diags *diags);
/* The same for what is under vendor/ and belongs to no library that is pinned. */
void lock_verify_strangers(const char *root, const json_t *libraries, struct diags *diags);

#endif
