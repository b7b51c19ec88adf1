/* One call of EVP_Digest, and its bytes as digits. */
#include "base/sha256.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "base/xalloc.h"

void sha256_hex(const void *data, size_t length, char hex[65])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (!EVP_Digest(data, length, digest, &size, EVP_sha256(), NULL) || size != 32)
		bug("SHA-256 failed");
	for (unsigned int i = 0; i < size; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}
