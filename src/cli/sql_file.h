/* Reading a file of SQL: a text without zero bytes, of bounded length; "-" is standard input. */
#ifndef INTERLOCK_CLI_SQL_FILE_H
#define INTERLOCK_CLI_SQL_FILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Appends to text.  EXIT_OWN. */
bool sql_file_read(const char *path, struct buf *text, struct err *err);

#endif
