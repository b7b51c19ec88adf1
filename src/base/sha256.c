/*
 * The three calls of libcrypto's SHA-256 itself.  They are marked as old in
 * favour of EVP_Digest, which first loads every algorithm there is: that took
 * longer than compiling a plan.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/sha256.h"

#include <openssl/sha.h>
#include <stdio.h>

void sha256_hex(const void *data, size_t length, char hex[65])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	SHA256_CTX context;

	SHA256_Init(&context);
	SHA256_Update(&context, data, length);
	SHA256_Final(digest, &context);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}
