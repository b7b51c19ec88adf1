/* Three answers: yes, no, and not known, which is never taken for no. */
#ifndef INTERLOCK_HAZARD_TRI_H
#define INTERLOCK_HAZARD_TRI_H

#include <stdbool.h>

enum tri { TRI_NO, TRI_YES, TRI_UNKNOWN };

static inline enum tri tri_of(bool answer)
{
	return answer ? TRI_YES : TRI_NO;
}

static inline enum tri tri_not(enum tri a)
{
	return a == TRI_UNKNOWN ? TRI_UNKNOWN : tri_of(a == TRI_NO);
}

static inline enum tri tri_or(enum tri a, enum tri b)
{
	if (a == TRI_YES || b == TRI_YES)
		return TRI_YES;
	return a == TRI_UNKNOWN || b == TRI_UNKNOWN ? TRI_UNKNOWN : TRI_NO;
}

static inline enum tri tri_and(enum tri a, enum tri b)
{
	return tri_not(tri_or(tri_not(a), tri_not(b)));
}

#endif
