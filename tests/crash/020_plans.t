# Whole plans, killed before and after every message; and a server that crashes while we wait for a lock.
use strict;
use warnings;

use Interlock::Crash;
use Interlock::ImageUrls;
use Interlock::Test;
use PostgreSQL::Test::Utils;
use Test::More;

crash_seed();

my $several = plan_file('several', <<'LUA');
plan "several" {
  title = "Several phases",
  phase "expand" {
    add_column_if_missing { table = "users", column = "nick", type = "text" },
    add_column_if_missing { table = "users", column = "age", type = "integer", default = "18" },
  },
  phase "index" { create_index_if_missing { table = "users", columns = "nick" } },
  phase "check" { expect_no_rows { query = "SELECT id FROM users WHERE age < 18", message = "too young" } },
  phase "keys" { add_foreign_key { table = "orders", column = "user_id", references = "users" } },
}
LUA

my @cases = (
    crash_case({ name => 'image_urls', world => 'image_urls_few', plan => image_urls_plan(), setup => sub {
        my ($db) = @_;
        my ($schema, $data) = map { PostgreSQL::Test::Utils::slurp_file(image_urls_folder() . "/$_") } qw(schema.sql data.sql);
        sql($db, $schema);
        sql($db, "SET interlock.rows = 400;\n$data");
    } }),
    crash_case({ name => 'several phases', world => 'several', plan => $several, setup => <<'SQL' }),
CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 300) n;
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL);
INSERT INTO orders SELECT n, 1 + n % 300 FROM generate_series(1, 900) n;
SQL
);
my %sample = $ENV{SAN} ? (again => 6, 'server crashes' => 1, 'take over' => 3) : (again => 16, 'server crashes' => 2, 'take over' => 8);
try_points(\%sample, map { crash_points($_) } grep { $_ } @cases);

subtest 'the server crashes under us' => sub {
    my $db = world('several');
    my $holder = sql_session($db);
    $holder->query('BEGIN; LOCK TABLE users IN ACCESS SHARE MODE');
    my $run = in_background('run', $several, '--lock-attempts', '100000', { db => $db });
    ok(wait_until(sub { registry_exists($db) && sql($db, "SELECT count(*) FROM interlock.run WHERE state = 'running'") }), 'a run waits');
    server()->stop('immediate');
    my $result = $run->finish;
    is($result->{exit}, '2', 'it ends: connection lost') or diag(explain($result));
    server()->start;
    runs_ok([ 'run', $several ], 'run again', { db => $db });
    is(sql($db, 'SELECT state FROM interlock.run'), 'done', 'and it is done');
};

subtest 'somebody terminates our sessions' => sub {
    my $db = world('several');
    my $holder = sql_session($db);
    $holder->query('BEGIN; LOCK TABLE users IN ACCESS SHARE MODE');
    my $run = in_background('run', $several, '--lock-attempts', '100000', { db => $db });
    ok(wait_until(sub { registry_exists($db) && sql($db, "SELECT count(*) FROM interlock.run WHERE state = 'running'") }), 'a run waits');
    sql($db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db' AND application_name LIKE 'interlock:%'");
    $holder->query('COMMIT');
    my $result = $run->finish;
    ok((grep { $result->{exit} eq $_ } 0, 2, 3), 'it connects again, or ends and says so') or diag(explain($result));
    runs_ok([ 'run', $several ], 'run again', { db => $db });
    is(sql($db, 'SELECT state FROM interlock.run'), 'done', 'and it is done');
    $holder->quit;
};

done_testing();
