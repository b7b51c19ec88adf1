/* The kinds of blocks, in the order in which a plan goes through them, again and again where it must. */
#ifndef INTERLOCK_CONVERT_PHASES_H
#define INTERLOCK_CONVERT_PHASES_H

#include "convert/convert.h"

enum block_kind { BLOCK_EXPAND, BLOCK_FILL, BLOCK_CONSTRAIN, BLOCK_SWITCH, BLOCK_CONTRACT, BLOCK_KINDS };

static inline enum block_kind block_kind_of(size_t block)
{
	return (enum block_kind)(block % BLOCK_KINDS);
}

#endif
