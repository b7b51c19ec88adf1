# quarantine: rows set aside with those that would go with them, and put back byte for byte, whatever kind of table they
# come from, whatever ON DELETE does, and whatever an application does meanwhile.
use strict;
use warnings;

use Interlock::Crash;
use Interlock::Test;
use Test::More;

# All rows of all tables, as COPY writes them.
sub copies
{
    my ($db, @but) = @_;
    my %but = map { $_ => 1 } @but;
    my $text = '';
    for my $table (split /\n/, sql($db, q{SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'interlock') AND n.nspname !~ '^pg_' ORDER BY 1}))
    {
        $text .= join "\n", "-- $table", (sort split /\n/, sql($db, "COPY (SELECT * FROM $table) TO STDOUT")), '' if !$but{$table};
    }
    return $text;
}

sub moves
{
    my ($name, @steps) = @_;
    my $steps = join ",\n    ", map { /^\w+ \{/ ? $_ : "quarantine { reason = \"$name\", $_ }" } @steps;
    return plan_file($name, qq{plan "$name" {\n  title = "Sets rows aside",\n  phase "keep" {\n    $steps,\n  },\n}\n});
}

# What this leaves in the registry of what a step keeps.
sub kept
{
    my ($db) = @_;
    return sql($db, q{SELECT string_agg(n, ' ' ORDER BY n) FROM (SELECT relname::text FROM pg_class WHERE relnamespace = 'interlock'::regnamespace AND relkind IN ('r', 'v')
        UNION SELECT proname FROM pg_proc WHERE pronamespace = 'interlock'::regnamespace) x(n) WHERE n ~ '^(quarantine|archive)_'});
}

# Runs, looks, undoes: everything is what it was.
sub there_and_back
{
    my ($db, $plan, $what, $look) = @_;
    my ($schema, $rows) = (schema_dump($db), copies($db));
    runs_ok([ 'run', $plan ], "$what: run", { db => $db });
    isnt(copies($db), $rows, "$what: rows have gone");
    $look->() if $look;
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], "$what: undo", { db => $db });
    is(copies($db), $rows, "$what: every row is what it was");
    is(schema_dump($db), $schema, "$what: so is the schema");
    is(kept($db), '', "$what: nothing is left behind");
    return;
}

my $odd = <<'SQL';
CREATE SCHEMA "Odd Shop";
CREATE TYPE "Odd Shop"."Mood" AS ENUM ('so-so', 'It''s "fine"');
CREATE DOMAIN "Odd Shop".price AS numeric(12, 4) CHECK (VALUE > -1000);
CREATE TYPE "Odd Shop".pair AS (a integer, b text);
CREATE TABLE "Odd Shop"."Order Items" (
  gone integer, "Id" integer GENERATED ALWAYS AS IDENTITY, "no%s" text, mood "Odd Shop"."Mood", price "Odd Shop".price, "Twice" numeric GENERATED ALWAYS AS (price * 2) STORED,
  tags text[], grid integer[][], j json, jb jsonb, raw bytea, f float8, r real, ts timestamptz, i interval, c char(7), vc varchar(20) COLLATE "C", spot point, box box, p "Odd Shop".pair,
  ps "Odd Shop".pair[], span int4range, net inet, m money, x xml, bits bit varying(9), id uuid, big text, "where" text, t "char",
  PRIMARY KEY ("no%s", "Id"));
ALTER TABLE "Odd Shop"."Order Items" DROP COLUMN gone;
INSERT INTO "Odd Shop"."Order Items" ("no%s", mood, price, tags, grid, j, jb, raw, f, r, ts, i, c, vc, spot, box, p, ps, span, net, m, x, bits, id, big, "where", t)
  SELECT 'n' || n, (ARRAY['so-so', 'It''s "fine"'])[1 + n % 2]::"Odd Shop"."Mood", n / 7.0, ARRAY['a', NULL, 'b "c" ' || n, ''], ARRAY[[1, n], [n, 2]], '{"a":  1, "a": 2}', '{"b": [1, 2.50]}',
    '\x00ff5c', CASE n % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN '-0' WHEN 2 THEN 1e-307 WHEN 3 THEN '-Infinity' ELSE random() END, 1.0 / n, CASE n % 3 WHEN 0 THEN 'infinity' WHEN 1 THEN '0044-03-15 BC' ELSE clock_timestamp() END,
    '1 mon -3 days 00:00:01.5', 'ab ', 'ÄÖ' || E'\t\\' || n, point(n, 1.0 / 3), box(point(0, 0), point(n, 1)), ROW(n, NULL)::"Odd Shop".pair, ARRAY[ROW(1, 'x,"y')::"Odd Shop".pair], int4range(1, n + 2), '10.0.0.1/8', n::money,
    '<a>&amp;</a>', B'101', gen_random_uuid(), CASE WHEN n = 1 THEN repeat(md5(n::text), 40000) END, NULL, 'q' FROM generate_series(1, 20) n;
CREATE TABLE "Odd Shop".bare (a integer, b text);
INSERT INTO "Odd Shop".bare SELECT n % 3, CASE WHEN n % 2 = 0 THEN 'same' END FROM generate_series(1, 30) n;
CREATE UNLOGGED TABLE "Odd Shop".quick (id integer PRIMARY KEY);
INSERT INTO "Odd Shop".quick SELECT generate_series(1, 9);
SQL

subtest 'rows of every kind' => sub {
    my $db = world('odd', $odd);
    my @all = (
        q{table = '"Odd Shop"."Order Items"', into = "items_kept", where = [[ "Order Items"."Id" % 2 = 0 OR "no%s" = 'n1' -- and that
          ]]},
        q{table = '"Odd Shop".bare', where = "a = 1 AND b = 'same'"}, q{table = '"Odd Shop".quick', where = "true"});
    my $plan = moves('odd', q{quarantine_table { like = '"Odd Shop"."Order Items"', into = "items_kept" }}, @all);
    runs_ok([ 'check', $plan, '--strict' ], 'check', { db => $db });
    my $items = q{COPY (SELECT * FROM "Odd Shop"."Order Items" WHERE "Id" % 2 = 0 OR "Id" = 1 ORDER BY "Id") TO STDOUT};
    my $before = sql($db, $items);
    there_and_back($db, $plan, 'odd', sub {
        is(sql($db, 'SELECT count(*) FROM "Odd Shop"."Order Items"'), 9, 'those that are meant');
        my $columns = sql($db, q{SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '"Odd Shop"."Order Items"'::regclass AND attnum > 0 AND NOT attisdropped});
        is(sql($db, qq{COPY (SELECT $columns FROM public.items_kept ORDER BY "Id") TO STDOUT}), $before, 'are kept as they were');
        is(sql($db, q{SELECT DISTINCT concat_ws(' ', quarantine_plan, quarantine_reason, quarantine_at > now() - interval '1 hour', quarantine_step) FROM public.items_kept}), 'odd odd t 2', 'with plan, reason and time');
        is(sql($db, 'SELECT count(*) FROM interlock.quarantine_1_3'), 5, 'those that nothing tells apart in the registry');
    });
};

my $shop = <<'SQL';
CREATE TABLE customers (id integer PRIMARY KEY, email text UNIQUE, best integer);
CREATE TABLE orders (id bigint PRIMARY KEY, customer integer REFERENCES customers ON DELETE CASCADE, code text UNIQUE);
CREATE TABLE items (order_id bigint REFERENCES orders ON DELETE CASCADE, no integer, name text, PRIMARY KEY (order_id, no));
CREATE TABLE notes (id serial PRIMARY KEY, order_id bigint, no integer, body text, FOREIGN KEY (order_id, no) REFERENCES items ON DELETE CASCADE);
CREATE TABLE visits (id integer PRIMARY KEY, customer integer REFERENCES customers ON DELETE SET NULL, order_id bigint DEFAULT 0 REFERENCES orders ON DELETE SET DEFAULT);
CREATE TABLE bills (id integer PRIMARY KEY, order_id bigint REFERENCES orders ON DELETE RESTRICT, other bigint REFERENCES orders);
CREATE TABLE scraps (order_id bigint REFERENCES orders ON DELETE SET NULL);
ALTER TABLE customers ADD FOREIGN KEY (best) REFERENCES customers ON DELETE SET NULL;
INSERT INTO customers SELECT n, 'c' || n, NULL FROM generate_series(1, 40) n;
UPDATE customers SET best = 1 + id % 40;
INSERT INTO orders VALUES (0, NULL, 'none');
INSERT INTO orders SELECT n, 1 + n % 40, 'o' || n FROM generate_series(1, 100) n;
INSERT INTO items SELECT 1 + n % 100, n, 'i' || n FROM generate_series(1, 200) n;
INSERT INTO notes (order_id, no, body) SELECT order_id, no, 'n' || no FROM items WHERE no % 3 = 0;
INSERT INTO visits SELECT n, 1 + n % 40, 1 + n % 100 FROM generate_series(1, 120) n;
SQL

subtest 'what ON DELETE does' => sub {
    my $db = world('shop', $shop);
    my $plan = moves('deletes', q{table = "customers", where = "id % 4 = 0", at_most = 200});
    there_and_back($db, $plan, 'three levels', sub {
        is(sql($db, q{SELECT string_agg(format('%s %s', source, n), ', ' ORDER BY source) FROM (SELECT source, count(*) AS n FROM interlock.archive_1_1 GROUP BY 1) x}),
            'public.customers 10, public.items 50, public.notes 17, public.orders 25', 'each with its children');
        is(sql($db, 'SELECT count(*) FROM visits WHERE customer IS NULL'), 30, 'SET NULL is done');
        is(sql($db, 'SELECT count(*) > 10 FROM visits WHERE order_id = 0'), 't', 'and SET DEFAULT');
        is(sql($db, 'SELECT count(*) FROM customers WHERE best IS NULL'), 10, 'in the table itself too');
    });
    sql($db, 'INSERT INTO bills VALUES (1, 3, NULL), (2, NULL, 7), (3, NULL, 7)');
    my $rows = copies($db);
    my $run = exits(3, [ 'run', $plan ], qr/these rows can't be moved aside/, 'children that forbid it', { db => $db });
    like($run->{err}, qr/rows = 1, table = public\.bills, why = refer to them by bills_order_id_fkey, ON DELETE RESTRICT/, 'are named');
    like($run->{err}, qr/rows = 2, table = public\.bills, why = refer to them by bills_other_fkey, ON DELETE NO ACTION/, 'all of them');
    is(copies($db), $rows, 'nothing is moved');
    is(kept($db), '', 'nothing is left behind');
    sql($db, 'DELETE FROM bills; INSERT INTO scraps VALUES (3)');
    exits(3, [ 'run', $plan ], qr/rows = 1, table = public\.scraps, why = no key to find them by, for undo/, 'children that could not be found again', { db => $db });
    sql($db, 'DELETE FROM scraps');
    runs_ok([ 'run', $plan ], 'without them it goes', { db => $db });
};

subtest 'children of the children that stay' => sub {
    my $db = world('shop', $shop);
    sql($db, 'ALTER TABLE visits ADD CONSTRAINT twice FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE SET NULL');
    my $plan = moves('stays', q{table = "customers", where = "id % 4 = 0"});
    my $rows = copies($db);
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, 'UPDATE visits SET customer = 1 WHERE id = 3; DELETE FROM visits WHERE id = 7');
    $rows =~ s/^3\t4\t4$/3\t1\t4/m;
    $rows =~ s/^7\t8\t8\n//m;
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(copies($db), $rows, 'a key that was written since is kept, the others are what they were');
};

subtest 'only a part of the key is set' => sub {
    plan skip_all => 'before PostgreSQL 15 all of it is' if sql('postgres', 'SHOW server_version_num') < 150000;
    my $db = world('seats', <<'SQL');
CREATE TABLE tables (shop integer, no integer, PRIMARY KEY (shop, no));
CREATE TABLE seats (id integer PRIMARY KEY, shop integer NOT NULL, no integer, row integer, FOREIGN KEY (shop, no) REFERENCES tables ON DELETE SET NULL (no),
  FOREIGN KEY (shop, row) REFERENCES tables ON DELETE SET NULL (row));
INSERT INTO tables SELECT n % 3, n FROM generate_series(1, 9) n;
INSERT INTO seats SELECT n, n % 3, n, 1 + (n + 2) % 9 FROM generate_series(1, 9) n;
SQL
    there_and_back($db, moves('seats', q{table = "tables", where = "no IN (3, 4, 6)", at_most = 3}), 'part', sub {
        is(sql($db, 'SELECT count(no), count(row), count(shop) FROM seats'), '6|6|9', 'by the column list of SET NULL');
    });
    runs_ok([ 'run', moves('none', q{table = "tables", where = "false"}) ], 'no rows', { db => $db });
    is(kept($db), '', 'leave nothing behind');
};

subtest 'circles' => sub {
    my $db = world('circles', <<'SQL');
CREATE TABLE parts (id integer PRIMARY KEY, above integer REFERENCES parts ON DELETE CASCADE, twin integer REFERENCES parts DEFERRABLE INITIALLY DEFERRED);
INSERT INTO parts SELECT n, NULLIF(n / 2, 0), CASE WHEN n BETWEEN 8 AND 15 THEN n + 1 - 2 * (n % 2) END FROM generate_series(1, 31) n;
CREATE TABLE hens (id integer PRIMARY KEY, egg integer);
CREATE TABLE eggs (id integer PRIMARY KEY, hen integer REFERENCES hens ON DELETE CASCADE);
INSERT INTO hens SELECT n, n FROM generate_series(1, 12) n;
INSERT INTO eggs SELECT n, 1 + n % 12 FROM generate_series(1, 12) n;
ALTER TABLE hens ADD FOREIGN KEY (egg) REFERENCES eggs ON DELETE CASCADE;
INSERT INTO hens VALUES (20, 1);
CREATE TABLE loners (id integer PRIMARY KEY, me integer REFERENCES loners);
INSERT INTO loners SELECT n, n FROM generate_series(1, 5) n;
SQL
    there_and_back($db, moves('circles', q{table = "parts", where = "id = 4"}, q{table = "hens", where = "id = 3"}, q{table = "loners", where = "id < 4"}), 'circles', sub {
        is(sql($db, 'SELECT string_agg(id::text, \' \' ORDER BY id) FROM parts'), '1 2 3 5 6 7 10 11 12 13 14 15 20 21 22 23 24 25 26 27 28 29 30 31', 'a tree below');
        is(sql($db, '(SELECT count(*) FROM hens) UNION ALL SELECT count(*) FROM eggs'), "0\n0", 'all round');
    });
    exits(3, [ 'run', moves('halves', q{table = "loners", where = "id = 1"}, q{table = "parts", where = "id = 15"}, q{table = "parts", where = "id = 14"}) ],
        qr/rows = 1, table = public\.parts, why = refer to them by parts_twin_fkey/, 'a deferred key forbids it too', { db => $db });
};

my $parted = <<'SQL';
CREATE TABLE days (day date, no integer, load jsonb, PRIMARY KEY (day, no)) PARTITION BY RANGE (day);
CREATE TABLE days_20 PARTITION OF days FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE days_21 (no integer NOT NULL, load jsonb, junk text, day date NOT NULL);
ALTER TABLE days_21 DROP COLUMN junk;
ALTER TABLE days ATTACH PARTITION days_21 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
INSERT INTO days SELECT '2020-12-01'::date + n, n % 3, jsonb_build_object('n', n) FROM generate_series(1, 60) n;
CREATE TABLE shifts (id integer, day date, no integer, who text, PRIMARY KEY (id, who), FOREIGN KEY (day, no) REFERENCES days ON DELETE CASCADE) PARTITION BY LIST (who);
CREATE TABLE shifts_a PARTITION OF shifts FOR VALUES IN ('a');
CREATE TABLE shifts_b PARTITION OF shifts FOR VALUES IN ('b');
INSERT INTO shifts SELECT n, '2020-12-01'::date + n, n % 3, (ARRAY['a', 'b'])[1 + n % 2] FROM generate_series(1, 60) n;
CREATE TABLE marks (id integer PRIMARY KEY, day date, no integer, FOREIGN KEY (day, no) REFERENCES days_21 (day, no) ON DELETE SET NULL);
INSERT INTO marks SELECT n, '2020-12-01'::date + n, n % 3 FROM generate_series(31, 60) n;
CREATE TABLE ticks (id integer PRIMARY KEY, shift integer, who text, FOREIGN KEY (shift, who) REFERENCES shifts_a (id, who) ON DELETE CASCADE);
INSERT INTO ticks SELECT n, n, 'a' FROM generate_series(2, 60, 2) n;
SQL

subtest 'partitions' => sub {
    my $db = world('parted', $parted);
    there_and_back($db, moves('parted', q{table = "days", where = "no = 1"}), 'partitioned', sub {
        is(sql($db, q{SELECT string_agg(format('%s %s', source, n), ', ' ORDER BY source) FROM (SELECT source, count(*) AS n FROM interlock.archive_1_1 GROUP BY 1) x}),
            'public.days 20, public.shifts 20, public.ticks 10', 'rows of each partition, and of partitions of children');
        is(sql($db, 'SELECT count(*) FROM marks WHERE day IS NULL'), 10, 'and keys to a single partition');
    });
    $db = world('parted', $parted);
    there_and_back($db, moves('leaf', q{quarantine_table { like = "days_21", into = "kept" }}, q{table = "days_21", into = "kept", where = "day > '2021-01-10'"}), 'a partition alone');
};

subtest 'orphans, and the foreign key that they were in the way of' => sub {
    my $db = world('orphans', <<'SQL');
CREATE TABLE users (id text PRIMARY KEY);
CREATE TABLE briefs (id integer PRIMARY KEY, user_id text, body jsonb);
CREATE TABLE scenes (id integer PRIMARY KEY, brief integer REFERENCES briefs ON DELETE CASCADE);
INSERT INTO users SELECT 'user_' || n FROM generate_series(1, 20) n;
INSERT INTO briefs SELECT n, 'user_' || n, '{}' FROM generate_series(1, 50) n;
INSERT INTO scenes SELECT n, n FROM generate_series(1, 50) n;
SQL
    my $rows = copies($db);
    my $plan = moves('orphans', q{table = "briefs", at_most = 60, where = "NOT EXISTS (SELECT FROM users u WHERE u.id = briefs.user_id)"},
        q{expect_no_orphans { table = "briefs", column = "user_id", references = "users" }}, q{add_foreign_key { table = "briefs", column = "user_id", references = "users" }});
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    is(sql($db, 'SELECT count(*) FROM briefs UNION ALL SELECT count(*) FROM scenes'), "20\n20", 'they are gone, with what hung on them');
    my $restore = runs_ok([ 'restore', $plan, '--yes' ], 'restore, with the key there', { db => $db });
    like($restore->{out}, qr/restored 0 rows/, 'puts none back');
    is(sql($db, 'SELECT DISTINCT source, note FROM interlock.archive_1_1 ORDER BY 1'), <<'TEXT' =~ s/\n$//r, 'with the reason');
public.briefs|it refers to a row of public.users that is not there
public.scenes|it refers to a row of public.briefs that is not there
TEXT
    sql($db, q{INSERT INTO users VALUES ('user_30')});
    like(runs_ok([ 'restore', $plan, '1', '--yes' ], 'restore again', { db => $db })->{out}, qr/restored 2 rows/, 'what has a parent by now goes back with its own');
    like(interlock('uninstall', '--yes', { db => $db })->{err}, qr/interlock\.quarantine_1_1/, 'uninstall names what would be lost');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo takes the key away first', { db => $db });
    sql($db, q{DELETE FROM users WHERE id = 'user_30'});
    is(copies($db), $rows, 'and then puts all of them back');
};

subtest 'tables that it leaves alone' => sub {
    my $db = world('others', <<'SQL');
CREATE TABLE base (id integer);
CREATE TABLE heir (more text) INHERITS (base);
CREATE TABLE far (id integer) PARTITION BY LIST (id);
CREATE FOREIGN DATA WRAPPER away;
CREATE SERVER away FOREIGN DATA WRAPPER away;
CREATE FOREIGN TABLE far_1 PARTITION OF far FOR VALUES IN (1) SERVER away;
CREATE TABLE kept (quarantine_id integer PRIMARY KEY);
CREATE TABLE mine2 (id integer PRIMARY KEY);
CREATE TABLE mine (id integer PRIMARY KEY, quarantine_at integer REFERENCES mine2 ON DELETE CASCADE);
SQL
    for (['base', qr/public\.heir inherits from public\.base/], ['far', qr/partition public\.far_1 of public\.far is a foreign table/], ['kept', qr/column quarantine_id of public\.kept/], ['mine2', qr/column quarantine_at of public\.mine/])
    {
        my ($table, $found) = @$_;
        my $check = interlock('check', moves("no_$table", qq{table = "$table", where = "true"}), { db => $db });
        is($check->{exit}, 4, "$table: check refuses");
        like($check->{out}, qr/found: +$found/, "$table: and says why");
    }
    runs_ok([ 'run', moves('heir', q{table = "heir", where = "true"}) ], 'the heir itself goes', { db => $db });
};

subtest 'at most' => sub {
    my $db = world('shop', $shop);
    my $rows = copies($db);
    my $where = 'table = "customers", where = "id % 4 = 0"';
    my $run = exits(3, [ 'run', moves('many', "$where, at_most = 101") ], qr/rows = 10, table = public\.customers, why = at_most is 101/, 'more than at_most', { db => $db });
    like($run->{err}, qr/rows = 50, table = public\.items, why = at_most is 101/, 'it says how many of each table');
    is(copies($db), $rows, 'nothing is moved');
    is(kept($db), '', 'nothing is left behind');
    runs_ok([ 'undo', moves('many', "$where, at_most = 101"), '--yes' ], 'the run is given up', { db => $db });
    runs_ok([ 'run', moves('enough', "$where, at_most = 102") ], 'as many are moved', { db => $db });
};

my $triggers = <<'SQL';
CREATE TABLE log (what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO log VALUES (TG_OP || ' ' || TG_TABLE_NAME); RETURN coalesce(NEW, OLD); END$$;
CREATE TRIGGER audit AFTER INSERT OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER touch BEFORE UPDATE OF customer ON visits FOR EACH ROW EXECUTE FUNCTION note();
SQL

subtest 'triggers' => sub {
    my $db = world('triggers', "$shop$triggers");
    my $where = 'table = "customers", where = "id = 4"';
    my $rows = copies($db);
    for my $trigger ('audit of public.orders', 'touch of public.visits')
    {
        my $check = interlock('check', moves('untold', $where), { db => $db });
        is($check->{exit}, 4, 'triggers must be given');
        like($check->{out}, qr/trigger \Q$trigger\E would fire/, "for $trigger");
        sql($db, 'ALTER TABLE orders DISABLE TRIGGER audit');
    }
    sql($db, 'ALTER TABLE visits DISABLE TRIGGER touch');
    runs_ok([ 'check', moves('untold', $where) ], 'those that are off do not fire', { db => $db });
    sql($db, 'ALTER TABLE visits ENABLE TRIGGER touch; ALTER TABLE orders ENABLE TRIGGER audit');

    my $plan = moves('fires', "$where, triggers = \"fire\"");
    runs_ok([ 'run', $plan ], 'fire', { db => $db });
    is(sql($db, 'SELECT what, count(*) FROM log GROUP BY 1 ORDER BY 1'), "DELETE orders|3\nUPDATE visits|3", 'they fire');
    runs_ok([ 'undo', $plan, '--yes' ], 'and back', { db => $db });
    is(sql($db, 'SELECT what, count(*) FROM log GROUP BY 1 ORDER BY 1'), "DELETE orders|3\nINSERT orders|3\nUPDATE visits|6", 'they fire too');
    sql($db, 'TRUNCATE log');
    is(copies($db), $rows, 'the rows are what they were');

    there_and_back($db, moves('skips', "$where, triggers = \"skip\""), 'skip', sub {
        is(sql($db, 'SELECT count(*) FROM log'), 0, 'none has fired');
        is(sql($db, 'SELECT count(*) FROM visits WHERE customer IS NULL'), 3, 'SET NULL is done all the same');
        is(sql($db, 'SELECT count(*) > 1 FROM visits WHERE order_id = 0'), 't', 'and SET DEFAULT');
    });
    is(sql($db, 'SELECT count(*) FROM log'), 0, 'none has fired on the way back');

    sql($db, 'DELETE FROM visits WHERE order_id = 0; DELETE FROM orders WHERE id = 0');
    my $here = copies($db);
    exits(3, [ 'run', moves('nowhere', "$where, triggers = \"skip\"") ], qr/SET DEFAULT, refers to no row/, 'a default that refers to nothing', { db => $db });
    is(copies($db), $here, 'is not set');

    sql($db, q{CREATE ROLE clerk LOGIN; GRANT ALL ON SCHEMA public TO clerk; GRANT ALL ON ALL TABLES IN SCHEMA public TO clerk});
    sql($db, qq{GRANT CREATE ON DATABASE "$db" TO clerk});
    my $other = world('triggers', "$shop$triggers");
    sql($other, qq{GRANT CREATE ON DATABASE "$other" TO clerk; GRANT ALL ON ALL TABLES IN SCHEMA public TO clerk; GRANT ALL ON SCHEMA public TO clerk});
    exits(3, [ 'run', moves('clerk', "$where, triggers = \"skip\"") ], qr/permission denied to set parameter "session_replication_role"/, 'without the right to skip', { db => $other, env => { PGUSER => 'clerk' } });
    is(copies($other), $rows, 'nothing is moved');
};

subtest 'triggers that will not have it' => sub {
    my $db = world('shop', $shop);
    sql($db, q{CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN CASE WHEN OLD.no = 3 THEN NULL ELSE OLD END; END$$;
        CREATE TRIGGER keep BEFORE DELETE ON items FOR EACH ROW EXECUTE FUNCTION keep()});
    my $rows = copies($db);
    exits(3, [ 'run', moves('kept', q{table = "orders", where = "id = 4", triggers = "fire"}) ], qr/1 of \d+ rows did not leave: a trigger or a rule kept them/, 'a row that a trigger keeps', { db => $db });
    is(copies($db), $rows, 'nothing is moved');
    $db = world('shop', $shop);
    my $plan = moves('changed', q{table = "items", where = "order_id = 4"});
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, q{CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.name := upper(NEW.name); RETURN NEW; END$$;
        CREATE TRIGGER shout BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION shout()});
    my $here = copies($db);
    exits(3, [ 'undo', $plan, '--yes' ], qr/2 rows of public\.items were not what they had been once they were back/, 'rows that a trigger changes on the way back', { db => $db });
    is(copies($db), $here, 'are not put back');
    sql($db, 'DROP TRIGGER shout ON items');
    runs_ok([ 'undo', $plan, '--yes' ], 'without it they are', { db => $db });
};

subtest 'keys that are there again' => sub {
    my $db = world('shop', $shop);
    my $rows = copies($db);
    my $plan = moves('again', q{table = "orders", where = "id IN (8, 9, 10)"});
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, q{INSERT INTO orders VALUES (9, 1, 'mine'); INSERT INTO orders VALUES (200, 1, 'o10')});
    my $here = copies($db);
    exits(3, [ 'undo', $plan, '--yes' ], qr/their keys are there again.*rows = 1, table = public\.orders, why = id = 9$/ms, 'undo refuses', { db => $db });
    is(copies($db), $here, 'and overwrites nothing');
    my $restore = runs_ok([ 'restore', $plan, '--yes' ], 'restore', { db => $db });
    like($restore->{out}, qr/restored 3 rows/, 'puts back what it can');
    like($restore->{out}, qr/left in the archive: 8/, 'and counts what it cannot');
    is(sql($db, q{SELECT source, note, count(*) FROM interlock.archive_1_1 GROUP BY 1, 2 ORDER BY 1, 2}), <<'TEXT' =~ s/\n$//r, 'with the reason');
public.items|it refers to a row of public.orders that is not there|4
public.notes|it refers to a row of public.items that is not there|2
public.orders|a row with its key is there again, see orders_code_key|1
public.orders|a row with its key is there again, see orders_pkey|1
TEXT
    is(sql($db, q{SELECT count(*) FROM items WHERE order_id = 9}), 0, 'no child goes to another parent');
    exits(3, [ 'undo', $plan, '--yes' ], qr/there again/, 'undo still refuses', { db => $db });
    sql($db, q{DELETE FROM orders WHERE id = 9});
    exits(3, [ 'undo', $plan, '--yes' ], qr/rows can't be put back.*1 of public\.orders: a row with its key is there again, see orders_code_key/s, 'for the other key too', { db => $db });
    sql($db, q{DELETE FROM orders WHERE id = 200});
    runs_ok([ 'undo', $plan, '--yes' ], 'and when there is room all come back', { db => $db });
    is(copies($db), $rows, 'as they were');
    is(kept($db), '', 'nothing is left behind');
};

subtest 'columns that come and go' => sub {
    my $db = world('shop', $shop);
    runs_ok([ 'run', moves('kept', q{quarantine_table { like = "orders", into = "orders_kept" }}) ], 'a quarantine', { db => $db });
    sql($db, q{ALTER TABLE orders ADD COLUMN "Late" jsonb DEFAULT '{"a": 1}', ADD COLUMN half numeric(10, 2), DROP COLUMN code});
    my $rows = copies($db, 'public.orders_kept');
    my $plan = moves('late', q{table = "orders", into = "orders_kept", where = "id IN (8, 9)"});
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    is(sql($db, 'SELECT id, customer, "Late" FROM orders_kept ORDER BY id'), qq{8|9|{"a": 1}\n9|10|{"a": 1}}, 'columns that came since are kept too');
    sql($db, q{ALTER TABLE orders ADD COLUMN later text NOT NULL DEFAULT 'x', ALTER half TYPE numeric(12, 2)});
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(sql($db, q{SELECT string_agg(later, '') FROM orders WHERE id IN (8, 9)}), 'xx', 'a column that came meanwhile has its default');
    sql($db, 'ALTER TABLE orders DROP COLUMN later');
    is(copies($db, 'public.orders_kept'), $rows, 'the others are what they were');

    exits(4, [ 'run', moves('wide', q{table = "orders", into = "orders_kept", where = "true"}) ], qr/found: +column half of public\.orders_kept is numeric\(10,2\)/, 'a type that changed', { db => $db });
    sql($db, 'ALTER TABLE orders_kept ALTER half TYPE numeric(12, 2)');
    my $lost = moves('lost', q{table = "orders", into = "orders_kept", where = "id IN (8, 9)"});
    runs_ok([ 'run', $lost ], 'run', { db => $db });
    sql($db, 'ALTER TABLE orders DROP COLUMN "Late"');
    exits(3, [ 'undo', $lost, '--yes' ], qr/2 of public\.orders: there is no column "Late"/, 'values that have no column any more', { db => $db });
    sql($db, 'UPDATE orders_kept SET "Late" = NULL');
    runs_ok([ 'undo', $lost, '--yes' ], 'when they are given up it goes', { db => $db });
    is(sql($db, 'SELECT count(*) FROM orders_kept'), 0, 'and the quarantine is empty');
};

subtest 'batches, and rows deleted from the quarantine by hand' => sub {
    my $db = world('batches', <<'SQL');
CREATE TABLE pages (id integer PRIMARY KEY, next integer REFERENCES pages ON DELETE SET NULL, body text);
INSERT INTO pages SELECT n, CASE WHEN n < 12000 THEN n + 1 END, md5(n::text) FROM generate_series(1, 12000) n;
CREATE INDEX ON pages (next);
SQL
    my $plan = moves('pages', q{table = "pages", where = "id % 12 <> 0"});
    there_and_back($db, $plan, 'three batches', sub {
        is(sql($db, 'SELECT count(*), count(next) FROM pages'), '1000|0', 'all but those that stay');
        is(sql($db, 'SELECT string_agg(DISTINCT quarantine_batch::text, \' \') FROM interlock.quarantine_1_1'), '1 2 3', 'each in a transaction');
    });
    runs_ok([ 'run', $plan ], 'run again', { db => $db });
    my $store = sql($db, q{SELECT 'interlock.' || relname FROM pg_class WHERE relname ~ '^quarantine_\d+_1$'});
    sql($db, "DELETE FROM $store WHERE id > 5; UPDATE $store SET next = NULL WHERE id = 5");
    my $restore = runs_ok([ 'restore', $plan, '--yes' ], 'restore', { db => $db });
    like($restore->{out}, qr/^restored 5 rows$/m, 'what is still there comes back');
    is(sql($db, 'SELECT string_agg(next::text, \' \' ORDER BY id) FROM pages WHERE id < 10'), '2 3 4 5', 'with the keys that still lead somewhere');
    is(kept($db), '', 'nothing is left behind');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo has nothing left to do', { db => $db });
};

subtest 'an application meanwhile' => sub {
    my $db = world('meanwhile', <<'SQL');
CREATE TABLE parents (id serial PRIMARY KEY, bad boolean NOT NULL, body text);
CREATE TABLE children (id serial PRIMARY KEY, parent integer NOT NULL REFERENCES parents ON DELETE CASCADE);
CREATE INDEX ON children (parent);
CREATE TABLE fans (id serial PRIMARY KEY, parent integer REFERENCES parents ON DELETE SET NULL);
CREATE INDEX ON fans (parent);
CREATE TABLE born (id integer, parent integer);
CREATE TABLE died (id integer, parent integer);
CREATE FUNCTION bear(p integer) RETURNS void LANGUAGE plpgsql AS $$BEGIN
  WITH c AS (INSERT INTO children (parent) VALUES (p) RETURNING id, parent) INSERT INTO born SELECT * FROM c;
  EXCEPTION WHEN foreign_key_violation THEN NULL; END$$;
CREATE FUNCTION part(p integer) RETURNS void LANGUAGE plpgsql AS $$BEGIN
  PERFORM FROM parents WHERE id = p FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  WITH c AS (DELETE FROM children WHERE parent = p RETURNING id, parent) INSERT INTO died SELECT * FROM c;
  DELETE FROM parents WHERE id = p;
  INSERT INTO died VALUES (NULL, p); END$$;
INSERT INTO parents (bad, body) SELECT n % 2 = 0, md5(n::text) FROM generate_series(1, 20000) n;
SELECT bear(n) FROM generate_series(1, 20000) n;
INSERT INTO fans (parent) SELECT n FROM generate_series(1, 20000, 7) n;
SQL
    my @apps = map { application($db, 'SELECT bear(1 + (random() * 19999)::integer)', 'SELECT bear(1 + (random() * 19999)::integer)', 'SELECT part(1 + (random() * 19999)::integer)') } 1 .. 2;
    my $plan = moves('bad', q{table = "parents", where = "bad"});
    my $run = runs_ok([ 'run', $plan ], 'run', { db => $db });
    my $whole = sub {
        my ($when) = @_;
        is(sql($db, 'SELECT count(*) FROM children c WHERE NOT EXISTS (SELECT FROM parents p WHERE p.id = c.parent)'), 0, "$when: no orphan");
        is(sql($db, 'SELECT count(*) FROM (SELECT id, parent FROM born EXCEPT ALL (SELECT id, parent FROM died WHERE id IS NOT NULL UNION ALL SELECT id, parent FROM children'
            . ($when eq 'run' ? ' UNION ALL SELECT id, parent FROM interlock.quarantine_1_1_1' : '') . ')) x'), 0, "$when: no child is lost");
        is(sql($db, 'SELECT count(*) FROM (SELECT generate_series(1, 20000) EXCEPT ALL (SELECT parent FROM died WHERE id IS NULL UNION ALL SELECT id FROM parents'
            . ($when eq 'run' ? ' UNION ALL SELECT id FROM interlock.quarantine_1_1' : '') . ')) x'), 0, "$when: no parent");
    };
    $_->stop for @apps;
    $whole->('run');
    is(sql($db, 'SELECT count(*) FROM parents WHERE bad'), 0, 'all bad ones are gone');
    cmp_ok(sql($db, 'SELECT count(*) FROM born') - 20000, '>', 20, 'the application went on');
    @apps = map { application($db, 'SELECT bear(1 + (random() * 19999)::integer)', 'SELECT part(1 + (random() * 19999)::integer)') } 1 .. 2;
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    $_->stop for @apps;
    $whole->('undo');
};

# Killed anywhere, and run or undone again: the same end.
my $case = crash_case({
    name => 'quarantine of two batches', world => 'crash_quarantine', plan => moves('crash',
        q{table = "heads", where = "id > 100", at_most = 20000}), setup => <<'SQL' });
CREATE TABLE heads (id integer PRIMARY KEY, above integer REFERENCES heads ON DELETE SET NULL);
INSERT INTO heads SELECT n, NULLIF(n - 1, 0) FROM generate_series(1, 5600) n;
CREATE INDEX ON heads (above);
CREATE TABLE hats (id integer PRIMARY KEY, head integer REFERENCES heads ON DELETE CASCADE);
INSERT INTO hats SELECT n, n FROM generate_series(1, 5600, 10) n;
CREATE INDEX ON hats (head);
SQL
try_points($ENV{SAN} ? { again => 3, 'server crashes' => 1, 'take over' => 1 } : { again => 12, 'server crashes' => 2, 'take over' => 4 }, crash_points($case)) if $case;

done_testing();
