/*
 * What to do about an error of the server that has no hint of its own: for
 * the codes that people meet when a plan does not fit its database.
 */
#ifndef INTERLOCK_DB_WAY_OUT_H
#define INTERLOCK_DB_WAY_OUT_H

/* "correct the name; …" for a SQLSTATE; NULL: nothing that is true of all its errors. */
const char *way_out(const char *sqlstate);

#endif
