/*
 * One client of the load application: transactions that write the table and,
 * in the same transaction, its account.
 *
 * Rows are divided among the clients.  Transactions of several rows write rows
 * of their own client alone, those that write a row of another client write
 * nothing else: so the clients can never deadlock among themselves, and in
 * READ COMMITTED every error is somebody else's fault.  The account of a row
 * is written after the row, under its lock.
 */
#include "load.h"
#include "values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A key of this client; there: the table had such a row when we last wrote it. */
struct slot {
	char *key[MAX_KEYS];
	bool there, lost; /* lost: a COMMIT without an answer; never used again */
	int64_t used;     /* the transaction that used it last */
};

/* What becomes true of a slot when the transaction commits. */
struct effect {
	int64_t slot; /* -1: a new one */
	char *key[MAX_KEYS];
	bool rekey, there;
};

enum { MAX_EFFECTS = 16, MAX_PARAMS = MAX_KEYS + MAX_KEYS + MAX_COLUMNS };

struct client {
	const struct options *options;
	const struct table *table;
	struct shared *shared;
	struct counts *counts;
	const struct keys *keys;
	int number;
	bool release_new, repeatable_read;
	bool other_shape; /* than the one that all are told: a column was gone */
	PGconn *conn;
	bool prepared[2][2][STATEMENTS]; /* by shape and account */
	char *texts[2][2][STATEMENTS];
	struct values values;
	struct slot *slots;
	int64_t slot_count, slot_room;
	struct effect effects[MAX_EFFECTS];
	int effect_count;
	const char *params[MAX_PARAMS];
	int param_count;
	PGresult *result;
};

static int shape_of(const struct client *client)
{
	int told = client->shared->shape == 2 ? client->number % 2 : client->shared->shape;

	return client->other_shape ? !told : told;
}

/* A key that is one of a few may be the partitions': a row that waited for one that moves away is 40001 in any
 * isolation. */
static bool may_move(const struct table *table)
{
	for (int i = 0; i < table->key_count; i++)
		if (table->keys[i].kind == KIND_CHOICE)
			return true;
	return false;
}

static bool has_shapes(const struct table *table)
{
	for (int i = 0; i < table->column_count; i++)
		if (table->columns[i].new_name)
			return true;
	return false;
}

/*
 * A failed result: errors that REPEATABLE READ brings and a server that went
 * away on purpose are counted apart; where a column is gone the table has the
 * other shape now, and the next transaction follows.
 */
static void note_error(struct client *client, const char *statement)
{
	const char *sqlstate = PQresultErrorField(client->result, PG_DIAG_SQLSTATE);
	const char *state = sqlstate ? sqlstate : "";

	if ((client->repeatable_read || may_move(client->table)) && strcmp(state, "40001") == 0)
		client->counts->serialization_failures++;
	else if (client->repeatable_read && strcmp(state, "40P01") == 0)
		client->counts->deadlocks++;
	else if (strcmp(state, "42703") == 0 && has_shapes(client->table) && client->counts->shape_changes++ < 10)
		client->other_shape = !client->other_shape;
	else if (client->options->reconnect &&
	         (!*state || strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0))
		return;
	else
		counts_failure(client->counts, state, PQerrorMessage(client->conn), statement);
}

static bool good(struct client *client, const char *statement)
{
	ExecStatusType status = PQresultStatus(client->result);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return true;
	note_error(client, statement);
	return false;
}

/* BEGIN, COMMIT, ROLLBACK, SAVEPOINT … */
static bool simple(struct client *client, const char *text)
{
	int64_t begin = now_us();

	PQclear(client->result);
	client->result = PQexec(client->conn, text);
	latency_note(&client->counts->main, now_us() - begin, text);
	return good(client, text);
}

/* Sends a prepared statement with the parameters; its result is client->result. */
static bool execute(struct client *client, enum statement which, bool account)
{
	int shape = shape_of(client);
	char **text = &client->texts[shape][account][which], name[32];
	int64_t begin = now_us();

	if (!*text)
		*text = statement_text(client->table, which, account, client->release_new, shape);
	snprintf(name, sizeof name, "s%d_%d_%d", shape, account, (int)which);
	PQclear(client->result);
	client->result = NULL;
	if (!client->prepared[shape][account][which]) {
		client->result = PQprepare(client->conn, name, *text, 0, NULL);
		if (!good(client, *text))
			return false;
		client->prepared[shape][account][which] = true;
		PQclear(client->result);
	}
	client->result = PQexecPrepared(client->conn, name, client->param_count, client->params, NULL, NULL, 0);
	latency_note(account ? &client->counts->account : &client->counts->main, now_us() - begin, *text);
	return good(client, *text);
}

static void add_param(struct client *client, const char *text)
{
	client->params[client->param_count++] = text;
}

static void add_key(struct client *client, char *const *key)
{
	for (int i = 0; i < client->table->key_count; i++)
		add_param(client, key[i]);
}

static void add_columns(struct client *client)
{
	for (int i = 0; i < client->table->column_count; i++)
		if (client->release_new || !client->table->columns[i].given)
			add_param(client, values_column(&client->values, &client->table->columns[i]));
}

/* The same statement on the table and, if that found rows, on the account.  *rows: how many. */
static bool write_both(struct client *client, enum statement which, int *rows)
{
	if (!execute(client, which, false))
		return false;
	*rows = atoi(PQcmdTuples(client->result));
	if (*rows == 0)
		return true;
	if (!execute(client, which, true))
		return false;
	if (atoi(PQcmdTuples(client->result)) != *rows) {
		char table[16];

		snprintf(table, sizeof table, "%d", *rows);
		counts_mismatch(client->counts, client->texts[shape_of(client)][0][which], table,
		                PQcmdTuples(client->result));
	}
	return true;
}

/* The same on a row of our own, which nobody else deletes: it must be there, once. */
static bool write_own(struct client *client, enum statement which)
{
	int rows = 0;
	char found[16];

	if (!write_both(client, which, &rows))
		return false;
	snprintf(found, sizeof found, "%d", rows);
	if (rows != 1)
		counts_mismatch(client->counts, client->texts[shape_of(client)][0][which], found, "1");
	return true;
}

static struct effect *add_effect(struct client *client, int64_t slot, bool there)
{
	struct effect *effect = &client->effects[client->effect_count++];

	*effect = (struct effect){.slot = slot, .there = there};
	return effect;
}

/* A slot that this transaction has not used yet, with or without a row; -1 if there is none at hand. */
static int64_t pick_slot(struct client *client, bool there)
{
	for (int attempt = 0; client->slot_count && attempt < 50; attempt++) {
		int64_t at = values_below(&client->values, (uint32_t)client->slot_count);
		struct slot *slot = &client->slots[at];

		if (slot->there != there || slot->lost || slot->used == client->counts->transactions)
			continue;
		slot->used = client->counts->transactions;
		return at;
	}
	return -1;
}

static bool insert_row(struct client *client, enum statement which)
{
	/* Half of them take a key that was deleted before, an upsert one that is there. */
	int64_t at = values_below(&client->values, 2) ? pick_slot(client, which == UPSERT) : -1;
	struct effect *effect = add_effect(client, at, true);

	if (at < 0)
		values_key(&client->values, client->table, effect->key);
	add_key(client, at < 0 ? effect->key : client->slots[at].key);
	add_columns(client);
	return write_own(client, which);
}

static bool update_row(struct client *client)
{
	int64_t at = pick_slot(client, true);

	if (at < 0)
		return true;
	add_columns(client);
	add_key(client, client->slots[at].key);
	return write_own(client, UPDATE);
}

/* One column of a row, of our own or of anybody. */
static bool update_one(struct client *client, char *const *key)
{
	const struct table *table = client->table;
	int column = (int)values_below(&client->values, (uint32_t)table->column_count), rows;

	if (table->columns[column].given && !client->release_new)
		return true;
	add_param(client, values_column(&client->values, &table->columns[column]));
	add_key(client, key);
	return write_both(client, UPDATE_ONE + (enum statement)column, &rows);
}

static bool delete_row(struct client *client)
{
	int64_t at = pick_slot(client, true);

	if (at < 0)
		return true;
	add_effect(client, at, false);
	add_key(client, client->slots[at].key);
	return write_own(client, DELETE);
}

static bool change_key(struct client *client)
{
	int64_t at = pick_slot(client, true);

	if (at < 0)
		return true;
	struct effect *effect = add_effect(client, at, true);
	effect->rekey = true;
	values_key(&client->values, client->table, effect->key);
	add_key(client, effect->key);
	add_key(client, client->slots[at].key);
	return write_own(client, REKEY);
}

/* Locks a row and reads its unique value into *value (malloc); NULL if there is none. */
static bool lock_row(struct client *client, int64_t slot, char **value)
{
	client->param_count = 0;
	add_key(client, client->slots[slot].key);
	if (!execute(client, LOCK, false))
		return false;
	if (PQntuples(client->result) && !PQgetisnull(client->result, 0, 0))
		*value = strdup(PQgetvalue(client->result, 0, 0));
	return true;
}

static bool set_unique(struct client *client, int64_t slot, const char *value, bool account)
{
	enum statement which = UPDATE_ONE + (enum statement)unique_column(client->table);

	client->param_count = 0;
	add_param(client, value);
	add_key(client, client->slots[slot].key);
	if (!execute(client, which, account))
		return false;
	if (atoi(PQcmdTuples(client->result)) != 1)
		counts_mismatch(client->counts, account ? "swap in the account" : "swap of a locked row",
		                PQcmdTuples(client->result), "");
	return true;
}

/* Two rows exchange their unique values, by way of a third. */
static bool swap_rows(struct client *client)
{
	int64_t one = pick_slot(client, true), two = one < 0 ? -1 : pick_slot(client, true);
	char *first = NULL, *second = NULL;

	if (two < 0 || unique_column(client->table) < 0)
		return true;
	bool ok = lock_row(client, one, &first) && lock_row(client, two, &second);
	if (ok && first && second) {
		const struct column *column = &client->table->columns[unique_column(client->table)];

		ok = set_unique(client, one, values_column(&client->values, column), false) &&
		     set_unique(client, two, first, false) && set_unique(client, one, second, false) &&
		     set_unique(client, two, first, true) && set_unique(client, one, second, true);
	}
	free(first);
	free(second);
	return ok;
}

/* A row and its account, read in one snapshot, are the same. */
static bool check_row(struct client *client)
{
	int64_t at = pick_slot(client, true);

	if (at < 0)
		return true;
	add_key(client, client->slots[at].key);
	if (!execute(client, CHECK, false))
		return false;
	for (int i = 0; i < PQntuples(client->result); i++)
		if (!PQgetisnull(client->result, i, 0) || !PQgetisnull(client->result, i, 1))
			counts_mismatch(client->counts, "read", PQgetvalue(client->result, i, 0),
			                PQgetvalue(client->result, i, 1));
	return true;
}

static enum operation pick_operation(struct client *client)
{
	static const int weights[OPERATIONS] = {
		[OP_INSERT] = 14, [OP_UPSERT] = 6, [OP_UPDATE] = 14, [OP_UPDATE_ONE] = 28,
		[OP_DELETE] = 13, [OP_REKEY] = 6,  [OP_SWAP] = 5,    [OP_CHECK] = 14,
	};
	int dice = (int)values_below(&client->values, 100), which = 0;

	while (dice >= weights[which])
		dice -= weights[which++];
	if (which == OP_UPSERT && !client->table->upsert)
		return OP_INSERT;
	return (enum operation)which;
}

static bool operate(struct client *client)
{
	enum operation which = pick_operation(client);
	int64_t at;

	client->param_count = 0;
	client->counts->operations[which]++;
	switch (which) {
	case OP_INSERT:
		return insert_row(client, INSERT);
	case OP_UPSERT:
		return insert_row(client, UPSERT);
	case OP_UPDATE:
		return update_row(client);
	case OP_UPDATE_ONE:
		at = pick_slot(client, true);
		return at < 0 || update_one(client, client->slots[at].key);
	case OP_DELETE:
		return delete_row(client);
	case OP_REKEY:
		return change_key(client);
	case OP_SWAP:
		return swap_rows(client);
	case OP_CHECK:
	case OPERATIONS:
		break;
	}
	return check_row(client);
}

/* An operation in a subtransaction, half of which are taken back. */
static bool operate_in_savepoint(struct client *client)
{
	int effects = client->effect_count;

	if (!simple(client, "SAVEPOINT s") || !operate(client))
		return false;
	if (values_below(&client->values, 2))
		return simple(client, "RELEASE SAVEPOINT s");
	client->effect_count = effects;
	return simple(client, "ROLLBACK TO SAVEPOINT s");
}

/* One row that any client may be writing. */
static bool write_foreign(struct client *client, bool hot)
{
	int64_t count = hot && client->keys->count > 5 ? 5 : client->keys->count;

	if (count == 0)
		return true;
	int64_t row = values_below(&client->values, (uint32_t)count);
	client->param_count = 0;
	client->counts->operations[OP_UPDATE_ONE]++;
	return update_one(client, client->keys->texts + row * client->table->key_count);
}

static bool work(struct client *client)
{
	uint32_t dice = values_below(&client->values, 100);

	if (dice < (uint32_t)client->options->hot)
		return write_foreign(client, true);
	if (dice >= 80)
		return write_foreign(client, false);
	int operations = values_below(&client->values, 10) < 6 ? 1 : 2 + (int)values_below(&client->values, 3);
	for (int i = 0; i < operations; i++) {
		bool inner = values_below(&client->values, 10) == 0;

		if (!(inner ? operate_in_savepoint(client) : operate(client)))
			return false;
		if (client->options->think_ms && values_below(&client->values, 20) == 0)
			usleep(1000 * values_below(&client->values, (uint32_t)client->options->think_ms));
	}
	return true;
}

static struct slot *add_slot(struct client *client, char *const *key)
{
	if (client->slot_count == client->slot_room) {
		client->slot_room = client->slot_room * 2 + 64;
		client->slots = realloc(client->slots, (size_t)client->slot_room * sizeof *client->slots);
	}
	struct slot *slot = &client->slots[client->slot_count++];
	*slot = (struct slot){.there = true, .used = -1};
	memcpy(slot->key, key, sizeof(char *) * (size_t)client->table->key_count);
	return slot;
}

/* The transaction committed: what it did is so.  Without an answer nobody knows, and its rows are left alone. */
static void settle(struct client *client, bool known)
{
	for (int i = 0; i < client->effect_count; i++) {
		struct effect *effect = &client->effects[i];

		if (effect->slot < 0 && known)
			add_slot(client, effect->key);
		if (effect->slot < 0)
			continue;
		struct slot *slot = &client->slots[effect->slot];
		slot->lost = !known;
		slot->there = effect->there;
		if (effect->rekey)
			memcpy(slot->key, effect->key, sizeof slot->key);
	}
}

static void transact(struct client *client)
{
	client->effect_count = 0;
	values_clear(&client->values);
	client->counts->transactions++;
	if (!simple(client, client->repeatable_read ? "BEGIN ISOLATION LEVEL REPEATABLE READ" : "BEGIN"))
		return;
	if (!work(client)) {
		PQclear(client->result);
		client->result = PQexec(client->conn, "ROLLBACK");
		return;
	}
	if (values_below(&client->values, 20) == 0) {
		client->counts->rollbacks++;
		simple(client, "ROLLBACK");
		return;
	}
	if (simple(client, "COMMIT"))
		settle(client, strcmp(PQcmdStatus(client->result), "COMMIT") == 0);
	else
		settle(client, false);
}

/* Half point reads, half point updates of the first column, no account: as a benchmark measures. */
static void point(struct client *client)
{
	int64_t row = values_below(&client->values, (uint32_t)client->keys->count);
	char *const *key = client->keys->texts + row * client->table->key_count;
	bool read = values_below(&client->values, 2) == 0;

	client->param_count = 0;
	values_clear(&client->values);
	client->counts->transactions++;
	if (!read)
		add_param(client, values_column(&client->values, &client->table->columns[0]));
	add_key(client, key);
	execute(client, read ? READ : UPDATE_ONE, false);
}

static void ignore_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static bool connect_again(struct client *client)
{
	PQfinish(client->conn);
	memset(client->prepared, 0, sizeof client->prepared);
	do {
		client->conn = PQconnectdb(client->options->conninfo);
		PQsetNoticeProcessor(client->conn, ignore_notice, NULL);
		if (PQstatus(client->conn) == CONNECTION_OK)
			return true;
		if (!client->options->reconnect) {
			counts_failure(client->counts, "08006", PQerrorMessage(client->conn), "connect");
			return false;
		}
		PQfinish(client->conn);
		client->conn = NULL;
		usleep(50000);
	} while (!client->shared->stop);
	return false;
}

static void take_slots(struct client *client)
{
	for (int64_t i = client->number; i < client->keys->count; i += client->options->clients)
		add_slot(client, client->keys->texts + i * client->table->key_count);
}

/* When the next transaction is due; waits until then. */
static int64_t wait_turn(struct client *client, int64_t *due)
{
	double rate = client->options->rate / client->options->clients;
	int64_t now = now_us();

	if (rate <= 0)
		return now;
	*due += (int64_t)(1e6 / rate);
	while (now < *due && !client->shared->stop) {
		int64_t wait = *due - now;

		usleep((useconds_t)(wait > 100000 ? 100000 : wait));
		now = now_us();
	}
	return *due;
}

void client_run(const struct options *options, struct shared *shared, const struct keys *keys, int number)
{
	struct client client = {.options = options,
	                        .table = &options->table,
	                        .shared = shared,
	                        .counts = &shared->counts[number],
	                        .keys = keys,
	                        .number = number,
	                        .release_new = number < options->new_clients,
	                        .repeatable_read = options->isolation ? options->isolation == 2 : number % 2 == 1};
	enum { WARM_UP = 5 };
	int64_t due = now_us();

	values_init(&client.values, options->seed, number);
	client.values.last_key = client.values.last_unique = (int64_t)(time(NULL) % 20000) * 1000;
	take_slots(&client);
	bool connected = connect_again(&client);
	for (int turn = 0; connected && !shared->stop; turn++) {
		int64_t begin = wait_turn(&client, &due);

		(options->point ? point : transact)(&client);
		latency_note(&client.counts->transaction, now_us() - begin, "");
		if (turn == WARM_UP)
			__atomic_add_fetch(&shared->ready, 1, __ATOMIC_SEQ_CST);
		if (PQstatus(client.conn) == CONNECTION_BAD) {
			client.counts->reconnects++;
			connected = connect_again(&client);
		}
	}
	if (!connected)
		__atomic_add_fetch(&shared->ready, 1, __ATOMIC_SEQ_CST);
	PQfinish(client.conn);
}
