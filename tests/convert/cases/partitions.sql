-- offline, too
CREATE TABLE events (id bigint, at date NOT NULL, kind text) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO events SELECT n, date '2025-01-01' + n, 'k' FROM generate_series(1, 100) n;
-- then:
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
ALTER TABLE events ADD COLUMN note text DEFAULT 'none' NOT NULL;
ALTER TABLE events ADD CHECK (id > 0);
ALTER TABLE events ALTER COLUMN kind SET NOT NULL;
