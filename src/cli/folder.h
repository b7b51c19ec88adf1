/* Folders that the program makes and takes away again. */
#ifndef INTERLOCK_CLI_FOLDER_H
#define INTERLOCK_CLI_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Removes a folder with all that is in it; links are removed, never followed.  Nothing there is no error. */
void folder_remove(const char *path);
/* Makes a folder, and those above it. */
bool folder_make(const char *path, struct err *err);
/* Writes a file that must not be there yet. */
bool folder_write(const char *path, const char *text, size_t length, struct err *err);

#endif
