/*
 * What of a table goes over to the one that takes its place, and how
 * (engine.md 5): one query for each kind of object.  They are asked before
 * anything is renamed, so that the definitions that the server prints name the
 * live table; run behind the renames the same words mean the new one.
 */
#ifndef INTERLOCK_PLAN_CARRY_H
#define INTERLOCK_PLAN_CARRY_H

/* When a statement is run; those of the way back are kept in the registry. */
enum carry_stage {
	CARRY_LOCK,        /* no statement but a table, quoted, that the others lock ACCESS EXCLUSIVE */
	CARRY_REFUSED,     /* no statement but why this object can't be carried */
	CARRY_DETACH,      /* before the tables are renamed */
	CARRY_RENAME,      /* right behind it: the shadow has the live table's name, that has its retired one */
	CARRY_ATTACH,      /* behind all renames */
	CARRY_VALIDATE,    /* after COMMIT, each in a transaction of its own */
	CARRY_BACK_DETACH, /* undo, in the same order: before the tables are named back */
	CARRY_BACK_RENAME, /* right behind that */
	CARRY_BACK_ATTACH, /* behind all renames */
	CARRY_BACK_VALIDATE,
	/*
	 * Locks a view ACCESS EXCLUSIVE and changes nothing; to be sent before any
	 * table is locked, on the way back too.  Whoever reads a view locks it first
	 * and then its tables: taken behind the table, its lock would be waited for
	 * while its holder waits for ours.  LOCK TABLE would lock all that it reads.
	 */
	CARRY_LOCK_VIEW
};

/*
 * A kind of object.  Its query gives rows of the columns
 *   stage      integer, a carry_stage
 *   name       for people: "view app.open_orders", "foreign key order_items_order_id_fkey of app.order_items"
 *   statement  as the stage says, all names qualified
 *   help       with CARRY_REFUSED: the way out; else NULL
 * in the order in which they are to be run.  Parameters of each, all text:
 *   $1 the live table, quoted: "app.orders"
 *   $2 the shadow, quoted; there may be no such table yet, then only what is refused is asked for
 *   $3 the name, not quoted, that the live table gets, in its own schema
 *   $4 the number of the run
 *   $5 text[], quoted: the live tables of all pairs that are switched together, this one among them
 *   $6 JSON: foreign keys that the plan gives the shadow, [{"name": …, "definition": "FOREIGN KEY …"}]; one to
 *      the shadow itself means the table that it becomes, other shadows are named as what they become
 *   $7 text[]: names of objects that the plan leaves behind (option `leaves`)
 * They are asked with search_path = pg_catalog, pg_temp.
 */
struct carry_query {
	const char *kind;
	const char *sql;
};
enum { CARRY_PARAMS = 7 };

/* In the order in which their statements of one stage are run; the last has no kind. */
extern const struct carry_query carry_queries[];

/*
 * What must be the same on the table that has the live table's name, before
 * and after the switch: one row of one column, a JSON object of "kind name" to
 * definition.  Everything of the object before must be in the one after; that
 * may hold more, as an index or a foreign key that the plan gave the shadow.
 * Back again they are equal.  The parameters are the same seven, but $1 is that
 * table and $2 the other of the pair: the shadow before, the retired table
 * after (columns that one of them has not are left out).
 */
extern const char carry_portrait[];

#endif
