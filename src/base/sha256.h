/* SHA-256, by libcrypto. */
#ifndef INTERLOCK_BASE_SHA256_H
#define INTERLOCK_BASE_SHA256_H

#include <stddef.h>

/* Writes the digest as 64 lower-case hexadecimal digits and a NUL. */
void sha256_hex(const void *data, size_t length, char hex[65]);

#endif
