-- offline, too
CREATE TABLE orgs (id bigint PRIMARY KEY);
CREATE TABLE "Users" (id bigint PRIMARY KEY, email text NOT NULL);
INSERT INTO orgs SELECT n FROM generate_series(1, 5) n;
INSERT INTO "Users" SELECT n, 'u' || n FROM generate_series(1, 300) n;
-- then:
ALTER TABLE "Users" ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE "Users" ADD "Made At" timestamptz DEFAULT now() NOT NULL, ADD COLUMN noise double precision DEFAULT random() * 3;
ALTER TABLE "Users" ADD COLUMN rank integer NOT NULL DEFAULT 7 CHECK (rank > 0);
ALTER TABLE "Users" ADD COLUMN org_id bigint REFERENCES orgs ON DELETE CASCADE;
ALTER TABLE "Users" ADD COLUMN org2 bigint CONSTRAINT second_org REFERENCES orgs (id) ON UPDATE CASCADE;
ALTER TABLE "Users" ADD COLUMN org3 bigint DEFAULT 1 REFERENCES orgs (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE "Users" ADD COLUMN code text UNIQUE, ADD COLUMN n serial;
ALTER TABLE "Users" ADD COLUMN sorted text COLLATE "C" DEFAULT 'it''s';
