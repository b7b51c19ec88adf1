# rename_swap_column: a column gives its name to another one with everything that goes by the name, while the releases
# write it; sync_columns goes on keeping both alike, undo gives everything back, and what can't be carried is named
# before anything is touched.
use strict;
use warnings;

use Interlock::Test;
use Test::More;

# One column with everything: index, unique, keys from it and to it, default, NOT NULL, CHECK, comment, grants, views on
# views, a trigger on it, statistics.
my $world = <<'SQL';
CREATE SCHEMA app;
CREATE TABLE app.products (id integer PRIMARY KEY);
INSERT INTO app.products SELECT n FROM generate_series(1, 20000) n;
CREATE TABLE app.orders (id bigint PRIMARY KEY, product integer NOT NULL DEFAULT 1, amount integer, note text,
  CONSTRAINT orders_product_key UNIQUE (product), CONSTRAINT known_product FOREIGN KEY (product) REFERENCES app.products ON DELETE RESTRICT,
  CONSTRAINT sane_product CHECK (product > 0));
CREATE INDEX by_product ON app.orders (product, amount) WHERE product > 5;
ALTER TABLE app.orders CLUSTER ON orders_product_key;
COMMENT ON COLUMN app.orders.product IS 'what was bought';
COMMENT ON CONSTRAINT known_product ON app.orders IS 'no order without a product';
ALTER TABLE app.orders ALTER product SET STATISTICS 250;
INSERT INTO app.orders (id, product, amount) SELECT n, n, n % 7 FROM generate_series(1, 200) n;
CREATE TABLE app.gifts (id integer PRIMARY KEY, product integer CONSTRAINT gift_of REFERENCES app.orders (product));
INSERT INTO app.gifts VALUES (1, 1), (2, NULL);
DO $$ BEGIN CREATE ROLE swap_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT USAGE ON SCHEMA app TO swap_reader;
GRANT SELECT (id, product), UPDATE (product) ON app.orders TO swap_reader;
CREATE VIEW app.bought WITH (security_barrier = true) AS SELECT id, product FROM app.orders WHERE product > 0;
CREATE VIEW app.bought_twice AS SELECT b.product, count(*) FROM app.bought b GROUP BY 1;
COMMENT ON VIEW app.bought IS 'what was bought';
GRANT SELECT ON app.bought TO swap_reader;
CREATE TABLE app.tally (who text);
CREATE TABLE app.seen (id bigint, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION app.saw() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO app.seen (id) VALUES (NEW.id); RETURN NULL; END $$;
CREATE TRIGGER saw AFTER UPDATE OF product ON app.orders FOR EACH ROW WHEN (OLD.product IS DISTINCT FROM NEW.product) EXECUTE FUNCTION app.saw();
ALTER TABLE app.orders ENABLE ALWAYS TRIGGER saw;
SQL

sub start { return world('swap_column', $world) }

my $swap = 'rename_swap_column { table = "app.orders", column = "product", with = "product_new", retire_as = "product_old" }';
my $expand = <<'LUA';
    add_column_if_missing { table = "app.orders", column = "product_new", type = "bigint" },
    sync_columns { table = "app.orders", forward = { product_new = "product" }, back = { product = "product_new" } },
LUA
my $prepare = <<'LUA';
  phase "fill" { backfill { table = "app.orders", set = { product_new = "product" } } },
  phase "constrain" {
    add_unique { table = "app.orders", columns = { "product_new" } },
    create_index_if_missing { table = "app.orders", columns = "product_new, amount", where = "product_new > 5" },
    add_check { table = "app.orders", name = "sane_new", check = "product_new > 0" },
    set_not_null { table = "app.orders", column = "product_new" },
  },
LUA

# A plan that goes all the way and stands at a gate before and after the switch.
sub whole
{
    my ($name) = @_;
    return plan_file($name, <<"LUA");
plan "$name" {
  title = "Products are counted in bigint",
  phase "expand" {
$expand  },
$prepare  gate "switch" { text = "both releases can live with it" },
  phase "switch" { $swap },
  gate "old is gone" { text = "nobody needs the old column" },
}
LUA
}

sub just { my ($name, $step) = @_; return plan_file($name, "plan \"$name\" { title = \"x\", phase \"switch\" { $step } }\n") }

sub opens
{
    my ($db, $name, $gate) = @_;
    runs_ok([ 'gate', 'pass', $name, $gate, '--evidence', 'seen' ], "gate $gate", { db => $db });
    return;
}

sub waits { my ($db, $plan, $what) = @_; return exits(5, [ 'run', $plan, '--yes' ], undef, $what, { db => $db }) }

# Each write is counted, too.  The new release falls back to the name that is left.
sub old_release { return q{WITH done AS (UPDATE app.orders SET product = product + 1 WHERE id = 10 RETURNING 1) INSERT INTO app.tally SELECT 'old' FROM done} }

sub new_release
{
    my $write = q{WITH done AS (UPDATE app.orders SET %1$s = %1$s + 1 WHERE id = 12 RETURNING 1) INSERT INTO app.tally SELECT 'new' FROM done};
    my ($new, $switched) = map { sprintf $write, $_ } qw(product_new product);
    return qq{DO \$\$ BEGIN $new; EXCEPTION WHEN undefined_column THEN $switched; END \$\$};
}

# What a row holds.
sub both
{
    my ($db, $id, $expected, $what, $columns) = @_;
    is(sql($db, "SELECT concat_ws(' ', $columns) FROM app.orders WHERE id = $id"), $expected, $what);
    return;
}

subtest 'everything goes along, and back' => sub {
    my $db   = start();
    my $plan = whole('everything');
    waits($db, $plan, 'run up to the gate');
    my $before = schema_dump($db);
    opens($db, 'everything', 'switch');

    sql($db, 'UPDATE app.orders SET product = 3000 WHERE id = 10; UPDATE app.orders SET product = 10000 WHERE id = 12');
    my $app = application($db, old_release(), new_release(), 'SELECT product FROM app.bought WHERE id = 10');
    waits($db, $plan, 'the switch');
    is(sql($db, 'SELECT count(*) FROM app.orders WHERE product <> product_old OR product IS NULL'), '0', 'both agree');
    my $after = schema_dump($db);
    SKIP:
    {
        skip 'no pg_dump for this server', 19 unless $after =~ /^CREATE TABLE/m;
        like($after, qr/product_old integer DEFAULT 1 NOT NULL/, 'the old column is kept, and so NOT NULL');
        like($after, qr/ product bigint DEFAULT 1 NOT NULL/,     'the new one has its default');
        like($after, qr/COLUMN app\.orders\.product IS 'what was bought'/, 'the comment');
        like($after, qr/ALTER COLUMN product SET STATISTICS 250/, 'the statistics target');
        like($after, qr/GRANT SELECT\(product\),UPDATE\(product\) ON TABLE app\.orders TO swap_reader/, 'the grants');
        like($after, qr/ADD CONSTRAINT orders_product_key UNIQUE \(product\)/, 'the name of the unique constraint');
        like($after, qr/ADD CONSTRAINT orders_product_key__old_\d+ UNIQUE \(product_old\)/, 'the other is put aside');
        like($after, qr/CREATE INDEX by_product ON app\.orders USING btree \(product, amount\) WHERE \(product > 5\)/, 'the index');
        like($after, qr/CLUSTER ON orders_product_key;/, 'by which the table is clustered');
        like($after, qr/CONSTRAINT sane_product CHECK \(\(product > 0\)\)/, 'the check');
        like($after, qr/ADD CONSTRAINT known_product FOREIGN KEY \(product\) REFERENCES app\.products\(id\) ON DELETE RESTRICT;/, 'the foreign key from it');
        like($after, qr/CONSTRAINT known_product ON app\.orders IS/, 'with its comment');
        like($after, qr/ADD CONSTRAINT gift_of FOREIGN KEY \(product\) REFERENCES app\.orders\(product\);/, 'the foreign key to it');
        unlike($after, qr/NOT VALID/, 'all of them valid');
        like($after, qr/CREATE VIEW app\.bought WITH \(security_barrier='true'\) AS/, 'with their options');
        like($after, qr/GRANT SELECT ON TABLE app\.bought TO swap_reader/, 'their grants');
        like($after, qr/COMMENT ON VIEW app\.bought IS/, 'their comments');
        like($after, qr/AFTER UPDATE OF product ON app\.orders .* WHEN \(\(old\.product IS DISTINCT FROM new\.product\)\)/, 'the trigger');
        like($after, qr/ENABLE ALWAYS TRIGGER saw/, 'fires as it did');
    }
    is(column_type($db, 'app.orders', 'product'), 'bigint', 'the type is the new one');
    is(sql($db, q{SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = 'app.bought_twice'::regclass AND attnum = 1}), 'bigint', 'views show the new one');

    my $columns = 'product, product_old';
    sql($db, 'UPDATE app.orders SET product = 1102 WHERE id = 2');
    both($db, 2, '1102 1102', 'what is written goes to the old column, too', $columns);
    sql($db, 'INSERT INTO app.orders (id, product) VALUES (301, 301)');
    both($db, 301, '301 301', 'what is inserted', $columns);
    ok(sql_fails($db, 'INSERT INTO app.orders (id, product) VALUES (302, NULL)'), 'NULL is refused as before');
    sql($db, 'UPDATE app.orders SET product = 1003 WHERE id = 3; UPDATE app.orders SET product = 1001 WHERE id = 3');
    is(sql($db, 'SELECT count(*) FROM app.seen WHERE id = 3'), '2', 'the trigger sees it');
    like(sql_fails($db, 'UPDATE app.orders SET product = 50000 WHERE id = 4'), qr/known_product/, 'the foreign key holds');
    like(sql_fails($db, 'DELETE FROM app.orders WHERE id = 1'), qr/gift_of/, 'the one to it, too');
    like(sql_fails($db, 'UPDATE app.orders SET product = 301 WHERE id = 5'), qr/orders_product_key/, 'the unique constraint');
    sql($db, 'SET ROLE swap_reader; UPDATE app.orders SET product = 1200 WHERE id = 200');
    both($db, 200, '1200 1200', 'who had rights on the column has them', $columns);

    runs_ok([ 'undo', 'everything', '--to', 'switch', '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $before, 'undo gives back exactly what there was');
    both($db, 2,   '1102 1102', 'with what was written since', 'product, product_new');
    both($db, 301, '301 301',   'and inserted',                'product, product_new');
    sql($db, 'UPDATE app.orders SET product = 1302 WHERE id = 2');
    both($db, 2, '1302 1302', 'the old column leads again', 'product, product_new');
    sql($db, 'UPDATE app.orders SET product_new = 1402 WHERE id = 2');
    both($db, 2, '1402 1402', 'the new one, too', 'product, product_new');

    waits($db, $plan, 'run again');
    is(schema_dump($db), $after, 'undo of undo is the switch again');
    sql($db, 'UPDATE app.orders SET product = 1502 WHERE id = 2');
    both($db, 2, '1502 1502', 'and both are kept alike', $columns);
    my $report = $app->stop;
    is_deeply($report->{failures}, [], 'no statement of the application failed');
    cmp_ok($report->{max_ms}, '<', 600, 'none waited longer than the lock wait and the hold') or diag($report->{slowest});
    cmp_ok($report->{count}, '>', 100, 'it wrote all the while');
    for my $who ([ old => 10, 3000 ], [ new => 12, 10000 ])
    {
        my ($name, $id, $first) = @$who;
        is(sql($db, "SELECT product - $first - (SELECT count(*) FROM app.tally WHERE who = '$name') FROM app.orders WHERE id = $id"), '0', "no write of the $name release is lost");
    }
    is(sql($db, 'SELECT count(*) FROM app.orders WHERE product <> product_old OR product IS NULL'), '0', 'both columns agree');

    opens($db, 'everything', 'old is gone');
    runs_ok([ 'run', 'everything', '--yes' ], 'the plan is done', { db => $db });
    is(sql($db, q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~interlock%'}), '0', 'its triggers are gone');
    is(sql($db, q{SELECT count(*) FROM pg_proc WHERE pronamespace = 'interlock'::regnamespace AND prorettype = 'trigger'::regtype}), '0', 'and their functions');
};

subtest 'another shape' => sub {
    my $db = world('swap_shape', <<'SQL');
CREATE TABLE "Order Items" ("Id" bigint PRIMARY KEY, "Total" numeric(10, 2), total_cents bigint, tax numeric GENERATED ALWAYS AS (1) STORED, CHECK ("Total" >= 0), CHECK (total_cents >= 0));
INSERT INTO "Order Items" VALUES (1, 1.5), (2, 2.5);
CREATE VIEW old_cents AS SELECT "Id", total_cents FROM "Order Items";
CREATE VIEW totals AS SELECT "Id", "Total" AS sum FROM "Order Items";
SQL
    my $plan = plan_file('shape', <<'LUA');
plan "shape" {
  title = "Totals in cents",
  phase "expand" {
    sync_columns { table = '"Order Items"', forward = { total_cents = [[round("Total" * 100 * tax)]] }, back = { ['"Total"'] = [["Order Items".total_cents / 100.0]] }, both = "error" },
  },
  phase "fill" { backfill { table = '"Order Items"', set = { total_cents = [[round("Total" * 100)]] } } },
  gate "switch" { text = "..." },
  phase "switch" { rename_swap_column { table = '"Order Items"', column = '"Total"', with = "total_cents", retire_as = '"Old Total"' } },
  gate "end" { text = "..." },
}
LUA
    waits($db, $plan, 'run up to the gate');
    my $before = schema_dump($db);
    opens($db, 'shape', 'switch');
    waits($db, $plan, 'the switch');
    my $row = sub { return sql($db, qq{SELECT concat_ws(' ', "Total", "Old Total") FROM "Order Items" WHERE "Id" = $_[0]}) };
    is($row->(1), '150 1.50', 'the name shows cents');
    sql($db, 'UPDATE "Order Items" SET "Total" = 199 WHERE "Id" = 1');
    is($row->(1), '199 1.99', 'written to the new column');
    sql($db, 'UPDATE "Order Items" SET "Old Total" = 3 WHERE "Id" = 2');
    is($row->(2), '300 3.00', 'written to the old one');
    sql($db, 'UPDATE "Order Items" SET "Total" = NULL WHERE "Id" = 2');
    is($row->(2), '', 'NULL is meant');
    sql($db, 'INSERT INTO "Order Items" ("Id", "Total") VALUES (3, 5)');
    is($row->(3), '5 0.05', 'inserted');
    like(sql_fails($db, 'UPDATE "Order Items" SET "Total" = 7, "Old Total" = 8 WHERE "Id" = 1'), qr/columns "Old Total" and "Total" of public\."Order Items"/, 'both, and they do not agree: an error under the new names');
    is(sql($db, 'SELECT sum FROM totals WHERE "Id" = 1'), '199', 'a view of the name shows the new column');
    is(sql($db, 'SELECT total_cents FROM old_cents WHERE "Id" = 1'), '199', 'a view of the new column goes on to show it');
    my $after = schema_dump($db);
    runs_ok([ 'undo', 'shape', '--to', 'switch', '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $before, 'is exact');
    sql($db, 'UPDATE "Order Items" SET total_cents = 250 WHERE "Id" = 1');
    is(sql($db, 'SELECT "Total" FROM "Order Items" WHERE "Id" = 1'), '2.50', 'and both are kept alike as before');
    is(sql($db, 'SELECT total_cents FROM old_cents WHERE "Id" = 1'), '250', 'each view shows what it did');
};

subtest 'the triggers of a backfill sleep' => sub {
    my $db = world('swap_fill', 'CREATE TABLE t (id integer PRIMARY KEY, a integer, b bigint); INSERT INTO t (id, a) VALUES (1, 1), (2, 2);');
    my $plan = plan_file('asleep', <<'LUA');
plan "asleep" {
  title = "A backfill alone",
  phase "fill" { backfill { table = "t", set = { b = "a" } } },
  phase "switch" { rename_swap_column { table = "t", column = "a", with = "b", retire_as = "a_old" } },
  gate "end" { text = "..." },
}
LUA
    waits($db, $plan, 'run');
    sql($db, 'UPDATE t SET a = NULL WHERE id = 1; INSERT INTO t VALUES (3, 7, NULL)');
    is(sql($db, 'SELECT a FROM t WHERE id IN (1, 3) AND a IS NOT NULL'), '', 'a NULL is meant, and not filled from what nobody writes any more');
    runs_ok([ 'undo', 'asleep', '--to', 'fill', '--yes' ], 'undo', { db => $db });
    sql($db, 'INSERT INTO t VALUES (4, 4)');
    is(sql($db, 'SELECT b FROM t WHERE id = 4'), '4', 'they are awake again');
    runs_ok([ 'undo', 'asleep', '--to', 'start', '--yes' ], 'all of it back', { db => $db });
    is(sql($db, q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~interlock%'}), '0', 'nothing is left');
};

subtest 'nothing keeps the old column' => sub {
    my $db = world('swap_alone', <<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, n serial, big bigint, x text);
INSERT INTO t (id) VALUES (1), (2);
UPDATE t SET big = n;
ALTER TABLE t ADD CONSTRAINT has_big CHECK (big IS NOT NULL);
SQL
    my $plan = just('alone', 'rename_swap_column { table = "t", column = "n", with = "big", retire_as = "n_old" }');
    my $before = schema_dump($db);
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    my $mark = log_mark();
    like(sql($db, q{SELECT pg_get_serial_sequence('t', 'n')}), qr/t_n_seq/, 'the sequence is the new one\'s');
    sql($db, 'INSERT INTO t (id) VALUES (3)');
    is(sql($db, q{SELECT n || ' ' || coalesce(n_old::text, 'nothing') FROM t WHERE id = 3}), '3 nothing', 'the new one draws from it, and the old one may be empty');
    my $after = schema_dump($db);
    exits(3, [ 'undo', $plan, '--yes' ], qr/NULL in n_old/, 'undo refuses while a row has no value in the old one', { db => $db });
    is(schema_dump($db), $after, 'and changes nothing');
    sql($db, 'UPDATE t SET n_old = n WHERE id = 3');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $before, 'is exact');
    sql($db, 'INSERT INTO t (id, big) VALUES (4, 0)');
    is(sql($db, 'SELECT n FROM t WHERE id = 4'), '4', 'the old one draws from it again');
    runs_ok([ 'run', $plan, '--yes' ], 'and again', { db => $db });
    is(schema_dump($db), $after, 'the same');
};

# The same column with one thing more: SQL, what is said, the option `leaves` that lets it through.
my @against = (
    [ 'a primary key',   'ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (a)', qr/found: +primary key t_pkey PRIMARY KEY \(a\)/ ],
    [ 'an index',        'CREATE INDEX by_a ON t (lower(a), id)', qr/found: +index by_a USING btree \(lower\(a\), id\).*make that in an earlier step: create_index_if_missing \{ table = "public\.t"/s ],
    [ 'a unique',        'ALTER TABLE t ADD CONSTRAINT one_a UNIQUE (a)', qr/found: +unique index one_a.*add_unique/s ],
    [ 'another unique',  'ALTER TABLE t ADD CONSTRAINT one_a UNIQUE (a); CREATE UNIQUE INDEX one_b ON t (b)', qr/found: +unique index one_a/ ],
    [ 'a check',         q{ALTER TABLE t ADD CONSTRAINT some_a CHECK (a <> '')}, qr/found: +check some_a.*add_check/s ],
    [ 'a check that would be stale', q{ALTER TABLE t ADD CONSTRAINT some_a CHECK (length(a) >= id), ADD CONSTRAINT some_b CHECK (length(b) >= id)}, qr/found: +check some_a.*sync_columns/s ],
    [ 'NOT NULL',        'ALTER TABLE t ALTER a SET NOT NULL', qr/found: +column b text, which takes NULL.*set_not_null \{ table = "public\.t", column = "b" \}/s ],
    [ 'a default',       'ALTER TABLE t ALTER b TYPE jsonb USING NULL, ALTER a SET DEFAULT 1', qr/without a default.*set_default \{ table = "public\.t", column = "b"/s ],
    [ 'an identity',     'ALTER TABLE t ALTER a TYPE integer USING 1, ALTER a SET NOT NULL, ALTER a ADD GENERATED ALWAYS AS IDENTITY', qr/found: +column a integer GENERATED ALWAYS AS IDENTITY/ ],
    [ 'a generated one', 'ALTER TABLE t DROP b, ADD b text GENERATED ALWAYS AS (upper(c)) STORED', qr/found: +column b text GENERATED/ ],
    [ 'a foreign key',   'CREATE TABLE o (a text PRIMARY KEY); INSERT INTO o VALUES (1); ALTER TABLE t ADD CONSTRAINT of_a FOREIGN KEY (a) REFERENCES o NOT VALID', qr/found: +foreign key of_a of (public\.)?t, not validated/ ],
    [ 'the other name',  'ALTER TABLE t ADD a_old text', qr/found: +column a_old in public\.t/ ],
    [ 'heirs',           'CREATE TABLE heir () INHERITS (t)', qr/other tables inherit from public\.t/ ],
    [ 'a view',          'ALTER TABLE t RENAME TO s; CREATE VIEW t AS SELECT * FROM s', qr/public\.t is a view/ ],
    [ 'a view below a materialized view', 'CREATE VIEW v AS SELECT a FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM v', qr/view public\.v shows it and can't be made again: .*m stands on it/ ],
    [ 'a function',      q{CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'x' || max(a) FROM t$$}, qr/function public\.f/, '"f"' ],
    [ 'the new name in a function', q{CREATE FUNCTION h() RETURNS text LANGUAGE sql AS $$SELECT max(b) FROM t$$}, qr/function public\.h/, '"h"' ],
    [ 'a view of both',  'CREATE VIEW v AS SELECT a, b FROM t', qr/view public\.v/, '"v"' ],
    [ 'a materialized view', 'CREATE MATERIALIZED VIEW m AS SELECT a FROM t', qr/materialized view public\.m/, '"m"' ],
    [ 'a generated column', 'ALTER TABLE t ADD upper_a text GENERATED ALWAYS AS (upper(a)) STORED', qr/generated column upper_a/, '"upper_a"' ],
    [ 'a policy',        q{CREATE POLICY own ON t USING (a = 'x')}, qr/policy own/, '"own"' ],
    [ 'statistics',      'CREATE STATISTICS st ON a, id FROM t', qr/statistics public\.st/, '"st"' ],
    [ 'a publication',   'CREATE PUBLICATION swap_pub FOR TABLE t', qr/publication swap_pub/, '"swap_pub"' ],
    [ 'a trigger with its name', q{CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$; CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION g('a')}, qr/trigger tr/, '"tr"' ],
);

my $one = 'rename_swap_column { table = "t", column = "a", with = "b", retire_as = "a_old"%s }';
my $simple = q{CREATE TABLE t (id integer PRIMARY KEY, a text, b text, c text); INSERT INTO t VALUES (1, '1', '1')};

subtest 'what can not be carried' => sub {
    my $plan = just('against', sprintf $one, '');
    for (@against)
    {
        my ($what, $sql, $pattern) = @$_;
        my $db = world('swap_against', $simple);
        sql($db, $sql);
        my $check = interlock('check', $plan, { db => $db });
        is($check->{exit}, '4', "$what: check refuses");
        like($check->{out}, $pattern, "$what: by name");
        drop_world($db);
    }
};

subtest 'what may stay' => sub {
    my $db = world('swap_against', $simple);
    sql($db, $_->[1]) for grep { $_->[3] } @against;
    my $before = schema_dump($db);
    exits(4, [ 'run', just('against', sprintf $one, ''), '--yes' ], undef, 'run refuses', { db => $db });
    is(schema_dump($db), $before, 'nothing is touched');
    my $plan = just('left', sprintf $one, ', leaves = { ' . join(', ', map { $_->[3] // () } @against) . ' }');
    runs_ok([ 'run', $plan, '--yes' ], 'where the plan says so it stays', { db => $db });
    like(sql($db, q{SELECT pg_get_viewdef('v')}), qr/\ba_old AS a,\s+(t\.)?a AS b/, 'with the column that it was on');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $before, 'as it was');
    drop_world($db);
};

done_testing();
