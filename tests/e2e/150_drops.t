# What is dropped: only what nothing depends on, each dependent by its name before the first statement; and the way
# back, which gives exactly what was there, or is refused with a reason before anything is taken back.
use strict;
use warnings;

use Interlock::Test;
use IPC::Run ();
use Test::More;

# A plan of one destructive phase for each list of steps.
sub drops
{
    my ($name, @phases) = @_;
    my $no = 0;
    my $text = join ",\n", map { $no++; qq{  phase "contract $no" { $_ }} } @phases;
    return plan_file($name, qq{plan "$name" {\n  title = "Drops something",\n$text\n}\n});
}

# The same with one step, which says what it loses.
sub drop_of
{
    my ($name, $primitive, $options) = @_;
    return drops($name, qq{${primitive}_if_exists { $options, loses = "nobody needs it" }});
}

# The same with one for each of these, in one phase.
sub drop_all
{
    my ($name, $primitive, @options) = @_;
    return drops($name, join ",\n    ", map { qq{${primitive}_if_exists { $_, loses = "nobody needs it" }} } @options);
}

# There and back: the schema, the rows, and nothing left in the registry's schema.  As another role than the superuser?
sub comes_back
{
    my ($db, $plan, $what, $role) = @_;
    my %in = (db => $db, env => { PGUSER => $role || 'postgres' });
    my ($schema, $rows) = (schema_dump($db), table_rows($db));
    runs_ok([ 'check', $plan ], "$what: check", \%in);
    runs_ok([ 'run', $plan, '--yes' ], "$what: run", \%in) or return;
    isnt(schema_dump($db), $schema, "$what: something is gone");
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], "$what: undo", \%in);
    is(schema_dump($db), $schema, "$what: all of it is back");
    is(table_rows($db), $rows, "$what: with the rows");
    is(kept($db), '', "$what: nothing is left behind");
    return;
}

sub kept
{
    my ($db) = @_;
    return sql($db, q{SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'interlock'::regnamespace AND relname ~ '^(retired|archive|inserted)_'});
}

# check and run refuse with these words, and nothing is changed.
sub refused
{
    my ($db, $plan, $what, @patterns) = @_;
    my $schema = schema_dump($db);
    my $check = exits(4, [ 'check', $plan ], undef, "$what: check refuses", { db => $db });
    like($check->{out}, $_, "$what: it says why") for @patterns;
    exits(4, [ 'run', $plan, '--yes' ], $patterns[0], "$what: run refuses", { db => $db });
    is(schema_dump($db), $schema, "$what: nothing is changed");
    return;
}

# undo refuses with these words before it takes anything back.
sub undo_refused
{
    my ($db, $plan, $what, $pattern) = @_;
    my $schema = schema_dump($db);
    my $undo = exits(3, [ 'undo', $plan, '--to', 'start', '--yes' ], $pattern, "$what: undo refuses", { db => $db });
    is(schema_dump($db), $schema, "$what: nothing is taken back");
    return $undo;
}

# ---- What is in the way ----

my $crowd = <<'SQL';
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'ok');
CREATE TABLE app.users (id bigint PRIMARY KEY, email text UNIQUE, mood app.mood);
CREATE UNIQUE INDEX users_mail ON app.users (lower(email));
CREATE UNIQUE INDEX users_plain ON app.users (email, id);
CREATE TABLE app.posts (id bigint PRIMARY KEY, user_id bigint REFERENCES app.users, email text REFERENCES app.users (email));
CREATE TABLE app.pairs (email text, id bigint, FOREIGN KEY (email, id) REFERENCES app.users (email, id));
CREATE VIEW app.names AS SELECT id, email FROM app.users;
CREATE VIEW app.first AS SELECT * FROM app.names WHERE id < 10;
CREATE MATERIALIZED VIEW app.counts AS SELECT mood, count(*) FROM app.users GROUP BY mood;
CREATE TABLE app.holders (who app.users, many app.users[]);
CREATE FUNCTION app.of(app.users) RETURNS bigint LANGUAGE sql AS 'SELECT $1.id';
CREATE FUNCTION app.all_users() RETURNS SETOF app.users LANGUAGE sql AS 'SELECT NULL::app.users';
CREATE FUNCTION app.mentions() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM app.users); END';
CREATE DOMAIN app.good AS app.mood CHECK (VALUE = 'ok');
CREATE FUNCTION app.moods() RETURNS app.mood LANGUAGE sql AS $$SELECT 'ok'::app.mood$$;
CREATE TABLE app.rules (id bigint PRIMARY KEY);
CREATE POLICY seen ON app.rules USING (EXISTS (SELECT FROM app.users u WHERE u.id = rules.id));
CREATE TABLE app.numbers (id serial PRIMARY KEY);
CREATE TABLE app.borrowers (id integer DEFAULT nextval('app.numbers_id_seq'));
CREATE TABLE app.parts (id bigint NOT NULL, name text) PARTITION BY RANGE (id);
CREATE TABLE app.part_1 PARTITION OF app.parts FOR VALUES FROM (0) TO (100);
CREATE INDEX parts_name ON app.parts (name);
CREATE TABLE app.parents (id bigint CHECK (id > 0));
CREATE TABLE app.children () INHERITS (app.parents);
CREATE TABLE app.sent (id bigint PRIMARY KEY, name text);
CREATE PUBLICATION news FOR TABLE app.sent;
CREATE EXTENSION citext SCHEMA app;
SQL

my @in_the_way = (
    [ 'a table', 'drop_table', 'table = "app.users"', qr/foreign key posts_user_id_fkey of app\.posts/, qr/foreign key pairs_email_id_fkey of app\.pairs/,
        qr/view app\.names/, qr/materialized view app\.counts/, qr/column who of table app\.holders/, qr/column many of table app\.holders/,
        qr/function app\.of\(app\.users\)/, qr/function app\.all_users\(\)/, qr/policy seen on table app\.rules/, qr/a table that nothing depends on/ ],
    [ 'a table with an archive', 'drop_table', 'table = "app.users", archive = "1 day"', qr/view app\.names/ ],
    [ 'a table whose sequence another draws from', 'drop_table', 'table = "app.numbers"', qr/default value for column id of table app\.borrowers/ ],
    [ 'a published table', 'drop_table', 'table = "app.sent"', qr/publication news/ ],
    [ 'a partition', 'drop_table', 'table = "app.part_1"', qr/app\.part_1 is a partition of app\.parts/, qr/DETACH PARTITION/ ],
    [ 'a table that inherits', 'drop_table', 'table = "app.children"', qr/app\.children inherits from app\.parents/ ],
    [ 'a table that is inherited', 'drop_table', 'table = "app.parents"', qr/table app\.children/ ],
    [ 'a view for a table', 'drop_table', 'table = "app.names"', qr/expected: a table$/m, qr/app\.names is a view/ ],
    [ 'a view', 'drop_view', 'view = "app.names"', qr/view app\.first/ ],
    [ 'a table for a view', 'drop_view', 'view = "app.users"', qr/app\.users is a table/ ],
    [ 'an enum', 'drop_type', 'type = "app.mood"', qr/column mood of table app\.users/, qr/app\.good/, qr/function app\.moods\(\)/ ],
    [ 'the type of a table', 'drop_type', 'type = "app.users"', qr/app\.users is a table/ ],
    [ 'a type of an extension', 'drop_type', 'type = "app.citext"', qr/app\.citext is a base type/ ],
    [ 'an index of a constraint', 'drop_index', 'index = "app.users_email_key"', qr/belongs to constraint users_email_key of app\.users/, qr/drop_constraint_if_exists/ ],
    [ 'an index that a foreign key needs', 'drop_index', 'index = "app.users_plain"', qr/foreign key pairs_email_id_fkey of app\.pairs/ ],
    [ "a partition's index", 'drop_index', 'index = "app.part_1_name_idx"', qr/part of index app\.parts_name/ ],
    [ 'a table for an index', 'drop_index', 'index = "app.users"', qr/app\.users is a table/ ],
    [ 'a unique constraint that is referred to', 'drop_constraint', 'table = "app.users", constraint = "users_email_key"', qr/foreign key posts_email_fkey of app\.posts/ ],
    [ 'a primary key that is referred to', 'drop_constraint', 'table = "app.users", constraint = "users_pkey"', qr/foreign key posts_user_id_fkey of app\.posts/ ],
    [ 'a primary key that a publication needs', 'drop_constraint', 'table = "app.sent", constraint = "sent_pkey"', qr/publication news/, qr/REPLICA IDENTITY/ ],
    [ 'an inherited constraint', 'drop_constraint', 'table = "app.children", constraint = "parents_id_check"', qr/inherited from app\.parents/ ],
);

subtest 'what depends on it is named before the first statement' => sub {
    my $db = world('crowd', $crowd);
    my $no = 0;
    for my $case (@in_the_way)
    {
        my ($what, $primitive, $options, @patterns) = @$case;
        refused($db, drop_of('in_the_way_' . ++$no, $primitive, $options), $what, @patterns);
    }
    ok(!registry_exists($db), 'nothing is left');
};

# A release that writes the column until it is gone, and what it was told of each row that was committed.
subtest 'a column that is written until it goes' => sub {
    my $db = world('written', <<'SQL');
CREATE TABLE notes (id integer PRIMARY KEY, memo text);
INSERT INTO notes SELECT g, 'memo ' || g FROM generate_series(1, 60000) g;
CREATE TABLE written (id integer PRIMARY KEY, memo text);
CREATE PROCEDURE write_on() LANGUAGE plpgsql AS $$
DECLARE row integer; n integer := 0;
BEGIN
  LOOP
    n := n + 1;
    row := 1 + n * 7919 % 60000;
    UPDATE notes SET memo = 'new ' || n WHERE id = row;
    INSERT INTO written VALUES (row, 'new ' || n) ON CONFLICT (id) DO UPDATE SET memo = excluded.memo;
    COMMIT;
  END LOOP;
END $$;
SQL
    my $plan = drops('written', 'drop_column_if_exists { table = "notes", column = "memo", archive = "1 day", loses = "nobody needs it" }');
    my $release = IPC::Run::start([ 'psql', '-Xq', '-d', server()->connstr($db), '-c', 'CALL write_on()' ], '<', \undef, '>', \my $out, '2>', \my $err);
    wait_until(sub { sql($db, 'SELECT count(*) > 100 FROM written') eq 't' });
    runs_ok([ 'run', $plan, '--yes' ], 'the column goes', { db => $db, seconds => 180 });
    $release->finish;
    like($err, qr/column "memo" of relation "notes" does not exist/, 'and is written until then');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db, seconds => 180 });
    is(sql($db, 'SELECT count(*) FROM written w JOIN notes n USING (id) WHERE n.memo IS DISTINCT FROM w.memo'), 0, 'all that was written is back');
    is(sql($db, q{SELECT count(*) FROM notes WHERE id NOT IN (SELECT id FROM written) AND memo IS DISTINCT FROM 'memo ' || id}), 0, 'and what was not');
    drop_world($db);
};

subtest 'replica identity' => sub {
    my $db = world('crowd', $crowd);
    sql($db, 'ALTER TABLE app.users ALTER email SET NOT NULL; DROP TABLE app.pairs, app.posts; ALTER TABLE app.users REPLICA IDENTITY USING INDEX users_plain');
    refused($db, drop_of('replica_index', 'drop_index', 'index = "app.users_plain"'), 'an index', qr/replica identity of app\.users/);
    sql($db, 'ALTER TABLE app.users REPLICA IDENTITY USING INDEX users_email_key');
    refused($db, drop_of('replica_key', 'drop_constraint', 'table = "app.users", constraint = "users_email_key"'), 'a constraint', qr/is its replica identity/);
};

subtest 'what is not there is gone already' => sub {
    my $db = world('crowd', $crowd);
    my $plan = drops('not_there', map { "$_, loses = 'x' }" } 'drop_table_if_exists { table = "nowhere.t", archive = "1 day"', 'drop_view_if_exists { view = "app.v"',
        'drop_index_if_exists { index = "app.i"', 'drop_type_if_exists { type = "app.t"', 'drop_constraint_if_exists { table = "app.users", constraint = "c"');
    my @steps = grep { $_->{type} eq 'step' } json_lines(runs_ok([ 'preview', $plan, '--json' ], 'preview', { db => $db })->{out});
    is_deeply([ map { $_->{state} } @steps ], [ ('done') x 5 ], 'all of them');
    my $schema = schema_dump($db);
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $schema, 'which changes nothing');
};

subtest 'functions that only mention it are told of' => sub {
    my $db = world('crowd', $crowd);
    sql($db, 'CREATE TABLE app.old (id bigint); CREATE FUNCTION app.reads() RETURNS bigint LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT max(id) FROM app.old); END$$');
    my $plan = drop_of('mentioned', 'drop_table', 'table = "app.old", archive = "1 day"');
    runs_ok([ 'check', $plan ], 'they are no obstacle', { db => $db });
    like(runs_ok([ 'preview', $plan ], 'preview', { db => $db })->{out}, qr/name stands in the body of app\.reads\(\)/, 'preview names them');
};

# ---- In the right order ----

subtest 'a plan that drops what depends on it first' => sub {
    my $db = world('order', <<'SQL');
CREATE TYPE color AS ENUM ('red');
CREATE TABLE old (id bigint PRIMARY KEY, color color);
INSERT INTO old SELECT n, 'red' FROM generate_series(1, 100) n;
CREATE VIEW reads AS SELECT * FROM old;
CREATE TABLE refers (id bigint PRIMARY KEY, old_id bigint CONSTRAINT old_fk REFERENCES old);
INSERT INTO refers VALUES (1, 1);
SQL
    my $in_order = <<'LUA';
    drop_view_if_exists { view = "reads", loses = "x" },
    drop_constraint_if_exists { table = "refers", constraint = "old_fk", loses = "x" },
    drop_column_if_exists { table = "old", column = "color", archive = "1 day", loses = "x" },
    drop_table_if_exists { table = "old", archive = "1 day", loses = "x" },
LUA
    comes_back($db, drops('in_order', $in_order), 'in order');
    comes_back($db, drops('phases', split /(?<=\n)/, $in_order), 'in phases');
    refused($db, drops('too_soon', join '', reverse split /(?<=\n)/, $in_order), 'the other way round', qr/foreign key old_fk of public\.refers/, qr/view public\.reads/);
    refused($db, drops('one_is_missing', $in_order =~ s/.*old_fk.*\n//r), 'one is forgotten', qr/foreign key old_fk of public\.refers/);
    # The archive has a column of the type.
    my $type = qq{    drop_type_if_exists { type = "color", loses = "x" },\n};
    refused($db, drops('type_in_archive', $in_order . $type), 'a type that an archive needs', qr/column color of table public\.old/);
    my $gone = $in_order =~ s/archive = "1 day", //gr;
    runs_ok([ 'run', drops('nothing_kept', $gone . $type), '--yes' ], 'without archives all of it goes', { db => $db });
    is(sql($db, q{SELECT to_regtype('color') IS NULL AND to_regclass('old') IS NULL}), 't', 'the type too');
};

# ---- A table that is kept ----

my $shop = <<'SQL';
CREATE SCHEMA app;
CREATE TABLE app.users (id bigint PRIMARY KEY);
INSERT INTO app.users SELECT generate_series(1, 10);
CREATE TABLE app.places (id bigint PRIMARY KEY);
INSERT INTO app.places SELECT generate_series(1, 10);
CREATE TABLE app.visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, no serial, user_id bigint NOT NULL CONSTRAINT who REFERENCES app.users ON DELETE CASCADE,
  place_id bigint CONSTRAINT place REFERENCES app.places DEFERRABLE INITIALLY DEFERRED, before bigint REFERENCES app.visits,
  page text UNIQUE, hits integer NOT NULL DEFAULT 0 CHECK (hits >= 0)) WITH (fillfactor = 70);
INSERT INTO app.visits (user_id, place_id, page) SELECT 1 + n % 10, 1 + n % 7, 'p' || n FROM generate_series(1, 200) n;
CREATE INDEX "Pages, by length" ON app.visits (length(page)) WHERE hits > 0;
CREATE STATISTICS app.visits_both ON user_id, place_id FROM app.visits;
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON app.visits FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER quiet BEFORE UPDATE ON app.visits FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE app.visits DISABLE TRIGGER quiet, REPLICA IDENTITY FULL, ENABLE ROW LEVEL SECURITY, CLUSTER ON visits_pkey;
CREATE POLICY own ON app.visits USING (user_id > 0);
CREATE RULE none AS ON DELETE TO app.visits WHERE old.id < 0 DO INSTEAD NOTHING;
COMMENT ON TABLE app.visits IS 'who "read" what''s there';
COMMENT ON COLUMN app.visits.page IS 'its path';
COMMENT ON CONSTRAINT who ON app.visits IS 'the reader';
COMMENT ON INDEX app."Pages, by length" IS 'for the long ones';
SQL

# Roles are of the server, so they are made once.
my $roles;
sub with_grants
{
    my ($db) = @_;
    sql($db, 'CREATE ROLE reader; CREATE ROLE writer; CREATE ROLE boss NOLOGIN') unless $roles++;
    sql($db, <<'SQL');
GRANT USAGE ON SCHEMA app TO writer;
GRANT SELECT ON app.visits TO PUBLIC;
GRANT INSERT, UPDATE ON app.visits TO writer WITH GRANT OPTION;
GRANT SELECT (page), UPDATE (page, hits) ON app.visits TO reader;
GRANT USAGE ON SEQUENCE app.visits_no_seq TO writer;
SQL
    return $db;
}

subtest 'a table with everything on it, kept and brought back' => sub {
    my $db = with_grants(world('shop', $shop));
    my $plan = drop_of('kept_table', 'drop_table', 'table = "app.visits", archive = "90 days"');
    my $next = sql($db, q{SELECT last_value FROM app.visits_no_seq});
    my $acl = q{SELECT relacl FROM pg_class WHERE oid = 'app.visits'::regclass};
    my $before = sql($db, $acl);
    comes_back($db, $plan, 'the table');
    is(sql($db, $acl), $before, 'the same rights in the same order');
    is(sql($db, q{SELECT count(*) FROM pg_constraint WHERE conrelid = 'app.visits'::regclass AND NOT convalidated}), 0, 'its foreign keys are validated');
    is(sql($db, q{SELECT last_value FROM app.visits_no_seq}), $next, 'its sequence goes on');
    is(sql($db, q{INSERT INTO app.visits (user_id) VALUES (1) RETURNING id || ' ' || no}), '201 201', 'and so does its identity');

    runs_ok([ 'run', $plan, '--yes' ], 'it goes again', { db => $db });
    my $run = sql($db, q{SELECT max(id) FROM interlock.run});
    is(kept($db), join(' ', "retired_${run}_1", map { "retired_${run}_1_$_" } 1 .. 5), 'it is kept under names of its own');
    is(sql($db, qq{SELECT count(*) FROM interlock.retired_${run}_1}), 201, 'with its rows');
    like(sql($db, qq{SELECT obj_description('interlock.retired_${run}_1'::regclass)}),
        qr/^app\.visits, dropped by plan kept_table \(run $run\) on \d{4}-.* until \d{4}-.*sync drops it$/, 'a comment says what it is');
    is(sql($db, qq{SELECT relacl FROM pg_class WHERE oid = 'interlock.retired_${run}_1'::regclass}), '{postgres=arwdDxt/postgres}', 'nobody else has a right on it');
    is(sql($db, qq{SELECT count(*) FROM pg_constraint WHERE conrelid = 'interlock.retired_${run}_1'::regclass AND contype = 'f' AND confrelid <> conrelid}), 0, 'and it refers to no other table');
    is(sql($db, 'DELETE FROM app.users WHERE id = 3 RETURNING id'), 3, 'so its rows hold nobody up');
};

subtest 'a successor with the same names' => sub {
    my $db = world('shop', $shop);
    my $plan = drop_of('succeeded', 'drop_table', 'table = "app.visits", archive = "90 days"');
    my $schema = schema_dump($db);
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    sql($db, <<'SQL');
CREATE TABLE app.visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, no serial, page text UNIQUE, length integer);
CREATE INDEX "Pages, by length" ON app.visits (length);
CREATE STATISTICS app.visits_both ON no, length FROM app.visits;
INSERT INTO app.visits (page) VALUES ('new');
SQL
    ok(1, 'it takes the names of table, indexes, sequences and statistics');
    undo_refused($db, $plan, 'over it', qr/something again by the name of app\.visits/);
    is(sql($db, 'SELECT page FROM app.visits'), 'new', 'its rows are untouched');
    my $second = drop_of('successor', 'drop_table', 'table = "app.visits", archive = "90 days"');
    runs_ok([ 'run', $second, '--yes' ], 'it is kept aside too', { db => $db });
    runs_ok([ 'undo', $plan, '--yes' ], 'then the first one comes back', { db => $db });
    is(schema_dump($db), $schema, 'as it was');
    undo_refused($db, $second, 'now the second', qr/something again by the name of app\.visits/);
    sql($db, 'ALTER TABLE app.visits RENAME TO visits_1');
    exits(3, [ 'undo', $second, '--yes' ], qr/42P07/, 'a name that is taken', { db => $db });
    isnt(kept($db), '', 'leaves all as it is');
};

subtest 'rows that its foreign keys miss' => sub {
    my $db = world('shop', $shop);
    my $plan = drop_of('orphaned', 'drop_table', 'table = "app.visits", archive = "90 days"');
    my $schema = schema_dump($db);
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    sql($db, 'DELETE FROM app.users WHERE id = 4');
    exits(3, [ 'undo', $plan, '--yes' ], qr/23503.*who/s, 'undo says which', { db => $db });
    is(sql($db, 'SELECT count(*) FROM app.visits'), 200, 'the table is back');
    exits(3, [ 'undo', $plan, '--yes' ], qr/23503.*who/s, 'once more', { db => $db });
    sql($db, 'INSERT INTO app.users VALUES (4)');
    runs_ok([ 'undo', $plan, '--yes' ], 'when they are there undo goes on', { db => $db });
    is(schema_dump($db), $schema, 'to the end');
};

subtest 'run after an undo that was cut short' => sub {
    my $db = world('half_back', q{CREATE TABLE users (id bigint PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 9);
        CREATE TABLE visits (id bigserial PRIMARY KEY, user_id bigint REFERENCES users); INSERT INTO visits (user_id) SELECT generate_series(1, 9);
        GRANT SELECT ON visits TO PUBLIC; GRANT USAGE ON SEQUENCE visits_id_seq TO PUBLIC});
    my $plan = drop_of('half_back', 'drop_table', q{table = "visits", archive = "90 days"});
    my $schema = schema_dump($db);
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    sql($db, 'DELETE FROM users WHERE id = 7');
    exits(3, [ 'undo', $plan, '--to', 'start', '--yes' ], qr/23503.*then undo again/s, 'undo is cut short by a row that refers to nobody', { db => $db });
    runs_ok([ 'run', $plan, '--yes' ], 'what is as it was goes again', { db => $db });
    exits(3, [ 'undo', $plan, '--to', 'start', '--yes' ], qr/23503/, 'cut short once more', { db => $db });
    sql($db, 'CREATE INDEX first ON visits (user_id); GRANT INSERT ON visits TO PUBLIC');
    my $changed = schema_dump($db);
    exits(4, [ 'run', $plan, '--yes' ], qr/visits was changed since an undo that was cut short brought it back.*let undo end what it began/s, 'what was changed meanwhile does not go', { db => $db });
    is(schema_dump($db), $changed, 'it stays, as it is now');
    sql($db, 'INSERT INTO users VALUES (7); DROP INDEX first; REVOKE INSERT ON visits FROM PUBLIC');
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo ends', { db => $db });
    is(schema_dump($db), $schema, 'all of it is back');
};

subtest 'its time is over' => sub {
    my $db = world('shop', $shop);
    sql($db, 'ALTER TABLE app.places ADD COLUMN name text; UPDATE app.places SET name = id');
    my $plan = drop_of('expires', 'drop_table', 'table = "app.visits", archive = "30 days"');
    my $column = drop_of('column_expires', 'drop_column', 'table = "app.places", column = "name", archive = "30 days"');
    runs_ok([ 'run', $_, '--yes' ], 'run', { db => $db }) for $plan, $column;
    my $there = kept($db);
    like($there, qr/archive_\d+_1/, 'the values are kept');
    runs_ok([ 'sync' ], 'sync', { db => $db });
    is(kept($db), $there, 'takes nothing before its time');
    sql($db, q{UPDATE interlock.step SET finished_at = finished_at - interval '31 days'});
    runs_ok([ 'sync' ], 'sync', { db => $db });
    is(kept($db), '', 'and all of it afterwards');
    undo_refused($db, $plan, 'the table', qr/kept for undo is gone: its time was over/);
    undo_refused($db, $column, 'the column', qr/kept for undo is gone: its time was over/);
};

subtest 'what somebody took away' => sub {
    my $db = world('shop', $shop);
    my $plan = drop_of('taken', 'drop_table', 'table = "app.visits", archive = "30 days"');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    sql($db, 'DROP TABLE interlock.' . (split / /, kept($db))[0]);
    undo_refused($db, $plan, 'it is gone', qr/kept of table app\.visits is gone since/);
};

subtest 'what can not be kept' => sub {
    my $db = world('crowd', $crowd);
    refused($db, drop_of('kept_partitions', 'drop_table', 'table = "app.parts", archive = "1 day"'), 'a partitioned table', qr/app\.parts is partitioned/);
    with_grants(my $shop = world('shop', $shop));
    sql($shop, 'SET ROLE writer; GRANT INSERT ON app.visits TO reader');
    refused($shop, drop_of('foreign_grants', 'drop_table', 'table = "app.visits", archive = "1 day"'), 'grants of others', qr/granted by another role than its owner/);
    my $plan = drop_of('not_kept', 'drop_table', 'table = "app.visits"');
    like(runs_ok([ 'preview', $plan ], 'preview', { db => $shop })->{out}, qr/ACCESS EXCLUSIVE app\.visits, .*: brief; no way back/, 'preview says that there is no way back');
    runs_ok([ 'run', $plan, '--yes' ], 'without an archive it goes', { db => $shop });
    undo_refused($shop, $plan, 'for good', qr/dropped without an archive/);
    my $parts = drop_of('parts', 'drop_table', 'table = "app.parts"');
    runs_ok([ 'run', $parts, '--yes' ], 'a partitioned table goes with its partitions', { db => $db });
    is(sql($db, q{SELECT to_regclass('app.part_1')}), '', 'all of them');
};

# ---- Views ----

subtest 'views' => sub {
    my $db = with_grants(world('shop', $shop));
    sql($db, <<'SQL');
CREATE VIEW app."Long Pages" (a, "B b") WITH (security_barrier, check_option = local) AS SELECT id, page FROM app.visits WHERE hits > 1;
ALTER VIEW app."Long Pages" ALTER "B b" SET DEFAULT 'it''s';
ALTER VIEW app."Long Pages" OWNER TO boss;
GRANT SELECT ON app."Long Pages" TO reader;
GRANT INSERT (a) ON app."Long Pages" TO writer WITH GRANT OPTION;
REVOKE TRUNCATE ON app."Long Pages" FROM boss;
COMMENT ON VIEW app."Long Pages" IS E'a\\b';
COMMENT ON COLUMN app."Long Pages".a IS 'first';
CREATE TRIGGER instead INSTEAD OF DELETE ON app."Long Pages" FOR EACH ROW EXECUTE FUNCTION app.touch();
COMMENT ON TRIGGER instead ON app."Long Pages" IS 'keeps';
CREATE RULE no_update AS ON UPDATE TO app."Long Pages" DO INSTEAD NOTHING;
COMMENT ON RULE no_update ON app."Long Pages" IS 'never';
CREATE MATERIALIZED VIEW app.counts WITH (fillfactor = 70, autovacuum_enabled = false) AS SELECT user_id, count(*) AS n FROM app.visits GROUP BY user_id;
CREATE UNIQUE INDEX counts_user ON app.counts (user_id);
CREATE INDEX counts_n ON app.counts ((n + 1)) WHERE n > 1;
ALTER INDEX app.counts_n ALTER COLUMN 1 SET STATISTICS 7;
COMMENT ON INDEX app.counts_n IS 'by number';
CREATE STATISTICS app.counts_both ON user_id, n FROM app.counts;
ALTER MATERIALIZED VIEW app.counts CLUSTER ON counts_user;
ALTER MATERIALIZED VIEW app.counts ALTER COLUMN n SET STATISTICS 12;
ALTER MATERIALIZED VIEW app.counts ALTER COLUMN n SET (n_distinct = 5);
GRANT SELECT ON app.counts TO PUBLIC;
CREATE MATERIALIZED VIEW app.empty AS SELECT id FROM app.visits WITH NO DATA;
SQL
    comes_back($db, drop_all('views', 'drop_view', q{view = 'app."Long Pages"'}, 'view = "app.counts"', 'view = "app.empty"'), 'views and materialized views');
    is(sql($db, 'SELECT count(*) FROM app.counts'), 10, 'a materialized view is filled');
    is(sql($db, q{SELECT relispopulated FROM pg_class WHERE oid = 'app.empty'::regclass}), 'f', 'but one that was empty');

    sql($db, 'ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO writer');
    comes_back($db, drop_of('view_by_default', 'drop_view', 'view = "app.empty"'), 'with default privileges');
    sql($db, 'SET ROLE writer; GRANT INSERT (a) ON app."Long Pages" TO reader');
    my $plan = drop_of('view_foreign', 'drop_view', q{view = 'app."Long Pages"'});
    like(runs_ok([ 'preview', $plan ], 'preview', { db => $db })->{out}, qr/no way back, for another role than its owner has granted rights/, 'preview says what can not be had again');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    undo_refused($db, $plan, 'that one', qr/can't be made again as it was: another role/);
};

subtest 'a view that somebody made again' => sub {
    my $db = world('crowd', $crowd);
    my $plan = drop_of('view_again', 'drop_view', 'view = "app.first"');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    sql($db, 'CREATE VIEW app.first AS SELECT 1 AS other');
    undo_refused($db, $plan, 'over it', qr/view app\.first is there again/);
};

# ---- Types ----

subtest 'types' => sub {
    my $db = with_grants(world('shop', $shop));
    sql($db, <<'SQL');
CREATE TYPE app.mood AS ENUM ('sad', 'it''s ok', 'so\so');
ALTER TYPE app.mood ADD VALUE 'between' AFTER 'sad';
ALTER TYPE app.mood OWNER TO boss;
CREATE DOMAIN app.email AS varchar(50) COLLATE "C" DEFAULT 'a@b' NOT NULL CONSTRAINT has_at CHECK (VALUE LIKE '%@%');
ALTER DOMAIN app.email ADD CONSTRAINT short CHECK (length(VALUE) < 40) NOT VALID;
COMMENT ON DOMAIN app.email IS 'an address';
COMMENT ON CONSTRAINT has_at ON DOMAIN app.email IS 'at least';
REVOKE USAGE ON DOMAIN app.email FROM PUBLIC;
GRANT USAGE ON DOMAIN app.email TO reader;
CREATE TYPE app."Pair of" AS (a integer, "B b" text COLLATE "C", m app.mood[]);
COMMENT ON COLUMN app."Pair of".a IS 'first';
CREATE TYPE app.floats AS RANGE (subtype = float8);
SQL
    comes_back($db, drop_all('types', 'drop_type', q{type = 'app."Pair of"'}, 'type = "app.email"', 'type = "app.mood"'), 'a composite type, a domain and an enum');
    sql($db, 'ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC');
    comes_back($db, drop_of('composite_by_default', 'drop_type', q{type = 'app."Pair of"'}), 'with default privileges');
    my $plan = drop_of('range', 'drop_type', 'type = "app.floats"');
    like(runs_ok([ 'preview', $plan ], 'preview', { db => $db })->{out}, qr/no way back: a range type/, 'preview says that a range stays gone');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    undo_refused($db, $plan, 'a range', qr/can't be made again as it was: a range type/);
};

# ---- Indexes ----

subtest 'indexes' => sub {
    my $db = world('shop', $shop);
    sql($db, <<'SQL');
CREATE UNIQUE INDEX visits_wide ON app.visits (user_id, lower(page) DESC) INCLUDE (hits) WITH (fillfactor = 60) WHERE hits < 100;
ALTER INDEX app.visits_wide ALTER COLUMN 2 SET STATISTICS 33;
COMMENT ON INDEX app.visits_wide IS 'it''s wide';
CREATE INDEX visits_place ON app.visits (place_id);
ALTER TABLE app.visits CLUSTER ON visits_place;
CREATE MATERIALIZED VIEW app.counts AS SELECT user_id, count(*) AS n FROM app.visits GROUP BY user_id;
CREATE INDEX counts_n ON app.counts (n);
SQL
    comes_back($db, drop_all('indexes', 'drop_index', map { qq{index = "app.$_"} } qw(visits_wide visits_place counts_n)), 'indexes');

    my $plan = drop_of('unique_index', 'drop_index', 'index = "app.visits_wide"');
    my $schema = schema_dump($db);
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    sql($db, q{INSERT INTO app.visits (user_id, page) VALUES (1, 'A'), (1, 'a')});
    exits(3, [ 'undo', $plan, '--yes' ], qr/23505/, 'rows that are no longer unique are in the way of undo', { db => $db });
    is(sql($db, q{SELECT indisvalid FROM pg_index WHERE indexrelid = 'app.visits_wide'::regclass}), 'f', 'the server leaves an invalid index');
    sql($db, q{DELETE FROM app.visits WHERE page = 'A'});
    runs_ok([ 'undo', $plan, '--yes' ], 'undo builds it anew when they are gone', { db => $db });
    is(schema_dump($db), $schema, 'and it is as it was');

    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    sql($db, 'CREATE INDEX visits_wide ON app.visits (page)');
    undo_refused($db, $plan, 'another of that name', qr/something else again by the name of app\.visits_wide/);
};

subtest 'the index of a partitioned table' => sub {
    my $db = world('crowd', $crowd);
    my $plan = drop_of('parts_index', 'drop_index', 'index = "app.parts_name"');
    like(runs_ok([ 'preview', $plan ], 'preview', { db => $db })->{out}, qr/ACCESS EXCLUSIVE app\.parts: .*no way back/, 'preview says what it takes');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    is(sql($db, q{SELECT count(*) FROM pg_class WHERE relname IN ('parts_name', 'part_1_name_idx')}), 0, 'all of it is gone');
    undo_refused($db, $plan, 'the index', qr/create_index_if_missing builds it again/);
};

# ---- Constraints ----

my $constraints = <<'SQL';
CREATE TABLE orgs (id bigint PRIMARY KEY);
INSERT INTO orgs SELECT generate_series(1, 10);
CREATE TABLE users (id bigint, org_id bigint, email text, span int4range);
INSERT INTO users SELECT n, 1 + n % 10, 'u' || n, int4range(n, n + 1) FROM generate_series(1, 100) n;
ALTER TABLE users ADD CONSTRAINT users_key PRIMARY KEY (id) INCLUDE (email) WITH (fillfactor = 80),
  ADD CONSTRAINT "Mail!" UNIQUE (email, org_id) DEFERRABLE INITIALLY DEFERRED,
  ADD CONSTRAINT positive CHECK (id > 0), ADD CONSTRAINT unchecked CHECK (org_id > 0) NOT VALID, ADD CONSTRAINT own CHECK (id < 1000) NO INHERIT,
  ADD CONSTRAINT spans EXCLUDE USING gist (span WITH &&),
  ADD CONSTRAINT org FOREIGN KEY (org_id) REFERENCES orgs ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE,
  ADD CONSTRAINT new_org FOREIGN KEY (org_id) REFERENCES orgs NOT VALID, ADD CONSTRAINT mine FOREIGN KEY (id) REFERENCES users;
COMMENT ON CONSTRAINT users_key ON users IS 'the key';
COMMENT ON CONSTRAINT "Mail!" ON users IS 'one each';
COMMENT ON CONSTRAINT positive ON users IS 'above zero';
COMMENT ON CONSTRAINT org ON users IS 'who pays';
ALTER TABLE users CLUSTER ON users_key;
CREATE TABLE parts (id bigint NOT NULL, org_id bigint CONSTRAINT part_org REFERENCES orgs ON DELETE CASCADE, CONSTRAINT parts_key PRIMARY KEY (id), CONSTRAINT few CHECK (id < 500)) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (50);
CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (50) TO (500) PARTITION BY RANGE (id);
CREATE TABLE part_2_1 PARTITION OF part_2 DEFAULT;
INSERT INTO parts SELECT n, 1 + n % 10 FROM generate_series(1, 100) n;
SQL

subtest 'constraints' => sub {
    my $db = world('constraints', $constraints);
    sql($db, 'ALTER TABLE users DROP CONSTRAINT mine');
    comes_back($db, drop_all('constraints', 'drop_constraint', map { qq{table = "$_->[0]", constraint = '$_->[1]'} }
          [qw(users users_key)], [qw(users "Mail!")], [qw(users positive)], [qw(users unchecked)], [qw(users own)], [qw(users org)], [qw(users new_org)],
          [qw(parts part_org)], [qw(parts few)]), 'constraints');
    is(sql($db, q{SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint WHERE NOT convalidated AND connamespace = 'public'::regnamespace}), 'new_org unchecked', 'what was validated is');

    my $exclusion = drop_of('exclusion', 'drop_constraint', 'table = "users", constraint = "spans"');
    my $partitioned = drop_of('partitioned_key', 'drop_constraint', 'table = "parts", constraint = "parts_key"');
    for ([ 'an exclusion constraint', $exclusion ], [ 'a key of a partitioned table', $partitioned ])
    {
        my ($what, $plan) = @$_;
        like(runs_ok([ 'preview', $plan ], 'preview', { db => $db })->{out}, qr/no way back: .*knows no way to add it while readers and writers go on/, "$what: preview says that there is no way back");
        runs_ok([ 'run', $plan, '--yes' ], "$what: run", { db => $db });
        undo_refused($db, $plan, $what, qr/knows no way to add it/);
    }
};

subtest 'a key to oneself' => sub {
    my $db = world('constraints', $constraints);
    comes_back($db, drop_of('own_key', 'drop_constraint', 'table = "users", constraint = "mine"'), 'it');
};

subtest 'what the application did since' => sub {
    my $db = world('constraints', $constraints);
    sql($db, 'ALTER TABLE users DROP CONSTRAINT mine');
    my $schema = schema_dump($db);
    my $check = drop_of('since_check', 'drop_constraint', 'table = "users", constraint = "positive"');
    runs_ok([ 'run', $check, '--yes' ], 'run', { db => $db });
    sql($db, 'INSERT INTO users VALUES (-1)');
    exits(3, [ 'undo', $check, '--yes' ], qr/23514/, 'a row that violates the check is in the way of undo', { db => $db });
    sql($db, 'DELETE FROM users WHERE id = -1');
    runs_ok([ 'undo', $check, '--yes' ], 'which goes on when it is gone', { db => $db });
    is(schema_dump($db), $schema, 'to the end');

    my $key = drop_of('since_key', 'drop_constraint', 'table = "users", constraint = "users_key"');
    runs_ok([ 'run', $key, '--yes' ], 'run', { db => $db });
    sql($db, 'ALTER TABLE users ALTER id DROP NOT NULL');
    undo_refused($db, $key, 'a key that accepts NULL', qr/column id of public\.users, of the primary key, accepts NULL now/);
    sql($db, 'ALTER TABLE users ALTER id SET NOT NULL; INSERT INTO users (id, email) VALUES (1, $$twice$$)');
    exits(3, [ 'undo', $key, '--yes' ], qr/23505/, 'a row that is there twice', { db => $db });
    sql($db, 'DELETE FROM users WHERE email = $$twice$$');
    runs_ok([ 'undo', $key, '--yes' ], 'undo builds the key anew', { db => $db });
    is(schema_dump($db), $schema, 'and all is as it was');
    my $other = drop_of('since_other', 'drop_constraint', 'table = "users", constraint = "positive"');
    runs_ok([ 'run', $other, '--yes' ], 'run', { db => $db });
    sql($db, 'ALTER TABLE users ADD CONSTRAINT positive CHECK (id > 5) NOT VALID');
    undo_refused($db, $other, 'another of that name', qr/there is another constraint positive of public\.users/);
};

# ---- Rights ----

subtest 'what belongs to another role' => sub {
    my %cases = (
        shop => [ [ 'drop_table', 'table = "app.visits", archive = "1 day"' ], [ 'drop_constraint', 'table = "app.visits", constraint = "who"' ] ],
        crowd => [ [ 'drop_view', 'view = "app.first"' ], [ 'drop_type', 'type = "app.pair"' ], [ 'drop_index', 'index = "app.users_mail"' ] ]);
    my $no = 0;
    for my $world (sort keys %cases)
    {
        my $db = world($world, $world eq 'shop' ? $shop : $crowd);
        sql($db, 'CREATE ROLE clerk LOGIN') unless $no;
        sql($db, 'CREATE TYPE app.pair AS (a integer); GRANT ALL ON SCHEMA app TO clerk');
        for (@{ $cases{$world} })
        {
            my $check = exits(4, [ 'check', drop_of('others_' . ++$no, @$_) ], undef, "$_->[0]: check refuses", { db => $db, env => { PGUSER => 'clerk' } });
            like($check->{out}, qr/belongs to role "postgres", not to "clerk"/, 'and says whose it is');
        }
    }
};

subtest 'who may not rename what is to be kept aside' => sub {
    my $db = world('shop', $shop);
    sql($db, qq{CREATE ROLE keeper LOGIN; GRANT CREATE ON DATABASE "$db" TO keeper; GRANT USAGE ON SCHEMA app TO keeper; ALTER TABLE app.visits OWNER TO keeper; GRANT ALL ON app.users, app.places TO keeper});
    my $as = { db => $db, env => { PGUSER => 'keeper' } };
    my $kept = drop_of('kept_aside', 'drop_table', 'table = "app.visits", archive = "1 day"');
    my $schema = schema_dump($db);
    for my $command ('check', 'run')
    {
        my $told = exits(4, [ $command, $kept, '--yes' ], undef, "$command: refused", $as);
        like("$told->{out}$told->{err}", qr/role "keeper" may not create anything in schema app, and so not rename app\.visits.*GRANT CREATE ON SCHEMA app TO keeper/s, "$command: with the reason and the way out");
    }
    is(schema_dump($db), $schema, 'nothing was sent');
    sql($db, 'GRANT CREATE ON SCHEMA app TO keeper; ALTER TABLE app.users OWNER TO keeper; ALTER TABLE app.places OWNER TO keeper');
    my $told = exits(4, [ 'check', $kept ], undef, 'statistics of another role', $as);
    like($told->{out}, qr/may not rename statistics app\.visits_both, which belongs to role postgres.*help: give it to the owner/s, 'are told of, too');
    sql($db, 'ALTER STATISTICS app.visits_both OWNER TO keeper');
    comes_back($db, $kept, 'with that right', 'keeper');
};

subtest 'an owner who is no superuser' => sub {
    my $db = world('owned', sub {
        sql($_[0], "CREATE ROLE owner LOGIN; GRANT CREATE ON DATABASE \"$_[0]\" TO owner");
        sql($_[0], "SET ROLE owner; $shop");
        sql($_[0], <<'SQL');
SET ROLE owner;
GRANT SELECT, INSERT ON app.visits TO clerk WITH GRANT OPTION;
GRANT UPDATE (page) ON app.visits TO PUBLIC;
GRANT USAGE ON SEQUENCE app.visits_no_seq TO clerk;
CREATE TYPE app.mood AS ENUM ('ok');
REVOKE USAGE ON TYPE app.mood FROM PUBLIC;
CREATE TABLE app.rows (id bigint PRIMARY KEY, note text);
INSERT INTO app.rows VALUES (1, 'a');
CREATE INDEX rows_note ON app.rows (note);
CREATE VIEW app.v AS SELECT id FROM app.rows;
GRANT SELECT ON app.v TO clerk;
SQL
    });
    sql($db, "GRANT CREATE ON DATABASE \"$db\" TO owner");
    comes_back($db, drops('by_owner', map { "${_}, loses = 'x' }" } 'drop_table_if_exists { table = "app.visits", archive = "1 day"', 'drop_type_if_exists { type = "app.mood"',
          'drop_view_if_exists { view = "app.v"', 'drop_index_if_exists { index = "app.rows_note"', 'drop_constraint_if_exists { table = "app.rows", constraint = "rows_pkey"'),
        'all of it', 'owner');
    is(sql($db, q{SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname = 'app'}), 'owner', 'and it is still theirs');
};

done_testing();
