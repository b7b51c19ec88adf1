# Verifications that read a shadow: while an application writes the live table, sums of both are compared as of one moment,
# at which everything that was written has arrived.
use strict;
use warnings;

use Interlock::Test;
use Interlock::Application;
use Test::More;

my $rows = $ENV{SAN} ? 2000 : 5000;

my $db = world('sums', <<"SQL");
CREATE TABLE orders (id bigint PRIMARY KEY, name text, n integer NOT NULL DEFAULT 0);
CREATE TABLE lines (id bigint PRIMARY KEY, what text, n integer NOT NULL DEFAULT 0);
INSERT INTO orders (id, name) SELECT g, 'o' || g FROM generate_series(1, $rows) g;
INSERT INTO lines (id, what) SELECT g, 'l' || g FROM generate_series(1, $rows) g;
SQL
my $plan = plan_file('sums', <<'LUA');
plan "sums" {
  title = "Two tables in another shape",
  phase "expand" {
    parallel_table { live = "orders", shadow = "orders_v2", like = true, only_rows = "id % 7 <> 0" },
    parallel_table { live = "lines", shadow = "lines_v2", like = true, changes = { type = { n = "bigint" } }, copy = { n = "n::bigint" }, copy_back = { n = "n::integer" } },
  },
  phase "fill" { backfill { shadow = "orders_v2" }, backfill { shadow = "lines_v2" } },
  phase "verify" {
    expect_equal {
      name = "one table adds up",
      left = "SELECT count(*), sum(n), md5(string_agg(name, ',' ORDER BY id)) FROM orders WHERE id % 7 <> 0",
      right = "SELECT count(*), sum(n), md5(string_agg(name, ',' ORDER BY id)) FROM orders_v2",
    },
    expect_equal {
      name = "both add up",
      left = "SELECT (SELECT sum(n) FROM orders WHERE id % 7 <> 0) + (SELECT sum(n) FROM lines)",
      right = "SELECT (SELECT sum(n) FROM orders_v2) + (SELECT sum(n) FROM lines_v2)",
    },
    expect_no_rows {
      query = "SELECT o.id FROM lines o FULL JOIN lines_v2 s ON s.id = o.id WHERE s.n IS DISTINCT FROM o.n",
      message = "no line differs",
    },
  },
  gate "live" { text = "The new release is live." },
}
LUA
my %with = (db => $db, key => ['id=int'], clients => 4);
my @apps = (application(%with, table => 'orders', columns => [ 'name=text', 'n=counter!' ]),
    application(%with, table => 'lines', account => 'account.lines', columns => [ 'what=text', 'n=counter!' ]));
exits(5, [ 'run', $plan, '--yes' ], undef, 'run to the gate', { db => $db, seconds => 120 });
for my $round (1 .. 5)
{
    my $verify = runs_ok([ 'verify', 'sums' ], "round $round: verify", { db => $db });
    is(() = $verify->{out} =~ /holds/g, 3, 'all three hold');
}
sql($db, 'UPDATE lines_v2 SET n = n + 1 WHERE id % 5 = 0');
my $found = exits(3, [ 'verify', 'sums' ], undef, 'where rows of a shadow are wrong', { db => $db });
like("$found->{out}$found->{err}", qr/both add up: they differ.*no line differs: \d+ rows/s, 'they are found');
for my $app (@apps)
{
    my $report = $app->stop;
    is_deeply([ application_errors($report) ], [], 'the application met no error');
    waits_ok($report, 'nobody waited for long');
}
# What the sync points brought over stays, and what comes afterwards follows.
sql($db, 'UPDATE lines SET n = n + 1');
runs_ok([ 'verify', 'sums' ], 'when everything was written once more', { db => $db });
is(sql($db, 'SELECT count(*) FROM lines l FULL JOIN lines_v2 s USING (id) WHERE l.n IS DISTINCT FROM s.n'), '0', 'the shadow is the live table');
is(sql($db, q{SELECT count(*) FROM orders o FULL JOIN orders_v2 s ON s.id = o.id WHERE (o.id % 7 <> 0) <> (s.id IS NOT NULL)}), '0', 'so is the other one');

done_testing();
