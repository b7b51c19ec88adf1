-- Rows for schema.sql, the same every time.  565 references to users, and 621 rows that refer to a project or a brief that
-- is gone: 268 design briefs, 25 scene iterations (9 of them only once the briefs are gone), 328 component jobs.
-- Another number of messages than 20,000:  PGOPTIONS='-c interlock.rows=200000' psql -f data.sql
-- Plain SQL only, so that `interlock --sandbox --load data.sql` can send it too.

BEGIN;

CREATE FUNCTION pg_temp.messages() RETURNS integer STABLE LANGUAGE sql
    AS $$ SELECT greatest(coalesce(nullif(current_setting('interlock.rows', true), ''), '20000')::integer, 100) $$;
CREATE FUNCTION pg_temp.user_key(n integer) RETURNS varchar IMMUTABLE LANGUAGE sql
    AS $$ SELECT 'user_2a' || substr(md5('user ' || n), 1, 25) $$;
CREATE FUNCTION pg_temp.key(kind text, n integer) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$ SELECT md5(kind || n)::uuid $$;

INSERT INTO "bazaar-vid_user" SELECT pg_temp.user_key(n), 'User ' || n, 'user' || n || '@example.com',
       timestamptz '2025-01-01 UTC' + n * interval '1 hour' FROM generate_series(1, 120) n;

-- 120 + 150 + 25 + 140 + 30 + 100 = 565 references.
INSERT INTO "bazaar-vid_account" SELECT pg_temp.user_key(n), 'github', n::text, md5('token' || n) FROM generate_series(1, 120) n;
INSERT INTO "bazaar-vid_session" SELECT md5('session' || n), pg_temp.user_key(1 + n % 120), timestamptz '2026-01-01 UTC'
  FROM generate_series(1, 150) n;
INSERT INTO "bazaar-vid_post" ("name", "createdById") SELECT 'Post ' || n, pg_temp.user_key(n) FROM generate_series(1, 25) n;
INSERT INTO "bazaar-vid_project" SELECT pg_temp.key('project', n), pg_temp.user_key(1 + n % 120), 'Video ' || n,
       jsonb_build_object('duration', 30 + n), timestamptz '2025-02-01 UTC' + n * interval '10 minutes'
  FROM generate_series(1, 140) n;
INSERT INTO "bazaar-vid_feedback" ("userId", "body")
SELECT CASE WHEN n <= 30 THEN pg_temp.user_key(n) END, 'Feedback ' || n FROM generate_series(1, 40) n;
INSERT INTO "bazaar-vid_user_credit" SELECT pg_temp.user_key(n), n % 50 FROM generate_series(1, 100) n;

INSERT INTO "bazaar-vid_verification_token" SELECT 'user' || n || '@example.com', md5('verify' || n), timestamptz '2026-01-01 UTC'
  FROM generate_series(1, 20) n;
INSERT INTO "bazaar-vid_message" SELECT pg_temp.key('message', n), pg_temp.key('project', 1 + n % 140),
       CASE n % 2 WHEN 0 THEN 'assistant' ELSE 'user' END, 'Make the logo bounce ' || n || ' times',
       timestamptz '2025-03-01 UTC' + n * interval '1 minute' FROM generate_series(1, pg_temp.messages()) n;
INSERT INTO "bazaar-vid_scene" SELECT pg_temp.key('scene', n), pg_temp.key('project', 1 + n % 140), n / 140, 'export const Scene' || n
  FROM generate_series(1, 600) n;
INSERT INTO "bazaar-vid_scene_plan" SELECT pg_temp.key('plan', n), pg_temp.key('project', n), '{"scenes": 4}' FROM generate_series(1, 140) n;
INSERT INTO "bazaar-vid_scene_spec" SELECT pg_temp.key('spec', n), pg_temp.key('scene', n), '{"layers": []}' FROM generate_series(1, 300) n;
INSERT INTO "bazaar-vid_patch" SELECT pg_temp.key('patch', n), pg_temp.key('project', 1 + n % 140), '[]' FROM generate_series(1, 200) n;
INSERT INTO "bazaar-vid_agent_message" SELECT pg_temp.key('agent', n), 'coordinator', NULL FROM generate_series(1, 50) n;
INSERT INTO "bazaar-vid_metric" SELECT pg_temp.key('metric', n), 'render', 1.0 / n FROM generate_series(1, 50) n;
INSERT INTO "bazaar-vid_email_subscriber" SELECT pg_temp.key('email', n), 'reader' || n || '@example.com' FROM generate_series(1, 30) n;
INSERT INTO "bazaar-vid_shared_video" SELECT pg_temp.key('shared', n), pg_temp.key('project', n), n FROM generate_series(1, 60) n;

-- Projects 1 to 140 are there, those above are gone.

-- 400 jobs: 72 of projects that are there, 328 of projects that are gone.
INSERT INTO "bazaar-vid_custom_component_job"
SELECT pg_temp.key('job', n), pg_temp.key('project', CASE WHEN n <= 72 THEN n ELSE 140 + n END), 'Effect "' || n || E'"\twith a tab',
       CASE WHEN n % 3 > 0 THEN repeat('const a = ' || n || ';', 200) END, 'complete', timestamptz '2025-04-01 UTC' + n * interval '0.123456 s'
  FROM generate_series(1, 400) n;
-- An error goes with its job (12 of orphans), a test case stays and forgets it.
INSERT INTO "bazaar-vid_component_error" SELECT pg_temp.key('error', n), pg_temp.key('job', 60 + n), 'syntax', NULL
  FROM generate_series(1, 24) n;
INSERT INTO "bazaar-vid_component_test_case" SELECT pg_temp.key('case', n), pg_temp.key('job', 50 + n), n % 2 = 0
  FROM generate_series(1, 100) n;
-- 500 briefs: 232 of projects that are there, 268 of projects that are gone; some were made for jobs, orphans or not.
INSERT INTO "bazaar-vid_animation_design_brief"
SELECT pg_temp.key('brief', n), pg_temp.key('project', CASE WHEN n <= 232 THEN 1 + n % 140 ELSE 200 + n END),
       CASE WHEN n % 5 = 0 THEN pg_temp.key('job', 1 + n % 400) END,
       jsonb_build_object('sceneName', 'Scene ' || n, 'weight', 1.50, 'colors', jsonb_build_array('#0f172a', NULL)),
       timestamptz '2025-04-01 UTC' + n * interval '1 minute'
  FROM generate_series(1, 500) n;
-- 90 iterations: 65 that are well, 16 of projects that are gone, 9 of a living project whose brief is an orphan.
INSERT INTO "bazaar-vid_scene_iteration"
SELECT pg_temp.key('iteration', n), pg_temp.key('project', CASE WHEN n BETWEEN 66 AND 81 THEN 900 + n ELSE n END),
       CASE WHEN n <= 40 THEN pg_temp.key('brief', n) WHEN n > 81 THEN pg_temp.key('brief', 200 + n) END,
       'faster', 'before', NULLIF('after ' || n, 'after 70')
  FROM generate_series(1, 90) n;

COMMIT;

ANALYZE;
