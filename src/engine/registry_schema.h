/*
 * The statements that make the registry, version by version.  What an older
 * interlock made is brought up by those of the versions above it.  Included by
 * engine/registry_make.c alone.
 */
#ifndef INTERLOCK_ENGINE_REGISTRY_SCHEMA_H
#define INTERLOCK_ENGINE_REGISTRY_SCHEMA_H

#include "engine/rollout.h"

#define BUCKET ROLLOUT_BUCKET("$1", "$2")

static const char *const version_1[] = {
	"CREATE SCHEMA interlock",
	"COMMENT ON SCHEMA interlock IS 'registry of interlock: runs of migration plans'",
	"CREATE TABLE interlock.meta ("
	" one boolean PRIMARY KEY DEFAULT true CHECK (one),"
	" version integer NOT NULL,"
	" environment text,"
	" created_at timestamptz NOT NULL DEFAULT pg_catalog.now())",
	"CREATE TABLE interlock.run ("
	" id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
	" plan text NOT NULL,"
	" parameters jsonb NOT NULL,"
	" attempt integer NOT NULL DEFAULT 1,"
	" state text NOT NULL CHECK (state IN ('running', 'waiting', 'failed', 'undone', 'done', 'adopted')),"
	" compiled jsonb NOT NULL,"
	" hash text NOT NULL,"
	" epoch bigint NOT NULL DEFAULT 0,"
	" next_block integer NOT NULL DEFAULT 0,"
	" seen timestamptz,"
	" started_by text NOT NULL DEFAULT session_user,"
	" started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),"
	" finished_at timestamptz,"
	" holder text,"
	" tool text NOT NULL)",
	"CREATE UNIQUE INDEX run_open ON interlock.run (plan, parameters) WHERE state <> 'undone'",
	"CREATE TABLE interlock.step ("
	" run bigint NOT NULL REFERENCES interlock.run ON DELETE CASCADE,"
	" number integer NOT NULL,"
	" block integer NOT NULL,"
	" primitive text NOT NULL,"
	" state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'done', 'undoing', 'undone')),"
	" created boolean NOT NULL DEFAULT false,"
	" before jsonb,"
	" attempts integer NOT NULL DEFAULT 0,"
	" rows_done bigint NOT NULL DEFAULT 0,"
	" epoch bigint,"
	" started_at timestamptz,"
	" finished_at timestamptz,"
	" sqlstate text,"
	" message text,"
	" PRIMARY KEY (run, number))",
	"CREATE TABLE interlock.claim ("
	" relation text PRIMARY KEY,"
	" run bigint NOT NULL REFERENCES interlock.run ON DELETE CASCADE,"
	" fingerprint jsonb)",
	"CREATE TABLE interlock.condition ("
	" run bigint NOT NULL REFERENCES interlock.run ON DELETE CASCADE,"
	" block integer NOT NULL,"
	" kind text NOT NULL,"
	" label text NOT NULL,"
	" reached_at timestamptz,"
	" due timestamptz,"
	" satisfied_at timestamptz,"
	" satisfied_by text,"
	" evidence text,"
	" hash text,"
	" data jsonb,"
	" PRIMARY KEY (run, block))",
	"CREATE TABLE interlock.event ("
	" id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
	" at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),"
	" run bigint NOT NULL,"
	" step integer,"
	" kind text NOT NULL,"
	" statement text,"
	" ms double precision,"
	" lock_attempts integer,"
	" role text NOT NULL DEFAULT session_user)",
	"CREATE VIEW interlock.progress AS"
	" SELECT r.id AS run, r.plan, r.state, s.number AS step, s.primitive, s.state AS step_state, s.attempts, s.rows_done,"
	" s.started_at, s.finished_at, s.message"
	" FROM interlock.run r JOIN interlock.step s ON s.run = r.id ORDER BY r.id, s.number",
	"CREATE VIEW interlock.stops AS"
	" SELECT r.id AS run, r.plan, c.kind, c.label, c.reached_at, c.due, c.satisfied_at, c.satisfied_by, c.evidence"
	" FROM interlock.run r JOIN interlock.condition c ON c.run = r.id ORDER BY r.id, c.block",
	NULL,
};

static const char *const version_2[] = {
	"CREATE TABLE interlock.control ("
	" run bigint PRIMARY KEY REFERENCES interlock.run ON DELETE CASCADE,"
	" paused boolean NOT NULL DEFAULT false,"
	" reason text,"
	" batch_target interval CHECK (batch_target >= '5 ms'),"
	" windows text[],"
	" max_replica_lag interval CHECK (max_replica_lag >= '0'),"
	" max_replica_mb integer CHECK (max_replica_mb >= 0),"
	" min_slot_mb integer CHECK (min_slot_mb >= 0),"
	" max_archive_files integer CHECK (max_archive_files >= 0),"
	" max_wal_rate integer CHECK (max_wal_rate >= 0),"
	" max_active_sessions integer CHECK (max_active_sessions >= 0),"
	" max_dead_percent integer CHECK (max_dead_percent >= 0),"
	" max_transaction_age interval CHECK (max_transaction_age >= '0'),"
	" changed_by text NOT NULL DEFAULT session_user,"
	" changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp())",
	"COMMENT ON TABLE interlock.control IS 'wishes of people about a run; it looks here between batches'",
	"ALTER TABLE interlock.step ADD COLUMN result text",
	"COMMENT ON COLUMN interlock.step.result IS 'what a verification found when it last held'",
	"ALTER TABLE interlock.event ADD COLUMN result text",
	"ALTER TABLE interlock.step ADD COLUMN expired_at timestamptz",
	"COMMENT ON COLUMN interlock.step.expired_at IS 'when what the step had kept for undo was taken away'",
	"ALTER TABLE interlock.run ADD COLUMN looking boolean NOT NULL DEFAULT false",
	"COMMENT ON COLUMN interlock.run.looking IS 'who holds the lease only looks at the stop, for a moment'",
	"ALTER TABLE interlock.run ADD COLUMN undo_from integer",
	"COMMENT ON COLUMN interlock.run.undo_from IS 'the first block that an undo under way takes back; NULL: there is none'",
	"ALTER TABLE interlock.run ADD COLUMN interrupted_at timestamptz",
	"COMMENT ON COLUMN interlock.run.interrupted_at IS 'when a person stopped it at a safe point; NULL: it went on since'",
	"ALTER TABLE interlock.step ADD COLUMN rows_expected bigint",
	"COMMENT ON COLUMN interlock.step.rows_expected IS 'an estimate; NULL where nobody can say'",
	"ALTER TABLE interlock.step ADD COLUMN doing text",
	"COMMENT ON COLUMN interlock.step.doing IS 'what a long step does with its rows; NULL when it is through'",
	"CREATE OR REPLACE VIEW interlock.progress AS"
	" SELECT r.id AS run, r.plan, r.state, s.number AS step, s.primitive, s.state AS step_state, s.attempts, s.rows_done,"
	" s.started_at, s.finished_at, s.message, s.rows_expected, s.doing"
	" FROM interlock.run r JOIN interlock.step s ON s.run = r.id ORDER BY r.id, s.number",
	"CREATE TABLE interlock.chunk ("
	" run bigint NOT NULL REFERENCES interlock.run ON DELETE CASCADE,"
	" step integer NOT NULL,"
	" no bigint NOT NULL,"
	" method text NOT NULL,"
	" part text,"
	" lo bigint NOT NULL,"
	" hi bigint NOT NULL,"
	" pass integer NOT NULL,"
	" passes integer NOT NULL,"
	" rows bigint NOT NULL,"
	" ms double precision NOT NULL,"
	" wal_bytes bigint NOT NULL,"
	" guard text,"
	" at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),"
	" PRIMARY KEY (run, step, no))",
	"COMMENT ON TABLE interlock.chunk IS 'batches of long steps: a run that was cut short goes on behind the last'",
	"UPDATE interlock.claim SET fingerprint = NULL", /* they are written in other words now */
	"ALTER TABLE interlock.run ADD COLUMN outside_since timestamptz",
	"COMMENT ON COLUMN interlock.run.outside_since IS 'when it stopped because its windows were closed; NULL: it went on since'",
	"COMMENT ON COLUMN interlock.control.batch_target IS 'how long a batch is to take; this and what follows: NULL is as the plan says'",
	"COMMENT ON COLUMN interlock.control.windows IS 'hours in which long steps may work, {\"22:00-06:00 Europe/Berlin\"}; {}: any'",
	"COMMENT ON COLUMN interlock.control.max_replica_lag IS 'of a standby, before the next batch waits; 5 s'",
	"COMMENT ON COLUMN interlock.control.max_replica_mb IS 'of WAL that a standby has still to replay; 256'",
	"COMMENT ON COLUMN interlock.control.min_slot_mb IS 'of WAL that must be left before a replication slot is lost; 2048'",
	"COMMENT ON COLUMN interlock.control.max_archive_files IS 'of WAL that wait to be archived; 42'",
	"COMMENT ON COLUMN interlock.control.max_wal_rate IS 'in MB a second, of the whole server; no limit'",
	"COMMENT ON COLUMN interlock.control.max_active_sessions IS 'of others that are at work; no limit'",
	"COMMENT ON COLUMN interlock.control.max_dead_percent IS 'dead rows of the table, of those that are alive; 20'",
	"COMMENT ON COLUMN interlock.control.max_transaction_age IS 'of somebody else; no limit, but told from 30 min on'",
	"CREATE TABLE interlock.verdict ("
	" run bigint NOT NULL REFERENCES interlock.run ON DELETE CASCADE,"
	" step integer NOT NULL,"
	" pair integer NOT NULL,"
	" passed boolean NOT NULL,"
	" at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),"
	" rows bigint NOT NULL,"
	" bad bigint NOT NULL,"
	" keys jsonb NOT NULL,"
	" max_age interval,"
	" PRIMARY KEY (run, step))",
	"COMMENT ON COLUMN interlock.verdict.max_age IS 'so long it is good for a switch'",
	"COMMENT ON TABLE interlock.verdict IS 'what the last full comparison of a pair found, with the keys that differ'",
	"CREATE TABLE interlock.pair ("
	" run bigint NOT NULL REFERENCES interlock.run ON DELETE CASCADE,"
	" number integer NOT NULL,"
	" live_schema text NOT NULL,"
	" live_name text NOT NULL,"
	" shadow_schema text NOT NULL,"
	" shadow_name text NOT NULL,"
	" keys jsonb NOT NULL,"
	" columns jsonb NOT NULL,"
	" only_rows text NOT NULL,"
	" foreign_keys jsonb NOT NULL,"
	" aside jsonb NOT NULL DEFAULT '[]',"
	" log_limit bigint NOT NULL,"
	" guard text NOT NULL,"
	" state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'copying', 'copied', 'synced', 'switched', 'ended')),"
	" synced_at timestamptz,"
	" back jsonb NOT NULL DEFAULT '[]',"
	" retired_schema text,"
	" retired_name text,"
	" carried jsonb,"
	" lookup jsonb,"
	" PRIMARY KEY (run, number))",
	"COMMENT ON TABLE interlock.pair IS 'tables that are copied into another shape: live, shadow, and how a row becomes the other'",
	"COMMENT ON COLUMN interlock.pair.number IS 'of its parallel_table: what it made in this schema ends with run and number'",
	"COMMENT ON COLUMN interlock.pair.keys IS 'columns of the key, in order: live, shadow, type, shadow_type, operators'",
	"COMMENT ON COLUMN interlock.pair.columns IS 'columns of the shadow that are written: name, value (SQL over a live row), type'",
	"COMMENT ON COLUMN interlock.pair.aside IS 'indexes and constraints of the shadow that are built behind the copy: name, statement'",
	"COMMENT ON COLUMN interlock.pair.foreign_keys IS 'foreign keys of the shadow, which the switch adds: statements'",
	"COMMENT ON COLUMN interlock.pair.back IS 'columns of the live table that the shadow gives back: name, value, type, what it reads'",
	"COMMENT ON COLUMN interlock.pair.lookup IS 'of a column that is looked up: where, the notes, and SQL over a live row'",
	"COMMENT ON COLUMN interlock.pair.state IS 'switched: the shadow has the live name, and the retired table follows; ended: it does not'",
	"COMMENT ON COLUMN interlock.pair.carried IS 'of a switch: statements that it has still to run, and those of the way back'",
	"CREATE TABLE interlock.undo_conflict ("
	" run bigint NOT NULL,"
	" pair integer NOT NULL,"
	" key text[] NOT NULL,"
	" kind text NOT NULL CHECK (kind IN ('left', 'value', 'truncate')),"
	" first_op pg_catalog.\"char\","
	" deleted boolean NOT NULL DEFAULT false,"
	" sqlstate text,"
	" message text,"
	" since timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),"
	" tried_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),"
	" PRIMARY KEY (run, pair, key),"
	" FOREIGN KEY (run, pair) REFERENCES interlock.pair ON DELETE CASCADE)",
	"COMMENT ON TABLE interlock.undo_conflict IS 'rows written since a switch that the retired table can not hold, so that undo would lose them'",
	"COMMENT ON COLUMN interlock.pair.synced_at IS 'of the last moment at which the shadow was exactly the live table in its shape'",
	"CREATE TABLE interlock.rollout ("
	" run bigint NOT NULL REFERENCES interlock.run ON DELETE CASCADE,"
	" block integer NOT NULL,"
	" plan text NOT NULL,"
	" parameters jsonb NOT NULL,"
	" label text NOT NULL,"
	" percent numeric(5, 2) NOT NULL CHECK (percent BETWEEN 0 AND 100),"
	" PRIMARY KEY (run, block),"
	" UNIQUE (plan, parameters, block))",
	"COMMENT ON TABLE interlock.rollout IS 'which share of the keys is in: what in_rollout() answers from; interlock rollout moves it'",
	"CREATE FUNCTION interlock.in_rollout(plan text, key text, parameters jsonb DEFAULT '{}', rollout text DEFAULT NULL)"
	" RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS"
	" $$BEGIN RETURN coalesce(" BUCKET " < (SELECT o.percent * 100 FROM interlock.rollout o"
	" WHERE o.plan = $1 AND o.parameters = coalesce($3, '{}') AND ($4 IS NULL OR o.label = $4)"
	" ORDER BY o.block LIMIT 1), false); END$$",
	"COMMENT ON FUNCTION interlock.in_rollout(text, text, jsonb, text) IS 'is this key among those that the plan''s rollout lets in now? interlock help rollouts'",
	"GRANT EXECUTE ON FUNCTION interlock.in_rollout(text, text, jsonb, text) TO PUBLIC",
	NULL,
};

/* By version - 1. */
static const char *const *const registry_schema[] = {version_1, version_2};

#endif
