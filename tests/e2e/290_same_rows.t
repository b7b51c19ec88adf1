# expect_same_rows: exact while the application writes, never a false alarm, never a row that it does not see; what
# differs is named, and copied anew where the plan allows that.
use strict;
use warnings;

use Interlock::Test;
use Interlock::Application;
use Test::More;

my $rows = 25000;

my $orders = <<"SQL";
CREATE TABLE orders (id bigint PRIMARY KEY, name text, n integer NOT NULL DEFAULT 0, code text UNIQUE, doc json, note text);
INSERT INTO orders (id, name, code, doc) SELECT g, 'Order ' || g, 'x' || g, '{"a": 1}' FROM generate_series(1, $rows) g;
ANALYZE orders;
SQL

sub plan_with
{
    my ($name, $pair, $expectation) = @_;
    my ($shadow) = $pair =~ /shadow = ('[^']*'|"[^"]*")/;
    return plan_file($name, <<"LUA");
plan "$name" {
  title = "Another shape",
  phase "expand" { parallel_table { $pair } },
  phase "fill" { backfill { shadow = $shadow } },
  phase "verify" { expect_same_rows { $expectation } },
  gate "then" { text = "…" },
}
LUA
}

sub waits
{
    my ($db, $plan) = @_;
    my $run = interlock('run', $plan, '--yes', { db => $db });
    return is($run->{exit}, 5, 'run waits at the gate') || diag("$run->{out}$run->{err}");
}

sub verdict { return sql($_[0], 'SELECT passed, rows, bad FROM interlock.verdict') }

my $pair = q{live = "orders", shadow = "orders_v2", like = true, copy = { name = "lower(name)", note = "coalesce(note, '-')" }, only_rows = "n >= 0"};
my $same = q{live = "orders", shadow = "orders_v2"};

subtest 'while the application writes' => sub {
    my $db = world('same', $orders);
    my $plan = plan_with('same', $pair, $same);
    my $app = application(db => $db, table => 'orders', key => ['id=int'], columns => [ 'name=text', 'n=counter!', 'code=unique' ]);
    waits($db, $plan);
    for (1 .. ($ENV{SAN} ? 2 : 6))
    {
        runs_ok([ 'verify', 'same' ], 'no false alarm', { db => $db });
    }
    like(verdict($db), qr/^t\|\d+\|0$/, 'the verdict is kept');
    my $report = $app->stop;
    # Behind the capture's back. A row that the application has just written is still in the log and would be brought in
    # order, hence several.
    sql($db, "UPDATE orders_v2 SET name = 'wrong' WHERE id IN (SELECT id FROM orders_v2 ORDER BY hashint8(id) LIMIT 9)");
    my $verify = exits(3, [ 'verify', 'same' ], qr/rows? of public\.orders_v2 (?:is|are) not what public\.orders says/, 'wrong rows', { db => $db });
    like($verify->{err}, qr/id = \d+: other values in name/, 'are named');
    like(verdict($db), qr/^f\|\d+\|[1-9]$/, 'and the verdict is the other one');
    is_deeply([ application_errors($report) ], [], 'the application met no error');
    waits_ok($report, 'nobody waited for long');
    drop_world($db);
};

subtest 'each kind of difference' => sub {
    my $db = world('kinds', $orders);
    waits($db, plan_with('kinds', $pair, "$same, repairs = 4"));
    is(verdict($db), "t|$rows|0", 'all rows');
    sql($db, 'DELETE FROM orders_v2 WHERE id = 7');
    sql($db, q{INSERT INTO orders_v2 (id, name) VALUES (-1, 'phantom')});
    sql($db, q{UPDATE orders_v2 SET doc = '{"a":  1}', note = NULL WHERE id = 8});
    sql($db, q{UPDATE orders_v2 SET n = NULL WHERE id = 9}) if sql($db, q{SELECT attnotnull FROM pg_attribute WHERE attrelid = 'orders_v2'::regclass AND attname = 'n'}) eq 'f';
    my $again = runs_ok([ 'verify', 'kinds' ], 'few enough are copied anew', { db => $db });
    like($again->{out}, qr/$rows rows, 3 of them repaired/, 'and it says how many');
    is(sql($db, q{SELECT string_agg(id || coalesce(doc::text, '') || coalesce(note, '?'), ' ' ORDER BY id) FROM orders_v2 WHERE id < 9 AND id NOT BETWEEN 1 AND 6}), '7{"a": 1}- 8{"a": 1}-', 'all is as it must be');

    sql($db, 'DELETE FROM orders_v2 WHERE id IN (1, 10001 % 3, 20)');
    sql($db, "INSERT INTO orders_v2 (id) VALUES ($rows + 1), ($rows + 2)");
    sql($db, 'UPDATE orders_v2 SET name = upper(name) WHERE id IN (30, 31)');
    my $verify = exits(3, [ 'verify', 'kinds' ], qr/\d rows of public\.orders_v2 are not what/, 'too many', { db => $db });
    like($verify->{err}, qr/id = 20: not in public\.orders_v2/,         'missing');
    like($verify->{err}, qr/id = @{[$rows + 1]}: only in public\.orders_v2/, 'more than there are, behind the end');
    like($verify->{err}, qr/id = 30: other values in name/,             'different');
    is(sql($db, 'SELECT count(*) FROM orders_v2 WHERE id = 20'), '0', 'nothing is repaired then');
    sql($db, 'DELETE FROM orders_v2');
    like(exits(3, [ 'verify', 'kinds' ], qr/rows or more of public\.orders_v2/, 'an empty shadow', { db => $db })->{err}, qr/… interlock\.verdict has 100 of them/, 'is not counted to its end');
    drop_world($db);
};

subtest 'odd keys' => sub {
    my $db = world('odd', <<'SQL');
CREATE TABLE "Odd Ones" (region text COLLATE "C", "No" uuid DEFAULT gen_random_uuid(), v numeric, spot point, PRIMARY KEY ("No", region));
INSERT INTO "Odd Ones" (region, v, spot) SELECT (ARRAY['a', 'B', 'é', '', 'quo''te'])[1 + n % 5], n, point(n, n) FROM generate_series(1, 12000) n;
SQL
    waits($db, plan_with('odd', q{live = 'public."Odd Ones"', shadow = 'public."New Ones"', like = true}, q{live = 'public."Odd Ones"', shadow = 'public."New Ones"'}));
    is(verdict($db), 't|12000|0', 'several chunks');
    sql($db, q{UPDATE "New Ones" SET spot = point(0, 1) WHERE v = 5000});
    sql($db, q{UPDATE "New Ones" SET v = v::numeric(10, 2) WHERE v = 6000});
    my ($key) = sql($db, q{SELECT "No" FROM "New Ones" WHERE v = 5000});
    my $verify = exits(3, [ 'verify', 'odd' ], qr/1 row of public\."New Ones" is not what/, 'a type without =, and 1.00 is 1', { db => $db });
    like($verify->{err}, qr/"No" = $key, region = .*: other values in spot/, 'is named by its whole key');
    drop_world($db);
};

subtest 'what is not there yet' => sub {
    my $db = world('early', $orders);
    my $plan = plan_file('early', <<"LUA");
plan "early" {
  title = "Another shape",
  phase "expand" { parallel_table { $pair } },
  phase "verify" { expect_same_rows { $same } },
}
LUA
    exits(3, [ 'run', $plan, '--yes' ], qr/public\.orders_v2 is not a filled copy of public\.orders/, 'a shadow that was not filled', { db => $db });
    my $other = plan_file('other', qq{plan "other" {\n  title = "x",\n  phase "verify" { expect_same_rows { live = "orders", shadow = "orders_v3" } },\n}\n});
    my $check = interlock('check', $other, { db => $db });
    is($check->{exit}, 4, 'a shadow that is not there');
    like($check->{out}, qr/no table public\.orders_v3/, 'is told');
    drop_world($db);
};

done_testing();
