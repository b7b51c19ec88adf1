/*
 * What the files of the load application share: the table it writes, the
 * numbers it keeps in memory that all its processes see, and its clients.
 */
#ifndef INTERLOCK_TESTS_LOAD_H
#define INTERLOCK_TESTS_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

enum { MAX_KEYS = 4, MAX_COLUMNS = 16, MAX_CLIENTS = 64, MAX_ERRORS = 8, MAX_CHOICES = 16, TEXT = 300 };

enum kind {
	KIND_INT,
	KIND_NUMERIC,
	KIND_TEXT,
	KIND_UUID,
	KIND_TIME,
	KIND_JSON,
	KIND_TOAST,   /* a text of 100 bytes to 1 MB */
	KIND_CHOICE,  /* one of a few */
	KIND_COUNTER, /* updated as "x = x + n": a lost update shows */
	KIND_UNIQUE,  /* a text that no other row has; rows exchange theirs */
};

/* Names are SQL: quoted where SQL needs it. */
struct column {
	const char *name;
	const char *new_name, *new_expr; /* in the new shape; new_expr is SQL over {}, the value of the old one */
	enum kind kind;
	bool not_null;
	bool given; /* written by clients of the new release alone: NULL in the account means derived */
	const char *choices[MAX_CHOICES];
	int choice_count;
};

struct table {
	const char *name, *account;
	struct column keys[MAX_KEYS], columns[MAX_COLUMNS];
	int key_count, column_count;
	bool upsert;
};

struct options {
	const char *conninfo, *watch;
	struct table table;
	int clients, new_clients; /* the first new_clients are of the new release */
	int isolation;            /* 0: every second client REPEATABLE READ, 1: none, 2: all */
	double rate, seconds;     /* transactions a second of all clients, 0: as fast as they can */
	int think_ms;             /* now and then a transaction stays open that long */
	int hot;                  /* percent of the transactions that write the same few rows */
	bool point;               /* point reads and point updates alone, as in a benchmark */
	bool keep_account, reconnect;
	unsigned seed;
};

/* Logarithmic: bucket n holds what took up to 10 µs · 1.1^n. */
enum { BUCKETS = 220 };
struct latency {
	uint32_t buckets[BUCKETS];
	int64_t longest_us;
	char slowest[TEXT];
};

struct failure {
	char sqlstate[6], message[TEXT], statement[TEXT];
	int64_t count;
};

enum operation {
	OP_INSERT,
	OP_UPSERT,
	OP_UPDATE,
	OP_UPDATE_ONE,
	OP_DELETE,
	OP_REKEY,
	OP_SWAP,
	OP_CHECK,
	OPERATIONS
};

/* One client's numbers, written by its process alone and read at the end. */
struct counts {
	int64_t transactions, rollbacks, reconnects, shape_changes;
	int64_t operations[OPERATIONS];
	int64_t serialization_failures, deadlocks; /* in REPEATABLE READ: retried */
	int64_t errors, mismatches;
	struct failure failures[MAX_ERRORS];
	char mismatch[TEXT];
	/* of statements on the table, of those on the account (which wait for nobody), of whole transactions from
	 * the moment when they were due */
	struct latency main, account, transaction;
};

/* Memory that all processes see. */
struct shared {
	volatile int stop;
	volatile int shape; /* 0: old, 1: new, 2: every second client new */
	volatile int ready; /* clients that have warmed up: atomic */
	struct counts counts[MAX_CLIENTS];
};

/* The keys that the table had at the start, key_count texts each. */
struct keys {
	char **texts;
	int64_t count;
};

int64_t now_us(void);

/* `what` took so long. */
void latency_note(struct latency *latency, int64_t us, const char *what);
void counts_failure(struct counts *counts, const char *sqlstate, const char *message, const char *statement);
/* The table and the account differ; the first time is remembered. */
void counts_mismatch(struct counts *counts, const char *what, const char *table, const char *account);

/* "NAME=KIND", "NAME=KIND!" (never NULL), "NAME=choice:a|b"; exits when it is none. */
struct column column_parse(char *text);
/* "NAME=NEW:EXPRESSION" names the new shape of a column. */
void column_new_shape(struct table *table, char *text);

enum statement {
	INSERT,
	UPSERT,
	UPDATE,
	DELETE,
	REKEY,
	CHECK,
	READ,
	LOCK,       /* reads and locks a row's unique value */
	UPDATE_ONE, /* + the column's number */
	STATEMENTS = UPDATE_ONE + MAX_COLUMNS,
};
/* The SQL of a statement on the table (account = false) or its account; release_new: with the given columns. */
char *statement_text(const struct table *table, enum statement which, bool account, bool release_new, int shape);
/* The number of the first unique column, -1 if the table has none. */
int unique_column(const struct table *table);

/* A client's whole life, in a process of its own. */
void client_run(const struct options *options, struct shared *shared, const struct keys *keys, int number);

#endif
