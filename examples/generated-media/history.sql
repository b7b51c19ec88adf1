-- What the browsers hand over, a JSON object a line: 50,000 of them, of which some are of no use.  And which guest has an
-- account since.  The same every time; `psql -qAt -f history.sql > plans/history.jsonl` writes the export.
-- Another number of lines:  PGOPTIONS='-c interlock.lines=1000'

CREATE TABLE "GuestAccount" (
    "session_id" varchar(64) PRIMARY KEY,
    "userId" uuid NOT NULL REFERENCES "User" ON DELETE CASCADE
);
INSERT INTO "GuestAccount" SELECT 'guest-' || n, md5('user' || 1 + n % 10)::uuid FROM generate_series(0, 998, 2) n;

-- Of a thousand lines: one was cut off, one has a type that there is not, one a session that is too long, one has no
-- url; and two were handed over twice.
SELECT CASE n % 1000
         WHEN 13 THEN left(line, 40)
         WHEN 27 THEN replace(line, '"image"', '"audio"')
         WHEN 44 THEN replace(line, 'guest-', repeat('guest-', 12))
         WHEN 61 THEN regexp_replace(line, '"url" : "[^"]*"', '"url" : null')
         ELSE line
       END
  FROM generate_series(1, coalesce(nullif(current_setting('interlock.lines', true), ''), '50000')::integer) n,
       LATERAL (SELECT CASE WHEN n % 500 = 99 THEN n - 1 ELSE n END) same(id),
       LATERAL (SELECT json_build_object('id', md5('history' || id)::uuid, 'session', 'guest-' || id % 1000, 'type', 'image',
                                         'url', 'https://media.example.com/old/' || id, 'prompt', 'a blue house, number ' || id,
                                         'made', timestamptz '2025-03-01 UTC' + id * interval '1 minute', 'browser', 'Firefox')::text) l(line)
 ORDER BY n;
