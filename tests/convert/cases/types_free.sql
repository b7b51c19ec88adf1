CREATE TABLE users (id bigint PRIMARY KEY, name varchar(20) NOT NULL, code varchar(5));
INSERT INTO users SELECT n, 'u' || n, 'c' FROM generate_series(1, 300) n;
-- then:
ALTER TABLE users ALTER COLUMN name TYPE varchar(255), ALTER code SET DATA TYPE text;
