/* The table of condition names. */
#include "cli/sqlstate.h"

#include <string.h>

/* The most special first: two characters stand for a class. */
static const char *const conditions[][2] = {
	{"08006", "connection failure"},
	{"21000", "cardinality violation"},
	{"22001", "string data right truncation"},
	{"22003", "numeric value out of range"},
	{"22007", "invalid datetime format"},
	{"22008", "datetime field overflow"},
	{"22012", "division by zero"},
	{"22P02", "invalid text representation"},
	{"23502", "not null violation"},
	{"23503", "foreign key violation"},
	{"23505", "unique violation"},
	{"23514", "check violation"},
	{"23P01", "exclusion violation"},
	{"25001", "active sql transaction"},
	{"25006", "read only sql transaction"},
	{"25P02", "in failed sql transaction"},
	{"28P01", "invalid password"},
	{"2BP01", "dependent objects still exist"},
	{"3D000", "invalid catalog name"},
	{"3F000", "invalid schema name"},
	{"40001", "serialization failure"},
	{"40P01", "deadlock detected"},
	{"42501", "insufficient privilege"},
	{"42601", "syntax error"},
	{"42701", "duplicate column"},
	{"42703", "undefined column"},
	{"42704", "undefined object"},
	{"42710", "duplicate object"},
	{"42723", "duplicate function"},
	{"42804", "datatype mismatch"},
	{"42830", "invalid foreign key"},
	{"42846", "cannot coerce"},
	{"42883", "undefined function"},
	{"42P01", "undefined table"},
	{"42P06", "duplicate schema"},
	{"42P07", "duplicate table"},
	{"42P16", "invalid table definition"},
	{"42P17", "invalid object definition"},
	{"53100", "disk full"},
	{"53200", "out of memory"},
	{"53300", "too many connections"},
	{"54000", "program limit exceeded"},
	{"55000", "object not in prerequisite state"},
	{"55006", "object in use"},
	{"55P03", "lock not available"},
	{"57014", "query canceled"},
	{"57P01", "admin shutdown"},
	{"57P02", "crash shutdown"},
	{"57P03", "cannot connect now"},
	{"57P05", "idle session timeout"},
	{"P0001", "raise exception"},
	{"08", "connection exception"},
	{"0A", "feature not supported"},
	{"22", "data exception"},
	{"23", "integrity constraint violation"},
	{"25", "invalid transaction state"},
	{"28", "invalid authorization specification"},
	{"40", "transaction rollback"},
	{"42", "syntax error or access rule violation"},
	{"53", "insufficient resources"},
	{"54", "program limit exceeded"},
	{"55", "object not in prerequisite state"},
	{"57", "operator intervention"},
	{"58", "system error"},
	{"P0", "pl/pgsql error"},
	{"XX", "internal error"},
};

const char *sqlstate_meaning(const char *sqlstate)
{
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		if (strncmp(conditions[i][0], sqlstate, strlen(conditions[i][0])) == 0)
			return conditions[i][1];
	return "error of the server";
}
