/* Which release this is. */
#ifndef INTERLOCK_BASE_VERSION_H
#define INTERLOCK_BASE_VERSION_H

#define INTERLOCK_VERSION "0.1.0"

#endif
