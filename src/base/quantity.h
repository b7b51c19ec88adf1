/* Numbers of rows and bytes as people write them: "1.2 M", "310 MB". */
#ifndef INTERLOCK_BASE_QUANTITY_H
#define INTERLOCK_BASE_QUANTITY_H

#include <stdint.h>

#include "base/buf.h"

/* Exact up to 9999, then at least two digits: "12 k", "1.2 M", "340 M", "5.1 G". */
void quantity_rows(int64_t rows, struct buf *out);
/* PostgreSQL's units, of 1024: "0 bytes", "8192 bytes", "310 MB", "4.2 GB". */
void quantity_bytes(int64_t bytes, struct buf *out);

#endif
