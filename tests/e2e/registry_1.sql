-- The registry that interlock 0.1.0 made at version 1, with a run that waits at its gate: written by that version.
CREATE SCHEMA interlock;
COMMENT ON SCHEMA interlock IS 'registry of interlock: runs of migration plans';
CREATE TABLE interlock.meta (
 one boolean PRIMARY KEY DEFAULT true CHECK (one),
 version integer NOT NULL,
 environment text,
 created_at timestamptz NOT NULL DEFAULT pg_catalog.now());
CREATE TABLE interlock.run (
 id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
 plan text NOT NULL,
 parameters jsonb NOT NULL,
 attempt integer NOT NULL DEFAULT 1,
 state text NOT NULL CHECK (state IN ('running', 'waiting', 'failed', 'undone', 'done', 'adopted')),
 compiled jsonb NOT NULL,
 hash text NOT NULL,
 epoch bigint NOT NULL DEFAULT 0,
 next_block integer NOT NULL DEFAULT 0,
 seen timestamptz,
 started_by text NOT NULL DEFAULT session_user,
 started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
 finished_at timestamptz,
 holder text,
 tool text NOT NULL);
CREATE UNIQUE INDEX run_open ON interlock.run (plan, parameters) WHERE state <> 'undone';
CREATE TABLE interlock.step (
 run bigint NOT NULL REFERENCES interlock.run ON DELETE CASCADE,
 number integer NOT NULL,
 block integer NOT NULL,
 primitive text NOT NULL,
 state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'done', 'undoing', 'undone')),
 created boolean NOT NULL DEFAULT false,
 before jsonb,
 attempts integer NOT NULL DEFAULT 0,
 rows_done bigint NOT NULL DEFAULT 0,
 epoch bigint,
 started_at timestamptz,
 finished_at timestamptz,
 sqlstate text,
 message text,
 PRIMARY KEY (run, number));
CREATE TABLE interlock.claim (
 relation text PRIMARY KEY,
 run bigint NOT NULL REFERENCES interlock.run ON DELETE CASCADE,
 fingerprint jsonb);
CREATE TABLE interlock.condition (
 run bigint NOT NULL REFERENCES interlock.run ON DELETE CASCADE,
 block integer NOT NULL,
 kind text NOT NULL,
 label text NOT NULL,
 reached_at timestamptz,
 due timestamptz,
 satisfied_at timestamptz,
 satisfied_by text,
 evidence text,
 hash text,
 data jsonb,
 PRIMARY KEY (run, block));
CREATE TABLE interlock.event (
 id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
 at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
 run bigint NOT NULL,
 step integer,
 kind text NOT NULL,
 statement text,
 ms double precision,
 lock_attempts integer,
 role text NOT NULL DEFAULT session_user);
CREATE VIEW interlock.progress AS
 SELECT r.id AS run, r.plan, r.state, s.number AS step, s.primitive, s.state AS step_state, s.attempts, s.rows_done,
 s.started_at, s.finished_at, s.message
 FROM interlock.run r JOIN interlock.step s ON s.run = r.id ORDER BY r.id, s.number;
CREATE VIEW interlock.stops AS
 SELECT r.id AS run, r.plan, c.kind, c.label, c.reached_at, c.due, c.satisfied_at, c.satisfied_by, c.evidence
 FROM interlock.run r JOIN interlock.condition c ON c.run = r.id ORDER BY r.id, c.block;
INSERT INTO interlock.meta (version) VALUES (1);
CREATE TABLE interlock.fence_1 ();
INSERT INTO interlock.run (id, plan, parameters, attempt, state, compiled, hash, epoch, next_block, seen, started_by, started_at, finished_at, holder, tool) OVERRIDING SYSTEM VALUE
 VALUES ('1', 'half_way', '{}', '1', 'waiting', '{"name": "half_way", "span": ["plans/half_way.lua", 1], "files": [{"path": "plans/half_way.lua", "sha256": "30e424fe3b935e224237064515c8aedb4e7ff8b9908b1530293d895d13f01b7c"}], "notes": [], "blocks": [{"kind": "phase", "span": ["plans/half_way.lua", 3], "label": "expand", "steps": [{"do": "add_column_if_missing", "span": ["plans/half_way.lua", 3], "chain": [], "options": {"type": "text", "table": "users", "column": "nick"}}]}, {"kind": "gate", "span": ["plans/half_way.lua", 4], "label": "release 2 is live", "options": {"text": "Release 2 writes nick.", "quiet": "10 minutes"}}, {"kind": "phase", "span": ["plans/half_way.lua", 5], "label": "index", "steps": [{"do": "create_index_if_missing", "span": ["plans/half_way.lua", 5], "chain": [], "options": {"table": "users", "using": "btree", "columns": "nick"}}]}], "settings": {"title": "Begun by an older interlock", "lock_hold": "500 ms", "search_path": "pg_catalog, public, pg_temp", "lock_timeout": "50 ms", "lock_attempts": 600}, "parameters": {}}', '1993c0d691f09aaf9d7aaafaf7833d77124a2a62a10ec6cdfc0d3fd055e5deec', '1', '1', '2026-11-21 14:33:41.105681+00', 'postgres', '2026-11-21 14:33:41.100592+00', NULL, 'pid 32015 on host as postgres', 'interlock 0.1.0');
INSERT INTO interlock.step (run, number, block, primitive, state, created, before, attempts, rows_done, epoch, started_at, finished_at, sqlstate, message)
 VALUES ('1', '2', '2', 'create_index_if_missing', 'pending', 'f', NULL, '0', '0', NULL, NULL, NULL, NULL, NULL);
INSERT INTO interlock.step (run, number, block, primitive, state, created, before, attempts, rows_done, epoch, started_at, finished_at, sqlstate, message)
 VALUES ('1', '1', '0', 'add_column_if_missing', 'done', 't', '{"found": null, "state": "absent", "relkind": "r", "expected": null, "key_match": "t.id = a.id", "dependents": null, "archived_as": null, "column_type": null, "foreign_key": null, "key_columns": "id", "need_comment": "f", "need_validate": "f", "column_comment": null, "column_primary": "f", "key_definition": "id bigint", "key_descending": "id DESC", "need_foreign_key": "f"}', '1', '0', '1', '2026-11-21 14:33:41.11416+00', '2026-11-21 14:33:41.11416+00', NULL, NULL);
INSERT INTO interlock.claim (relation, run, fingerprint)
 VALUES ('public.users', '1', '{"owner": "postgres", "column id": "bigint NOT NULL", "column name": "text NOT NULL", "column nick": "text", "index users_pkey": "CREATE UNIQUE INDEX users_pkey ON public.users USING btree (id)", "constraint users_pkey": "PRIMARY KEY (id)"}');
INSERT INTO interlock.condition (run, block, kind, label, reached_at, due, satisfied_at, satisfied_by, evidence, hash, data)
 VALUES ('1', '1', 'gate', 'release 2 is live', '2026-11-21 14:33:41.122942+00', NULL, NULL, NULL, NULL, NULL, '{"scans": null}');
INSERT INTO interlock.event (id, at, run, step, kind, statement, ms, lock_attempts, role) OVERRIDING SYSTEM VALUE
 VALUES ('1', '2026-11-21 14:33:41.11485+00', '1', '1', 'run', 'ALTER TABLE public.users ADD COLUMN nick text', '1.194', '1', 'postgres');
SELECT setval('interlock.event_id_seq', 1), setval('interlock.run_id_seq', 1);
