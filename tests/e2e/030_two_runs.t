# Two of us at once, one of us that stops breathing, and others who hold the locks that we need.
use strict;
use warnings;

use Interlock::Test;
use Test::More;
use Time::HiRes qw(sleep time);

my $world = <<'SQL';
CREATE TABLE public.users (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 1000) n;
CREATE TABLE public.other (id bigint PRIMARY KEY);
SQL
my $plan = plan_file('two_steps', <<'LUA');
plan "two_steps" {
  title = "Two steps on one table",
  phase "expand" {
    add_column_if_missing { table = "users", column = "nick", type = "text" },
    add_column_if_missing { table = "users", column = "motto", type = "text" },
  },
}
LUA
my $everything = $ENV{INTERLOCK_CRASH} && $ENV{INTERLOCK_CRASH} eq 'all';

# Sessions of the program that are on the server.
sub our_sessions
{
    my ($db) = @_;
    return sql($db, "SELECT count(*) FROM pg_stat_activity WHERE datname = '$db' AND application_name LIKE 'interlock:%'");
}

# A run that waits for a lock that `holder` has on the table.
sub stuck_run
{
    my ($db, @args) = @_;
    my $holder = sql_session($db);
    $holder->query('BEGIN; LOCK TABLE users IN ACCESS SHARE MODE');
    my $run = in_background('run', $plan, '--lock-attempts', '100000', @args, { db => $db, seconds => 200 });
    ok(wait_until(sub { registry_exists($db) && sql($db, "SELECT count(*) FROM interlock.run WHERE state = 'running'") }),
        'a run waits for its lock') or diag($run->finish->{err});
    return ($holder, $run);
}

subtest 'two runs of one plan' => sub {
    my $db = world('two_runs', $world);
    my ($holder, $first) = stuck_run($db);
    my $second = exits(6, [ 'run', $plan ], undef, 'the second is refused', { db => $db });
    like($second->{err}, qr/pid \d+|\bheld by\b|running/i, 'and is told who holds it');
    for my $command ([ 'undo', $plan, '--yes' ])
    {
        exits(6, $command, undef, "so is $command->[0]", { db => $db });
    }
    runs_ok([ 'status', $plan ], 'status answers meanwhile', { db => $db });
    $holder->query('COMMIT');
    is($first->finish->{exit}, '0', 'the first one finishes');
    is(column_type($db, 'users', 'motto'), 'text', 'its work is done');
    runs_ok([ 'run', $plan ], 'a later one finds nothing to do', { db => $db });
    $holder->quit;
};

subtest 'two runs that start in the same moment' => sub {
    for my $round (1 .. 5)
    {
        my $db = world('two_runs');
        my @both = map { in_background('run', $plan, { db => $db }) } 1, 2;
        my @results = map { $_->finish } @both;
        my @codes = sort map { $_->{exit} } @results;
        ok($codes[0] eq '0' && $codes[1] =~ /^[06]$/, "round $round: one does it, the other is refused or finds it done")
          or diag(explain(\@results));
        is(sql($db, 'SELECT count(*) FROM interlock.run'), 1, "round $round: there is one run");
        is(sql($db, "SELECT string_agg(state, ' ' ORDER BY number) FROM interlock.step"), 'done done', "round $round: its steps are done");
        drop_world($db);
    }
};

subtest 'two plans on one table' => sub {
    my $db = world('two_runs');
    my $other = plan_file('other_plan', <<'LUA');
plan "other_plan" {
  title = "Another plan on the same table",
  phase "expand" { add_column_if_missing { table = "users", column = "age", type = "integer" } },
}
LUA
    my ($holder, $first) = stuck_run($db);
    my $second = exits(6, [ 'run', $other ], qr/two_steps/, 'the second plan is refused and the first one named', { db => $db });
    like($second->{err}, qr/users/, 'with the table');
    $holder->query('COMMIT');
    is($first->finish->{exit}, '0', 'the first one finishes');
    runs_ok([ 'run', $other ], 'then the second one runs', { db => $db });
    $holder->quit;
};

subtest 'a run that stopped breathing' => sub {
    my $db = world('two_runs');
    my ($holder, $first) = stuck_run($db);
    $first->signal('STOP');
    exits(6, [ 'run', $plan ], qr/take-over/, 'it holds the run, and the way out is named', { db => $db });
    $holder->query('COMMIT');
    my $start = time();
    runs_ok([ 'run', $plan, '--take-over' ], 'another one takes over', { db => $db });
    cmp_ok(time() - $start, '<', 15, 'soon');
    my $schema = schema_dump($db);
    my $registry = registry_state($db);
    my $epoch = sql($db, 'SELECT epoch FROM interlock.run');
    my $mark = log_mark();
    $first->signal('CONT');
    my $result = $first->finish;
    ok((grep { $result->{exit} eq $_ } 2, 3, 6), 'the stopped one ends when it wakes') or diag(explain($result));
    is(schema_dump($db), $schema, 'and has changed nothing');
    is(registry_state($db), $registry, 'nor written anything');
    is(sql($db, 'SELECT epoch FROM interlock.run'), $epoch, 'nor taken the run back');
    ok(!(grep { /\b(?:ALTER TABLE|COMMIT)\b/i } statements_of(log_since($mark), qr/^interlock:/)), 'nor sent a change');
    is(our_sessions($db), 0, 'no session of ours is left');
    $holder->quit;
};

subtest 'a run that was killed' => sub {
    my $db = world('two_runs');
    my ($holder, $first) = stuck_run($db);
    $first->signal('KILL');
    $first->finish;
    $holder->query('COMMIT');
    ok(wait_until(sub { our_sessions($db) == 0 }, 5), 'its sessions are gone soon');
    runs_ok([ 'run', $plan ], 'the next one needs no force', { db => $db });
    $holder->quit;
};

subtest 'an interrupted run' => sub {
    my $db = world('two_runs');
    my ($holder, $first) = stuck_run($db);
    $first->signal('INT');
    my $result = $first->finish;
    is($result->{exit}, '130', 'ends at a safe point');
    like($result->{err}, qr/run/, 'and says how to go on');
    $holder->query('COMMIT');
    ok(wait_until(sub { our_sessions($db) == 0 }, 5), 'its sessions are gone');
    runs_ok([ 'run', $plan ], 'and it goes on', { db => $db });
    $holder->quit;
};

subtest 'a lock that somebody else holds' => sub {
    my $seconds = $everything ? 60 : 4;
    my $db = world('two_runs');
    my ($holder, $run) = stuck_run($db);
    my $app = application($db,
        'SELECT name FROM users WHERE id = 7',
        q{UPDATE users SET name = 'x' WHERE id = 8},
        'INSERT INTO users SELECT max(id) + 1, \'new\' FROM users');
    my $pid = $holder->pid;
    sleep $seconds;
    my $told = $run->says(qr/\b$pid\b/, 15);
    ok($told, 'it says who blocks it') or diag("$run->{out}\n$run->{err}");
    like("$run->{out}$run->{err}", qr/holder/, 'by the name of its application, too');
    my $status = runs_ok([ 'status', $plan ], 'status answers', { db => $db });
    ok($run->running, 'the run goes on trying');
    my $report = $app->stop;
    is_deeply($report->{failures}, [], 'no statement of the application failed');
    cmp_ok($report->{max_ms}, '<', $ENV{SAN} ? 250 : 100, 'none waited longer than 100 ms') or diag($report->{slowest});
    cmp_ok($report->{count}, '>', $seconds * 10, 'and there were many');
    $holder->query('COMMIT');
    is($run->finish->{exit}, '0', 'once it is free, the run finishes');
    is(column_type($db, 'users', 'nick'), 'text', 'and has done its work');
    ok($status, 'status was there');
    $holder->quit;
};

subtest 'a lock that is never free' => sub {
    my $db = world('two_runs');
    my $schema = schema_dump($db);
    my $holder = sql_session($db);
    $holder->query('BEGIN; LOCK TABLE users IN ACCESS SHARE MODE');
    my $pid = $holder->pid;
    my $run = exits(3, [ 'run', $plan, '--lock-attempts', '4' ], qr/\b$pid\b/, 'run gives up and says who blocked it', { db => $db });
    like($run->{err}, qr/55P03|lock/, 'and what');
    like($run->{err}, qr/--lock-attempts/, 'and what to do');
    is(schema_dump($db), $schema, 'nothing was changed');
    $holder->query('COMMIT');
    runs_ok([ 'run', $plan ], 'later it succeeds', { db => $db });
    $holder->quit;
};

subtest 'a prepared transaction that holds the lock' => sub {
    my $db = world('two_runs');
    sql($db, q{BEGIN; LOCK TABLE users IN ACCESS SHARE MODE; INSERT INTO other VALUES (1); PREPARE TRANSACTION 'forgotten'});
    exits(3, [ 'run', $plan, '--lock-attempts', '3' ], qr/forgotten/, 'run names it', { db => $db });
    sql($db, q{ROLLBACK PREPARED 'forgotten'});
    runs_ok([ 'run', $plan ], 'then it succeeds', { db => $db });
};

done_testing();
