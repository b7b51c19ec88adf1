/*
 * What a SQLSTATE means, in PostgreSQL's own names for the conditions (the
 * appendix "Error Codes" of its manual).
 */
#ifndef INTERLOCK_CLI_SQLSTATE_H
#define INTERLOCK_CLI_SQLSTATE_H

/* "lock not available" for "55P03"; the class where the code is not listed.  Never NULL. */
const char *sqlstate_meaning(const char *sqlstate);

#endif
