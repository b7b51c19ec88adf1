# The answer to any failure is to run again, and it must come out right: after a failure in the middle of a phase,
# after an undo that was cut short, after an edit, after an answer that was lost.
use strict;
use warnings;

use Interlock::Test;
use Test::More;

my $world = <<'SQL';
CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, nick text);
INSERT INTO users SELECT n, 'user ' || n, 'nick ' || n FROM generate_series(1, 50) n;
SQL
sub state_of { return sql($_[0], 'SELECT state FROM interlock.run ORDER BY id DESC LIMIT 1') }
sub position { return sql($_[0], 'SELECT next_block FROM interlock.run ORDER BY id DESC LIMIT 1') }

subtest 'a failure in the middle of a phase' => sub {
    my $db = world('converge', $world);
    my $plan = plan_file('middle', <<'LUA');
plan "middle" {
  title = "The table of the first step is changed by the second",
  phase "expand" {
    create_table_if_missing { table = "posts", columns = "id bigint PRIMARY KEY" },
    add_column_if_missing { table = "posts", column = "body", type = "text" },
    expect_no_rows { query = "SELECT 1 FROM users WHERE id = 7", message = "number seven is gone" },
  },
}
LUA
    exits(3, [ 'run', $plan ], qr/number seven/, 'the verification fails', { db => $db });
    sql($db, 'DELETE FROM users WHERE id = 7');
    runs_ok([ 'check', $plan ], 'check takes what was done for done', { db => $db });
    runs_ok([ 'preview', $plan ], 'preview too', { db => $db });
    runs_ok([ 'run', $plan ], 'run goes on', { db => $db });
    is(state_of($db), 'done', 'to the end');
};

subtest 'a step stands on what an earlier phase changes' => sub {
    my $db = world('converge');
    my $plan = plan_file('retype', <<'LUA');
plan "retype" {
  title = "A column goes and comes back as something else",
  phase "contract" { drop_column_if_exists { table = "users", column = "nick", archive = "1 day", loses = "nobody reads it" } },
  phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "integer" } },
}
LUA
    runs_ok([ 'check', $plan ], 'check judges each step in its place', { db => $db });
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    is(column_type($db, 'users', 'nick'), 'integer', 'it is the new column');
};

subtest 'an undo that is killed never skips a stop' => sub {
    my $text = <<'LUA';
plan "stops_ahead" {
  title = "Blocks that the run never reached",
  phase "expand" { add_column_if_missing { table = "users", column = "motto", type = "text" } },
  gate "go" { },
  phase "index" { create_index_if_missing { table = "users", columns = "name" } },
  safety_period "30 days" { },
  phase "contract" { drop_column_if_exists { table = "users", column = "nick" } },
}
LUA
    my $plan = plan_file('stops_ahead', $text);
    my $count = project() . '/messages';
    my $db = world('converge');
    exits(5, [ 'run', $plan ], undef, 'run waits at the gate', { db => $db });
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db, env => { INTERLOCK_FAULT_COUNT => $count } });
    open my $file, '<', $count or die;
    my $all = readline $file;
    for my $n (grep { $_ > 0 } map { $all - $_ } 0 .. 14)
    {
        my $copy = world('converge');
        interlock('run', $plan, { db => $copy });
        my $killed = interlock('undo', $plan, '--yes', { db => $copy, env => { INTERLOCK_FAULT => "kill:$n" } });
        is($killed->{signal}, 9, "killed at $n");
        cmp_ok(position($copy), '<=', 1, 'the position never moves forward');
        my $run = interlock('run', $plan, { db => $copy });
        is($run->{exit}, '5', 'run waits at the gate again') or diag("$run->{out}$run->{err}");
        is(column_type($copy, 'users', 'nick'), 'text', 'nothing behind the gate was done');
        drop_world($copy);
    }
};

subtest 'undo, killed, run, undo: nothing is left behind' => sub {
    my $plan = plan_file('cut', <<'LUA');
plan "cut" {
  title = "A column with values",
  phase "expand" { add_column_if_missing { table = "users", column = "motto", type = "text" } },
}
LUA
    my $db = world('converge');
    my $schema = schema_dump($db);
    my $count = project() . '/messages';
    my $values = q{SELECT count(motto) || md5(string_agg(id || coalesce(motto, '-'), ',' ORDER BY id)) FROM users};
    interlock('run', $plan, { db => $db });
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db, env => { INTERLOCK_FAULT_COUNT => $count } });
    open my $file, '<', $count or die;
    my $all = readline $file;
    for my $n (grep { $_ > 0 } map { $all - $_ } 1 .. 14)
    {
        my $copy = world('converge');
        interlock('run', $plan, { db => $copy });
        sql($copy, q{UPDATE users SET motto = 'motto ' || id WHERE id % 2 = 0});
        my $before = sql($copy, $values);
        interlock('undo', $plan, '--yes', { db => $copy, env => { INTERLOCK_FAULT => "kill:$n" } });
        my $run = interlock('run', $plan, { db => $copy });
        is($run->{exit}, '0', "killed at $n: run") or diag($run->{err});
        interlock('restore', $plan, '--yes', { db => $copy });
        is(sql($copy, $values), $before, 'every value is there');
        my $undo = interlock('undo', $plan, '--yes', { db => $copy });
        is($undo->{exit}, '0', 'undo') or diag($undo->{err});
        is(schema_dump($copy), $schema, 'the schema is what it was');
        drop_world($copy);
    }
};

subtest 'an edited plan can be undone, and then begins anew' => sub {
    my $db = world('converge');
    my $text = <<'LUA';
plan "edited" {
  title = "It will be edited",
  phase "expand" { add_column_if_missing { table = "users", column = "motto", type = "text" } },
  gate "go" { },
}
LUA
    my $plan = plan_file('edited', $text);
    exits(5, [ 'run', $plan ], undef, 'run', { db => $db });
    plan_file('edited', $text =~ s/motto/slogan/r);
    exits(7, [ 'run', $plan ], qr/undo the run/, 'run refuses the edit', { db => $db });
    runs_ok([ 'undo', $plan, '--yes' ], 'undo goes by what was run', { db => $db });
    is(column_type($db, 'users', 'motto'), '', 'and takes that back');
    exits(5, [ 'run', $plan ], undef, 'run begins the edited plan', { db => $db });
    is(column_type($db, 'users', 'slogan'), 'text', 'and does what it says');
    plan_file('edited', 'this is no plan');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo does not need the file to be well', { db => $db });
    is(column_type($db, 'users', 'slogan'), '', 'it is taken back');
};

subtest 'undo of what never ran' => sub {
    my $db = world('converge');
    my $plan = plan_file('never', qq{plan "never" { title = "Never run", phase "a" { add_column_if_missing { table = "users", column = "z", type = "text" } } }});
    exits(1, [ 'undo', $plan, '--yes' ], qr/"never" has not been run/, 'says so', { db => $db });
    exits(1, [ 'undo', 'nowhere', '--yes' ], qr/no plan file and no run/, 'and where there is no such plan, that', { db => $db });
    ok(!registry_exists($db), 'nothing is made');
};

subtest 'what is asked and declined changes nothing' => sub {
    my $db = world('converge');
    my $plan = plan_file('declined', <<'LUA');
plan "declined" {
  title = "Undo will be declined",
  phase "expand" { add_column_if_missing { table = "users", column = "motto", type = "text" } },
}
LUA
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    my $registry = registry_state($db);
    exits(8, [ 'undo', $plan ], undef, 'undo without an answer', { db => $db });
    is(registry_state($db), $registry, 'leaves the registry as it was');
    runs_ok([ 'undo', $plan, '--dry-run' ], 'undo --dry-run', { db => $db });
    is(registry_state($db), $registry, 'too');
    exits(8, [ 'restore', $plan ], undef, 'restore without an answer', { db => $db });
    is(registry_state($db), $registry, 'too');
    exits(0, [ 'status', $plan, '--exit-code' ], undef, 'status says done', { db => $db });
};

subtest 'a change by hand between two phases' => sub {
    my $db = world('converge');
    my $plan = plan_file('drift', <<'LUA');
plan "drift" {
  title = "Somebody alters the table while it waits",
  phase "expand" { add_column_if_missing { table = "users", column = "motto", type = "text" } },
  gate "go" { },
  phase "index" { create_index_if_missing { table = "users", columns = "motto" } },
}
LUA
    exits(5, [ 'run', $plan ], undef, 'run waits', { db => $db });
    sql($db, "ALTER TABLE users ALTER COLUMN name TYPE varchar(300), ADD COLUMN extra int; CREATE INDEX by_hand ON users (name)");
    runs_ok([ 'gate', 'pass', $plan, 'go', '--evidence', 'yes' ], 'gate pass', { db => $db });
    my $run = exits(7, [ 'run', $plan ], qr/users changed since the last phase/, 'run refuses', { db => $db });
    like($run->{err}, qr/column name was text NOT NULL, is character varying\(300\) NOT NULL/, 'names the column that changed');
    like($run->{err}, qr/column extra is new/, 'the one that is new');
    like($run->{err}, qr/index by_hand is new/, 'and the index');
    exits(5, [ 'status', $plan, '--exit-code' ], undef, 'the run still waits', { db => $db });
    sql($db, "DROP INDEX by_hand; ALTER TABLE users DROP COLUMN extra, ALTER COLUMN name TYPE text");
    runs_ok([ 'run', $plan ], 'when that is taken back it goes on', { db => $db });
};

subtest 'a change by hand that is meant' => sub {
    my $db = world('converge');
    my $plan = plan_file('meant', <<'LUA');
plan "meant" {
  title = "Somebody alters the table while it waits",
  phase "expand" { add_column_if_missing { table = "users", column = "motto", type = "text" } },
  gate "go" { },
  phase "index" { create_index_if_missing { table = "users", columns = "motto" } },
}
LUA
    exits(5, [ 'run', $plan ], undef, 'run waits', { db => $db });
    like(runs_ok([ 'amend', $plan, '--accept-drift', '--yes' ], 'there is nothing to accept yet', { db => $db })->{out},
        qr/nothing to accept: the tables are as the last phase left them/, 'which is said');
    sql($db, 'CREATE INDEX by_hand ON users (name)');
    runs_ok([ 'gate', 'pass', $plan, 'go', '--evidence', 'yes' ], 'gate pass', { db => $db });
    exits(7, [ 'run', $plan ], qr/interlock amend meant --accept-drift/, 'run refuses, and says how it may go on', { db => $db });
    exits(64, [ 'amend', $plan, '--accept-drift', '--accept', 'abcdef0123' ], qr/two decisions/, 'a table and a plan are two decisions', { db => $db });
    my $look = runs_ok([ 'amend', $plan, '--accept-drift', '-n' ], 'a look', { db => $db });
    like($look->{out}, qr/public\.users: index by_hand is new \(CREATE INDEX by_hand/, 'shows what changed');
    exits(8, [ 'amend', $plan, '--accept-drift' ], qr/--yes/, 'it asks', { db => $db });
    exits(7, [ 'run', $plan ], qr/by_hand/, 'nothing is accepted so far', { db => $db });
    like(runs_ok([ 'amend', 'meant', '--accept-drift', '--yes' ], 'by the name of the plan', { db => $db })->{out},
        qr/accepted.*goes on with public\.users as it is\n  next: interlock run meant$/m, 'it is accepted');
    like(runs_ok([ 'log', $plan ], 'log', { db => $db })->{out}, qr/drift +postgres +accepted: public\.users: index by_hand is new/, 'the journal says what and who');
    like(sql($db, q{SELECT fingerprint FROM interlock.claim}), qr/by_hand/, 'the table counts as it is');
    sql($db, 'ALTER TABLE users ADD COLUMN later int');
    exits(7, [ 'run', $plan ], qr/column later is new/, 'what somebody changes after that is found', { db => $db });
    sql($db, 'ALTER TABLE users DROP COLUMN later');
    runs_ok([ 'run', $plan ], 'and the plan goes on', { db => $db });
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'as does undo', { db => $db });
    is(sql($db, q{SELECT to_regclass('by_hand')}), 'by_hand', 'which leaves what was accepted');
};

subtest 'what a half-done phase changed itself is no change by hand' => sub {
    my $db = world('converge');
    my $plan = plan_file('half_done', <<'LUA');
plan "half_done" {
  title = "Fails in the middle of its second phase",
  phase "one" { add_column_if_missing { table = "users", column = "a", type = "text" } },
  phase "two" {
    add_column_if_missing { table = "users", column = "b", type = "text" },
    expect_no_rows { query = "SELECT id FROM users", message = "there are users" },
  },
}
LUA
    exits(3, [ 'run', $plan ], undef, 'run fails', { db => $db });
    my $state = registry_state($db);
    like(runs_ok([ 'amend', $plan, '--accept-drift', '--yes' ], 'amend --accept-drift', { db => $db })->{out},
        qr/nothing to accept: a phase is half done/, 'has nothing to accept');
    is(registry_state($db), $state, 'the run is as it was');
};

subtest 'a new partition of a referenced table is no drift' => sub {
    my $db = world('partitioned_parent', <<'SQL');
CREATE TABLE users (id bigint PRIMARY KEY, name text) PARTITION BY RANGE (id);
CREATE TABLE users_1 PARTITION OF users FOR VALUES FROM (0) TO (100);
CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users);
SQL
    my $plan = plan_file('partition', <<'LUA');
plan "partition" {
  title = "A table that refers to a partitioned one",
  phase "expand" { add_column_if_missing { table = "notes", column = "a", type = "text" } },
  gate "go" { },
  phase "more" { add_column_if_missing { table = "notes", column = "b", type = "text" } },
}
LUA
    exits(5, [ 'run', $plan ], undef, 'run waits', { db => $db });
    sql($db, 'CREATE TABLE users_2 PARTITION OF users FOR VALUES FROM (100) TO (200)');
    runs_ok([ 'gate', 'pass', $plan, 'go', '--evidence', 'yes' ], 'gate pass', { db => $db });
    my @lines = json_lines(runs_ok([ 'preview', $plan, '--json' ], 'preview', { db => $db })->{out});
    my %state = map { $_->{number} => "$_->{state} " . @{ $_->{sql} } } grep { $_->{type} eq 'step' } @lines;
    is_deeply(\%state, { 1 => 'done 0', 2 => 'absent 1' }, 'preview knows what was done');
    runs_ok([ 'run', $plan ], 'run goes on', { db => $db });
};

subtest 'an index is built whatever the limits of the role' => sub {
    my $db = world('converge');
    sql($db, qq{ALTER DATABASE "$db" SET statement_timeout = '300ms'; ALTER DATABASE "$db" SET lock_timeout = '300ms';
                ALTER DATABASE "$db" SET default_transaction_isolation = 'serializable'});
    my $plan = plan_file('slow_index', <<'LUA');
plan "slow_index" {
  title = "An index",
  phase "expand" { create_index_if_missing { table = "users", columns = "name" } },
}
LUA
    my $old = sql_session($db);
    $old->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM users');
    my $run = in_background('run', $plan, { db => $db });
    sleep 1;
    ok($run->running, 'the build waits for the older transaction, longer than the limits') or diag($run->{err});
    $old->quit;
    my $end = $run->finish;
    is($end->{exit}, '0', 'and is done when that ends') or diag("$end->{out}$end->{err}");
    is(sql($db, q{SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_name_idx'::regclass}), 't', 'the index is valid');
};

subtest 'a worker that is ended by somebody goes on' => sub {
    my $db = world('converge');
    my $plan = plan_file('ended', <<'LUA');
plan "ended" {
  title = "The insert takes a while",
  phase "fill" {
    sql_step { sql = "INSERT INTO users SELECT 1000, 'late', 'late' FROM pg_sleep(2)", undo = "DELETE FROM users WHERE id = 1000", reason = "test" },
  },
}
LUA
    my $run = in_background('run', $plan, { db => $db });
    my $worker = q{SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg\_sleep(2)%' AND application_name LIKE 'interlock:%' AND state = 'active' AND datname = current_database()};
    ok(wait_until(sub { sql($db, $worker) }), 'it is at work');
    sql($db, "SELECT pg_terminate_backend(pid) FROM ($worker) AS w");
    my $end = $run->finish;
    is($end->{exit}, '0', 'it connects again and does it') or diag("$end->{out}$end->{err}");
    is(sql($db, 'SELECT count(*) FROM users WHERE id = 1000'), 1, 'once');
};

done_testing();
