SET lock_timeout = '1s';
-- interlock:ignore drop-column nobody reads it since release 41
ALTER TABLE users DROP COLUMN nick;
ALTER TABLE users DROP COLUMN age; -- interlock:ignore drop-column
DROP TABLE logs; -- interlock:ignore drop-table it was copied to the archive
-- interlock:ignore rename-table it is meant
SELECT 1;
