/*
 * The statements that make the registry, version by version.  What an older
 * interlock made is brought up by those of the versions above it.  Included by
 * engine/registry_make.c alone.
 */
#ifndef INTERLOCK_ENGINE_REGISTRY_SCHEMA_H
#define INTERLOCK_ENGINE_REGISTRY_SCHEMA_H

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
	"UPDATE interlock.claim SET fingerprint = NULL", /* they are written in other words now */
	NULL,
};

/* By version - 1. */
static const char *const *const registry_schema[] = {version_1, version_2};

#endif
