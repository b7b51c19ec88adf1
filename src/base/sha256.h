/* SHA-256, by libcrypto. */
#ifndef INTERLOCK_BASE_SHA256_H
#define INTERLOCK_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* Writes the digest as 64 lower-case hexadecimal digits and a NUL. */
void sha256_hex(const void *data, size_t length, char hex[65]);

/* The same of what comes piece by piece: begin, add as often as needed, end. */
struct sha256 {
	uint64_t state[32]; /* libcrypto's own */
};
void sha256_begin(struct sha256 *sha256);
void sha256_add(struct sha256 *sha256, const void *data, size_t length);
void sha256_end(struct sha256 *sha256, char hex[65]);

#endif
