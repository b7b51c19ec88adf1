/* A table by SQLSTATE; what the words of a message are makes no difference. */
#include "db/way_out.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *sqlstate, *what;
} ways[] = {
	{"22001", "shorten the value, or make its column longer in an earlier step"},
	{"22003", "correct the value, or give its column a larger type in an earlier step"},
	{"22P02", "correct the value"},
	{"23502", "give the column a value"},
	{"23503", "bring in the row that is referred to first, or leave out the one that refers to it"},
	{"23505", "change or leave out one of the rows that have the same key"},
	{"23514", "correct the row, or leave it out"},
	{"23P01", "change or leave out one of the rows that exclude each other"},
	{"2BP01", "change or drop what depends on it first"},
	{"3F000", "create the schema in an earlier step (create_schema_if_missing), or correct its name"},
	{"42501", "run the plan as the owner, or as a role that has been granted the right"},
	{"42701", "give one of the columns another name"},
	{"42703", "correct the name, in which capitals count only inside double quotes"},
	{"42704", "correct the name, or create what it names in an earlier step"},
	{"42803", "name the column in GROUP BY, or put it inside an aggregate function"},
	{"42804", "make the types agree, by a cast or by choosing another type"},
	{"42830", "make the columns referred to unique first (add_unique), or refer to the primary key"},
	{"42P01", "correct the name (without a schema it is looked for in the plan's search_path), or create it in an "
              "earlier step"},
	{"42P17",
     "take out what can give another answer tomorrow or elsewhere, as now(), or a time zone that is not named"},
	{"54000", "make it smaller; an index can hold a part of the value, or a hash of it"},
};

const char *way_out(const char *sqlstate)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].sqlstate, sqlstate) == 0)
			return ways[i].what;
	return NULL;
}
