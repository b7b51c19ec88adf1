# What backfill and sync_columns do to rows that others write never makes a statement of theirs fail: a value that can't
# be had, or that a constraint refuses, is left out, and the plan says so.
use strict;
use warnings;

use Interlock::Test;
use Test::More;

my $world = <<'SQL';
CREATE TABLE goods (id integer PRIMARY KEY, amount integer NOT NULL, price text, code text,
  share integer, cents integer CHECK (cents >= 0), short varchar(3), serial integer UNIQUE);
INSERT INTO goods (id, amount, price, code) SELECT n, n, n || '.5', 'c' || n FROM generate_series(1, 9) n;
SQL

sub plan_with
{
    my ($name, $step) = @_;
    return plan_file($name, qq{plan "$name" {\n  title = "Fills",\n  phase "fill" {\n    $step,\n  },\n  gate "then" { text = "…" },\n}\n});
}

sub waits
{
    my ($db, $plan) = @_;
    my $run = interlock('run', $plan, '--yes', { db => $db });
    return is($run->{exit}, 5, 'run waits at the gate') || diag("$run->{out}$run->{err}");
}

sub triggers { return sql($_[0], q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~interlock%'}) }

subtest 'backfill: a value that can not be had' => sub {
    my $db = world('fill', $world);
    waits($db, plan_with('fill', q{backfill { table = "goods", set = { share = "100 / amount", short = "code", cents = "round(price::numeric * 100)" } }}));
    sql($db, q{INSERT INTO goods (id, amount, price, code) VALUES (10, 10, '1', 'abc')});
    is(sql($db, 'SELECT share, short, cents FROM goods WHERE id = 10'), '10|abc|100', 'values that can be had');
    sql($db, q{INSERT INTO goods (id, amount, price, code) VALUES (11, 0, '1', 'abc')});
    is(sql($db, q{SELECT coalesce(share, -1), coalesce(short, '-') FROM goods WHERE id = 11}), '-1|-', 'division by zero: the row is as it was given');
    sql($db, q{INSERT INTO goods (id, amount, price, code) VALUES (12, 1, '1', 'abcd')});
    is(sql($db, q{SELECT coalesce(short, '-') FROM goods WHERE id = 12}), '-', 'too long');
    sql($db, q{INSERT INTO goods (id, amount, price, code) VALUES (13, 1, 'a lot', 'abc')});
    is(sql($db, q{SELECT coalesce(cents, -1) FROM goods WHERE id = 13}), '-1', 'not a number');
    sql($db, q{INSERT INTO goods (id, amount, price, code) VALUES (14, 1, '-1', 'abc')});
    is(sql($db, q{SELECT coalesce(cents, -1) FROM goods WHERE id = 14}), '-1', 'a value that a CHECK refuses');
    sql($db, q{UPDATE goods SET amount = 0 WHERE id = 10});
    is(sql($db, 'SELECT amount, share FROM goods WHERE id = 10'), '0|10', 'an update goes through');
    like(sql_fails($db, q{INSERT INTO goods (id, amount, cents) VALUES (15, 1, -5)}), qr/goods_cents_check/, 'what the statement itself does wrong is its own');
};

subtest 'backfill: a condition that can fail' => sub {
    my $db = world('where', $world);
    waits($db, plan_with('where', q{backfill { table = "goods", set = { short = "'big'" }, where = "price::numeric > 5 AND short IS NULL" }}));
    sql($db, q{INSERT INTO goods (id, amount, price) VALUES (10, 1, 'a lot')});
    sql($db, q{UPDATE goods SET price = 'less' WHERE id = 1});
    is(sql($db, 'SELECT count(*) FROM goods WHERE short IS NOT NULL'), '5', 'and no statement fails');
};

subtest 'backfill: a constraint in the way' => sub {
    my $db = world('unique', $world);
    my $before = schema_dump($db);
    my $run = exits(3, [ 'run', plan_with('unique', q{backfill { table = "goods", set = { serial = "amount / 2" } }}), '--yes' ],
        qr/23505/, 'rows that are there break it', { db => $db });
    like($run->{err}, qr/the triggers that fill new rows are taken away again/, 'and says what becomes of the triggers');
    is(triggers($db), '0', 'none is left');
    sql($db, 'INSERT INTO goods (id, amount) VALUES (10, 104), (11, 105)');
    is(sql($db, 'SELECT count(serial) FROM goods WHERE id > 9'), '0', 'so that others write as before');
    sql($db, 'UPDATE goods SET amount = amount * 2');
    waits($db, 'unique');
    is(sql($db, 'SELECT count(*) FROM goods WHERE serial = amount / 2'), '11', 'once mended, all are filled');
    is(triggers($db), '2', 'and the triggers are there');
    runs_ok([ 'undo', 'unique', '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $before, 'leaves nothing behind');
};

subtest 'sync_columns' => sub {
    my $db = world('sync', $world);
    waits($db, plan_with('sync', q{sync_columns { table = "goods", forward = { cents = "price::numeric * 100" }, back = { price = "(1000 / cents)::text" }, both = "new" }}));
    sql($db, q{UPDATE goods SET price = '3' WHERE id = 1});
    is(sql($db, 'SELECT cents FROM goods WHERE id = 1'), '300', 'forward');
    sql($db, q{UPDATE goods SET price = 'dear' WHERE id = 1});
    is(sql($db, q{SELECT price, coalesce(cents, -1) FROM goods WHERE id = 1}), 'dear|-1', 'a value that can not be had is unknown, not the one before');
    sql($db, q{UPDATE goods SET price = '-3' WHERE id = 1});
    is(sql($db, q{SELECT price, coalesce(cents, -1) FROM goods WHERE id = 1}), '-3|-1', 'so is one that a CHECK refuses');
    sql($db, q{UPDATE goods SET cents = 0 WHERE id = 2});
    is(sql($db, 'SELECT price, cents FROM goods WHERE id = 2'), '2.5|0', 'what the old shape can not hold leaves the old one alone');
};

done_testing();
