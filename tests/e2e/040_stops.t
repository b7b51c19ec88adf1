# Where a run stops and waits: gates, approvals, safety periods.  Each stop names the next command, is satisfied by
# whom it should be, and leaves the database as the blocks before it made it.
use strict;
use warnings;

use Interlock::Test;
use Test::More;

my $world = <<'SQL';
CREATE TABLE public.users (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 100) n;
CREATE TABLE public.old_users (id bigint PRIMARY KEY, note text);
SQL

server()->safe_psql('postgres', <<'SQL');
CREATE ROLE deploy LOGIN SUPERUSER;
CREATE ROLE dba;
CREATE ROLE anna LOGIN IN ROLE dba;
CREATE ROLE cara LOGIN IN ROLE dba;
CREATE ROLE bob LOGIN;
SQL

my $plan = plan_file('stops', <<'LUA');
plan "stops" {
  title = "Every kind of stop",
  phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "text" } },
  gate "release 2 is live" { text = "Release 2 writes nick." },
  phase "index" { create_index_if_missing { table = "users", columns = "nick" } },
  approval "drop the old users" { role = "dba" },
  safety_period "2 seconds" { unused = "old_users" },
  phase "contract" { drop_column_if_exists { table = "old_users", column = "note" } },
}
LUA

my $db = world('stops', $world);
my %as = (db => $db, env => { PGUSER => 'deploy' });
sub state_of { return sql($db, 'SELECT state FROM interlock.run') }

# People who decide need not own the tables; what they need on the registry is the program's to grant or to explain.
sub let_in
{
    my ($role) = @_;
    sql($db, qq{GRANT USAGE ON SCHEMA interlock TO $role; GRANT ALL ON ALL TABLES IN SCHEMA interlock TO $role;
                GRANT ALL ON ALL SEQUENCES IN SCHEMA interlock TO $role});
    return;
}

subtest 'the gate' => sub {
    my $run = exits(5, [ 'run', $plan ], undef, 'run stops at the gate', {%as});
    like("$run->{out}$run->{err}", qr/release 2 is live/, 'and names it');
    like("$run->{out}$run->{err}", qr/Release 2 writes nick/, 'with its text');
    like("$run->{out}$run->{err}", qr/interlock gate pass \S*stops\S* ['"]release 2 is live['"] --evidence/, 'and the next command');
    is(column_type($db, 'users', 'nick'), 'text', 'the phase before it is done');
    is(sql($db, q{SELECT to_regclass('users_nick_idx')}), '', 'the phase after it is not');
    is(state_of(), 'waiting', 'the run waits');
    exits(5, [ 'run', $plan ], undef, 'run stops there again', {%as});

    my $list = runs_ok([ 'gate', 'list', $plan ], 'gate list', {%as});
    like($list->{out}, qr/release 2 is live/, 'names the gate');
    exits(64, [ 'gate', 'pass', $plan, 'release 2 is live' ], qr/evidence/, 'passing needs evidence', {%as});
    my $unknown = interlock('gate', 'pass', $plan, 'release 3 is live', '--evidence', 'x', {%as});
    isnt($unknown->{exit}, '0', 'an unknown gate is an error');
    like($unknown->{err}, qr/release 2 is live/, 'that names the gates there are');
    runs_ok([ 'gate', 'pass', $plan, 'release 2 is live', '--evidence', 'deploy log 4711' ], 'gate pass', {%as});
    like(sql($db, 'SELECT c::text FROM interlock.condition c'), qr/deploy log 4711/, 'the evidence is kept');
    like(runs_ok([ 'gate', 'list', $plan ], 'gate list', {%as})->{out}, qr/deploy log 4711|passed/, 'and shown');
};

# In the journal.
my $three_decisions = qr/passed +anna +approval "drop the old users": backup is fine\n.*withdrawn +cara +approval "drop the old users": the backup is broken\n.*passed +anna +approval "drop the old users": backup is fine now/s;

subtest 'the approval' => sub {
    my $run = exits(5, [ 'run', $plan ], undef, 'run goes on to the approval', {%as});
    like("$run->{out}$run->{err}", qr/drop the old users/, 'names it');
    like("$run->{out}$run->{err}", qr/\bdba\b/, 'and the role');
    like("$run->{out}$run->{err}", qr/interlock approve \S*stops/, 'and the next command');
    isnt(sql($db, q{SELECT to_regclass('users_nick_idx')}), '', 'the index is built');

    let_in('anna'); let_in('bob');
    my $own = interlock('approve', $plan, 'drop the old users', {%as});
    isnt($own->{exit}, '0', 'who started the run cannot approve it');
    like($own->{err}, qr/deploy/, 'and is told so by name');
    my $foreign = interlock('approve', $plan, 'drop the old users', { db => $db, env => { PGUSER => 'bob' } });
    isnt($foreign->{exit}, '0', 'who is not a member of the role cannot approve it');
    like($foreign->{err}, qr/dba/, 'and is told which role it takes');
    exits(5, [ 'run', $plan ], undef, 'the run still waits', {%as});
    runs_ok([ 'approve', $plan, 'drop the old users', '--reason', 'backup is fine' ], 'a member approves',
        { db => $db, env => { PGUSER => 'anna' } });
    like(sql($db, 'SELECT c::text FROM interlock.condition c'), qr/anna/, 'and is on record');

    my ($anna, $cara) = ({ db => $db, env => { PGUSER => 'anna' } }, { db => $db, env => { PGUSER => 'cara' } });
    my $not = exits(3, [ 'approve', $plan, '--withdraw' ], qr/role bob may not approve .*nor withdraw/, 'who is not a member cannot withdraw it', { db => $db, env => { PGUSER => 'bob' } });
    like($not->{err}, qr/dba/, 'and is told which role it takes');
    runs_ok([ 'approve', $plan, '--withdraw', '-n' ], 'a look', $cara);
    like(runs_ok([ 'approve', $plan, '--withdraw', '--reason', 'the backup is broken' ], 'another member withdraws it', $cara)->{out},
        qr/approval "drop the old users" of plan "stops" is withdrawn/, 'and is told so');
    exits(1, [ 'approve', $plan, '--withdraw' ], qr/nothing to withdraw/, 'once', $anna);
    $run = exits(5, [ 'run', $plan ], undef, 'the run waits again', {%as});
    like("$run->{out}$run->{err}", qr/that of anna was withdrawn by cara: the backup is broken/, 'and says why');
    runs_ok([ 'approve', $plan, '--reason', 'backup is fine now' ], 'it is given again', $anna);
    my $log = runs_ok([ 'log', $plan ], 'log', {%as})->{out};
    like($log, $three_decisions, 'the journal has all three decisions');
};

subtest 'the safety period' => sub {
    sql($db, 'ANALYZE');
    my $run = exits(5, [ 'run', $plan ], undef, 'run stops at the safety period', {%as});
    exits(1, [ 'approve', $plan, '--withdraw' ], qr/can't be withdrawn: the run is behind it/, 'the approval before it counts',
        { db => $db, env => { PGUSER => 'anna' } });
    like("$run->{out}$run->{err}", qr/safety period/, 'names it');
    is(column_type($db, 'old_users', 'note'), 'text', 'the column is still there');

    my $status = runs_ok([ 'status', $plan ], 'status', {%as});
    like($status->{out}, qr/$_/, "status shows $_") for 'expand', 'release 2 is live', 'drop the old users', 'safety period', 'contract';
    exits(5, [ 'status', $plan, '--exit-code' ], undef, 'status --exit-code says that it waits', {%as});
    my $list = runs_ok([ 'status', $plan, '--markdown' ], 'status --markdown', {%as});
    like($list->{out}, qr/^\s*- \[x\].*expand/m, 'what is done is ticked');
    like($list->{out}, qr/^\s*- \[ \].*contract/m, 'what is not is not');
    my $json = runs_ok([ 'status', $plan, '--json' ], 'status --json', {%as});
    my @lines = eval { json_lines($json->{out}) };
    is($lines[0]{type}, 'version', 'the first line names the format');
    ok(!(grep { !exists $_->{target} } @lines), 'each line names its target');
    ok((grep { ($_->{type} // '') eq 'block' } @lines) >= 6, 'there is a line for each block') or diag($json->{out});

    sleep 3;
    runs_ok([ 'run', $plan ], 'run goes on to the end', {%as});
    is(column_type($db, 'old_users', 'note'), '', 'the column is gone');
    is(state_of(), 'done', 'the run is done');
    runs_ok([ 'status', $plan, '--exit-code' ], 'status --exit-code', {%as});
};

subtest 'a read of the table restarts its safety period' => sub {
    $db = world('stops');
    $as{db} = $db;
    my $short = plan_file('restarts', <<'LUA');
plan "restarts" {
  title = "A safety period that is disturbed",
  gate "go" { query = "SELECT true" },
  safety_period "4 seconds" { unused = "old_users" },
  phase "contract" { drop_column_if_exists { table = "old_users", column = "note" } },
}
LUA
    exits(5, [ 'run', $short ], undef, 'run waits', {%as});
    sleep 2;
    sql($db, 'SELECT count(*) FROM old_users');
    sleep 3;
    my $run = exits(5, [ 'run', $short ], undef, 'run still waits', {%as});
    like("$run->{out}$run->{err}", qr/read|used|restart/i, 'and says why');
    is(column_type($db, 'old_users', 'note'), 'text', 'the column is still there');
    sleep 5;
    runs_ok([ 'run', $short ], 'after a quiet time it goes on', {%as});
};

subtest 'gates that pass by themselves' => sub {
    $db = world('stops');
    $as{db} = $db;
    my $query = plan_file('by_query', <<'LUA');
plan "by_query" {
  title = "A gate that asks the database",
  gate "enough users" { query = "SELECT count(*) > 100 FROM users" },
  phase "expand" { add_column_if_missing { table = "users", column = "a", type = "text" } },
}
LUA
    exits(5, [ 'run', $query ], undef, 'the query says no', {%as});
    sql($db, "INSERT INTO users VALUES (101, 'the last')");
    runs_ok([ 'run', $query ], 'the query says yes', {%as});

    my $version = plan_file('by_version', <<'LUA');
plan "by_version" {
  title = "A gate that looks at the sessions",
  gate "shop 2 is live" { app = "shop", at_least = "2.0" },
  phase "expand" { add_column_if_missing { table = "users", column = "b", type = "text" } },
}
LUA
    exits(5, [ 'run', $version ], undef, 'nobody is there', {%as});
    my $old = sql_session($db, 'shop/1.9.3');
    $old->pid;
    my $new = sql_session($db, 'shop/2.0.1');
    $new->pid;
    exits(5, [ 'run', $version ], undef, 'the old release is still there', {%as});
    $old->quit;
    ok(wait_until(sub { sql($db, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'shop/1.9.3'") == 0 }), 'it leaves');
    runs_ok([ 'run', $version ], 'only the new one is left', {%as});
    $new->quit;
};

subtest 'who started a run and may approve it' => sub {
    $db = world('stops');
    $as{db} = $db;
    my $approved = plan_file('approved', <<'LUA');
plan "approved" {
  title = "Two approvals",
  phase "expand" { add_column_if_missing { table = "users", column = "a", type = "text" } },
  approval "by another" { },
  approval "by anybody" { by_other = false },
  phase "more" { add_column_if_missing { table = "users", column = "b", type = "text" } },
}
LUA
    exits(5, [ 'run', $approved ], undef, 'run', {%as});
    exits(64, [ 'approve', $approved ], qr/it has "by another", "by anybody"/, 'which one has to be said', {%as});
    exits(3, [ 'approve', $approved, 'by another' ], qr/role deploy started this run and can't approve it too/, 'not the first', {%as});
    runs_ok([ 'approve', $approved, 'by anybody' ], 'the second, before the run comes there', {%as});
    sql($db, q{UPDATE interlock.meta SET environment = 'production'});
    exits(3, [ 'approve', $approved, 'by another' ], qr/started this run/, 'not in production', {%as});
    sql($db, q{UPDATE interlock.meta SET environment = 'development'});
    runs_ok([ 'approve', $approved, 'by another' ], 'but in development', {%as});
    sql($db, q{UPDATE interlock.meta SET environment = NULL});
    runs_ok([ 'run', $approved ], 'both are open', {%as});
};

subtest 'evidence' => sub {
    $db = world('stops');
    $as{db} = $db;
    exits(5, [ 'run', $plan ], undef, 'run', {%as});
    exits(64, [ 'gate', 'pass', $plan, '--evidence', '' ], qr/needs --evidence TEXT/, 'is more than nothing', {%as});
    runs_ok([ 'gate', 'pass', $plan, '--evidence', 'first' ], 'is given', {%as});
    runs_ok([ 'gate', 'pass', $plan, '--evidence', 'second' ], 'and corrected', {%as});
    is(sql($db, q{SELECT evidence FROM interlock.condition WHERE kind = 'gate'}), 'second', 'the last counts');
};

subtest 'an edited plan' => sub {
    $db = world('stops');
    $as{db} = $db;
    exits(5, [ 'run', $plan ], undef, 'run stops at the gate', {%as});
    my $text = PostgreSQL::Test::Utils::slurp_file($plan);
    plan_file('stops', $text =~ s/columns = "nick"/columns = "name"/r);
    exits(7, [ 'run', $plan ], qr/undo the run/, 'run refuses the edited plan', {%as});
    plan_file('stops', "-- only a comment\n$text");
    exits(5, [ 'run', $plan ], undef, 'a comment is no change', {%as});
    plan_file('stops', $text);
};

subtest 'the end that was chosen' => sub {
    $db = world('stops');
    $as{db} = $db;
    exits(5, [ 'run', $plan ], undef, 'run', {%as});
    runs_ok([ 'gate', 'pass', $plan, 'release 2 is live', '--evidence', 'ticket 12' ], 'gate pass', {%as});
    interlock('run', $plan, '--once', {%as});
    isnt(sql($db, q{SELECT to_regclass('users_nick_idx')}), '', 'run --once does the next block');
    exits(64, [ 'run', $plan, '--to', 'nowhere' ], qr/nowhere/, 'an unknown block is an error', {%as});
};

subtest 'decisions outlive an undo' => sub {
    my $where = world('stops', $world);
    my $decided = plan_file('decided', 'plan "decided" { title = "x", phase "a" { add_column_if_missing { table = "users", column = "a", type = "text" } }, approval "drop the old users" { role = "dba" } }');
    my %deploy = (db => $where, env => { PGUSER => 'deploy' });
    my %by = map { $_ => { db => $where, env => { PGUSER => $_ } } } 'anna', 'cara';
    exits(5, [ 'run', $decided ], undef, 'run', {%deploy});
    runs_ok([ 'approve', $decided, '--reason', 'backup is fine' ], 'given', $by{anna});
    runs_ok([ 'approve', $decided, '--withdraw', '--reason', 'the backup is broken' ], 'withdrawn', $by{cara});
    runs_ok([ 'approve', $decided, '--reason', 'backup is fine now' ], 'given again', $by{anna});
    runs_ok([ 'run', $decided ], 'the last stop of a plan', {%deploy});
    exits(1, [ 'approve', $decided, '--withdraw' ], qr/is done/, 'a plan that is done has nothing to withdraw', $by{cara});
    runs_ok([ 'undo', $decided, '--to', 'start', '--yes' ], 'undo', {%deploy});
    is(sql($where, 'SELECT count(*) FROM interlock.condition'), 0, 'the stop is as if it had never been reached');
    like(interlock('log', $decided, {%deploy})->{out}, $three_decisions, 'the journal still says who decided what');
};

done_testing();
