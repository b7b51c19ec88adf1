# sync_columns and drop_sync: two releases that write the same in two shapes, each its own, read each other's writes;
# whichever side a statement changed wins.
use strict;
use warnings;

use Interlock::Test;
use Test::More;

my $world = <<'SQL';
CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10, 2) DEFAULT 0, status text DEFAULT 'OPEN', rate integer DEFAULT 100, note text,
  cents bigint, state text);
INSERT INTO orders (id, total) SELECT n, n FROM generate_series(1, 50) n;
CREATE TABLE "Odd Ones" (k integer, region text, "Old Doc" json, doc jsonb, twice integer GENERATED ALWAYS AS (k * 2) STORED, PRIMARY KEY (region, k))
  PARTITION BY LIST (region);
CREATE TABLE odd_a PARTITION OF "Odd Ones" FOR VALUES IN ('a');
CREATE TABLE odd_b (doc jsonb, "Old Doc" json, twice integer GENERATED ALWAYS AS (k * 2) STORED, region text NOT NULL, k integer NOT NULL);
ALTER TABLE "Odd Ones" ATTACH PARTITION odd_b FOR VALUES IN ('b');
INSERT INTO "Odd Ones" (k, region) VALUES (1, 'a'), (1, 'b');
CREATE TABLE stamped (id integer PRIMARY KEY, made timestamptz DEFAULT now(), made_on date);
SQL

my $cents = q{table = "orders", forward = { cents = "round(total * rate)" }, back = { total = "cents / 100.0" }};
my $state = q{table = "orders", forward = { state = "lower(status)" }, back = { status = "upper(state)" }};

# A plan that keeps the columns alike as long as its gate is closed.
sub syncs
{
    my ($name, @steps) = @_;
    my $steps = join ",\n    ", map { /^\w+ \{/ ? $_ : "sync_columns { $_ }" } @steps;
    return plan_file($name, qq{plan "$name" {\n  title = "Keeps columns alike",\n  phase "expand" {\n    $steps,\n  },\n  gate "both live" { text = "…" },\n}\n});
}

# A command that ends with this exit code and says so, on either stream.
sub ends
{
    my ($code, $command, $pattern, $what, $db) = @_;
    my $run = interlock(@$command, { db => $db });
    is($run->{exit}, $code, $what);
    like("$run->{out}$run->{err}", $pattern, "$what: says so");
    return $run;
}

sub starts { my ($db, $plan) = @_; return ends(5, [ 'run', $plan, '--yes' ], qr/waiting at gate/, 'run', $db) }

sub triggers { return sql($_[0], q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~interlock%'}) }

# A statement, and what row 1 (or another) then holds in the given columns.
sub gives
{
    my ($db, $statement, $columns, $expected, $what) = @_;
    sql($db, $statement);
    my ($id) = $statement =~ /\b(?:id = |VALUES \()(-?\d+)/;
    return is(sql($db, "SELECT concat_ws(' ', $columns) FROM orders WHERE id = $id"), $expected, $what // $statement);
}

subtest 'what a statement changes wins' => sub {
    my $db = world('sync', $world);
    my $plan = syncs('alike', "$cents, both = \"new\"", "$state, both = \"error\"");
    runs_ok([ 'check', $plan, '--strict' ], 'check', { db => $db });
    starts($db, $plan);
    my $money = 'total, cents';
    gives($db, 'UPDATE orders SET total = 7 WHERE id = 1',             $money, '7.00 700', 'the old release writes');
    gives($db, 'UPDATE orders SET cents = 850 WHERE id = 1',           $money, '8.50 850', 'the new release writes');
    gives($db, 'UPDATE orders SET note = note WHERE id = 2',           $money, '2.00 200', 'neither: a row that was not filled yet is');
    gives($db, 'UPDATE orders SET rate = 10 WHERE id = 2',             $money, '2.00 20',  'what the value is derived from changes');
    gives($db, 'UPDATE orders SET total = 3, cents = 300 WHERE id = 3', $money, '3.00 300', 'both, and they agree');
    gives($db, 'UPDATE orders SET total = 9, cents = 400 WHERE id = 3', $money, '4.00 400', 'both, and they do not: the new one wins');
    gives($db, 'INSERT INTO orders (id, total) VALUES (101, 5)',       $money, '5.00 500', 'inserted by the old release');
    gives($db, 'INSERT INTO orders (id, cents) VALUES (102, 650)',     $money, '6.50 650', 'inserted by the new release');
    gives($db, 'INSERT INTO orders (id) VALUES (103)',                 $money, '0.00 0',   'inserted with neither');
    gives($db, 'INSERT INTO orders (id, total, cents) VALUES (104, 1, 999)', $money, '9.99 999', 'inserted with both');

    gives($db, q{UPDATE orders SET status = 'SENT' WHERE id = 5}, 'status, state', 'SENT sent', 'the other pair, old');
    gives($db, q{UPDATE orders SET state = 'paid' WHERE id = 5},  'status, state', 'PAID paid', 'the other pair, new');
    gives($db, q{UPDATE orders SET state = 'lost', status = 'LOST' WHERE id = 5}, 'status, state', 'LOST lost', 'both, and they agree');
    like(sql_fails($db, q{UPDATE orders SET state = 'here', status = 'GONE' WHERE id = 5}),
        qr/columns status and state of public\.orders were set to values that do not agree/, 'both, and they do not: an error that says so');
    is(sql($db, 'SELECT status, state FROM orders WHERE id = 5'), 'LOST|lost', 'and nothing is changed');

    sql($db, 'SET session_replication_role = replica; UPDATE orders SET total = 11 WHERE id = 6');
    is(sql($db, 'SELECT cents FROM orders WHERE id = 6'), '1100', 'what is replayed from elsewhere is kept alike, too');

    sql($db, 'CREATE ROLE sync_app');
    sql($db, 'GRANT SELECT, UPDATE ON orders TO sync_app');
    sql($db, 'SET ROLE sync_app; UPDATE orders SET total = 12 WHERE id = 7');
    is(sql($db, 'SELECT cents FROM orders WHERE id = 7'), '1200', 'a role without any right in the registry writes as before');
    sql($db, 'DROP OWNED BY sync_app; DROP ROLE sync_app');

    runs_ok([ 'gate', 'pass', 'alike', 'both live', '--evidence', 'seen' ], 'the gate is passed', { db => $db });
    runs_ok([ 'run', 'alike' ], 'the plan is done', { db => $db });
    is(triggers($db), '0', 'its triggers are gone');
    is(sql($db, q{SELECT count(*) FROM pg_proc WHERE pronamespace = 'interlock'::regnamespace AND prorettype = 'trigger'::regtype}), '0', 'and their functions');
    gives($db, 'UPDATE orders SET total = 1 WHERE id = 1', $money, '1.00 850', 'from then on each is its own');
};

subtest 'the old side wins' => sub {
    my $db = world('old', $world);
    starts($db, syncs('old', "$cents, both = \"old\""));
    gives($db, 'UPDATE orders SET total = 9, cents = 400 WHERE id = 3', 'total, cents', '9.00 900');
    gives($db, 'UPDATE orders SET cents = 400 WHERE id = 3',            'total, cents', '4.00 400');
};

subtest 'there and back' => sub {
    my $db = world('pair', $world);
    my $lossy = syncs('lossy', q{table = "orders", forward = { cents = "round(total)" }, back = { total = "cents * 1.5" }});
    my $before = schema_dump($db);
    my $run = exits(3, [ 'run', $lossy ], qr/ends at another value/, 'a pair that is not its own inverse is refused', { db => $db });
    like($run->{err}, qr/id = 1,.*total = 1\.00/, 'with rows');
    like($run->{err}, qr/both = "old", "new" or "error"/, 'and the way out');
    is(schema_dump($db), $before, 'before anything was made');
    runs_ok([ 'undo', 'lossy', '--yes' ], 'undo', { db => $db });

    my $before_rows = table_rows($db);
    starts($db, syncs('fine', q{table = "orders", forward = { cents = "round(total * 100)" }, back = { total = "cents / 100.0" }}));
    is(triggers($db), '2', 'one that is, is not');
    runs_ok([ 'undo', 'fine', '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $before,      'undo leaves nothing of it');
    is(table_rows($db),  $before_rows, 'and rows as they are');
};

subtest 'odd tables' => sub {
    my $db = world('odd', $world);
    starts($db, syncs('odd', q{table = 'public."Odd Ones"', forward = { doc = [["Old Doc"::jsonb || jsonb_build_object('t', twice)]] }, back = { ['"Old Doc"'] = [[(doc - 't')::json]] }, both = "new"}));
    sql($db, q{UPDATE "Odd Ones" SET "Old Doc" = '{"a": 1}'});
    is(sql($db, q{SELECT region, doc FROM "Odd Ones" ORDER BY 1}), qq{a|{"a": 1, "t": 2}\nb|{"a": 1, "t": 2}}, 'partitions, columns in another order, generated ones, no = for json');
    sql($db, q{UPDATE "Odd Ones" SET doc = '{"b": 2}' WHERE region = 'b'});
    is(sql($db, q{SELECT "Old Doc" FROM "Odd Ones" WHERE region = 'b'}), '{"b": 2}', 'and back');
    sql($db, q{CREATE TABLE odd_c PARTITION OF "Odd Ones" FOR VALUES IN ('c')});
    sql($db, q{INSERT INTO "Odd Ones" (k, region, "Old Doc") VALUES (3, 'c', '{}')});
    is(sql($db, q{SELECT doc FROM "Odd Ones" WHERE region = 'c'}), '{"t": 6}', 'a partition that comes later, too');
};

subtest 'what can not be kept alike' => sub {
    my $db = world('wrong', $world);
    my %wrong = (
        moving => [ q{table = "stamped", forward = { made_on = "made::date" }, back = { made = "made_on" }}, qr/made, DEFAULT now\(\)/ ],
        same   => [ q{table = "orders", forward = { cents = "1" }, back = { cents = "2" }}, qr/column "cents" is on both sides/ ],
        inner  => [ q{table = "orders", forward = { cents = "length(state)", state = "'x'" }, back = { total = "cents" }}, qr/"cents" is derived from "state", which is on the same side/ ],
        asks   => [ q{table = "orders", forward = { cents = "(SELECT max(id) FROM orders)" }, back = { total = "cents" }}, qr/"forward" of sync_columns holds a query/ ],
        type   => [ q{table = "orders", forward = { cents = "status" }, back = { total = "cents" }}, qr/"cents" is of type bigint but expression is of type text/ ],
        absent => [ q{table = "orders", forward = { cents = "total" }, back = { totl = "cents" }}, qr/no column totl in public\.orders \(there is total\)/ ],
        whole  => [ q{table = 'public."Odd Ones"', forward = { twice = "k" }, back = { region = "twice::text" }}, qr/column (?:twice, which the server computes|region, by which)/ ],
    );
    for my $name (sort keys %wrong)
    {
        my ($step, $says) = @{ $wrong{$name} };
        ends(4, [ 'check', syncs("wrong_$name", $step) ], $says, $name, $db);
    }
    sql($db, q{CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER "~z" BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION late()});
    ends(4, [ 'check', syncs('late', $cents) ], qr/triggers that fire after those of interlock: "~z"/, 'a trigger that fires later', $db);
};

subtest 'drop_sync' => sub {
    my $db = world('drop', $world);
    my $plan = plan_file('stops', <<"LUA");
plan "stops" {
  title = "Keeps columns alike, and stops",
  phase "expand" { sync_columns { $cents, both = "new" }, sync_columns { $state, both = "new" } },
  phase "switch" { drop_sync { table = "orders", column = "cents", loses = "release 6 writes it itself" } },
  gate "then" { text = "…" },
}
LUA
    starts($db, $plan);
    is(triggers($db), '2', 'only the pair that was named');
    gives($db, 'UPDATE orders SET total = 7 WHERE id = 1', 'total, coalesce(cents, -1)', '7.00 -1', 'the old column is on its own');
    gives($db, q{UPDATE orders SET status = 'SENT' WHERE id = 1}, 'status, state', 'SENT sent', 'the other pair is not');
    runs_ok([ 'undo', 'stops', '--to', 'expand', '--yes' ], 'undo', { db => $db });
    is(triggers($db), '4', 'undo brings them back');
    gives($db, 'UPDATE orders SET total = 8 WHERE id = 1', 'total, cents', '8.00 800', 'and they work');
    is(sql($db, q{SELECT count(*) FROM pg_proc WHERE proname LIKE 'sync_%' AND has_function_privilege('public', oid, 'EXECUTE')}), '0', 'with their rights');
    starts($db, 'stops');
    is(triggers($db), '2', 'stops again');
};

done_testing();
