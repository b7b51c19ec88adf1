CREATE TABLE log (at timestamptz, what text, level int);
INSERT INTO log SELECT now(), 'w', n % 3 FROM generate_series(1, 100) n;
-- then:
UPDATE log SET what = 'nothing' WHERE level = 0;
DELETE FROM log WHERE level = 1;
INSERT INTO log VALUES (now(), 'x', 5);
ALTER TABLE log DROP COLUMN what;
