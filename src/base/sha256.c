/*
 * The three calls of libcrypto's SHA-256 itself.  They are marked as old in
 * favour of EVP_Digest, which first loads every algorithm there is: that took
 * longer than compiling a plan.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/sha256.h"

#include <openssl/sha.h>
#include <stdio.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256), "libcrypto's state fits");

/* Ours is large enough, and aligned for any of its members. */
static SHA256_CTX *context_of(struct sha256 *sha256)
{
	return (SHA256_CTX *)(void *)sha256->state;
}

void sha256_begin(struct sha256 *sha256)
{
	SHA256_Init(context_of(sha256));
}

void sha256_add(struct sha256 *sha256, const void *data, size_t length)
{
	SHA256_Update(context_of(sha256), data, length);
}

void sha256_end(struct sha256 *sha256, char hex[65])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256_Final(digest, context_of(sha256));
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

void sha256_hex(const void *data, size_t length, char hex[65])
{
	struct sha256 sha256;

	sha256_begin(&sha256);
	sha256_add(&sha256, data, length);
	sha256_end(&sha256, hex);
}
