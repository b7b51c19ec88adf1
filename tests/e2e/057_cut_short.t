# A run, an undo or a verification that did not come to its end: what status says, and that the command it names goes
# on to where the first was going.
use strict;
use warnings;

use Interlock::Crash;
use Interlock::Test;
use Test::More;

my $world = <<'SQL';
CREATE TABLE public.users (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 100) n;
CREATE TABLE public.orders (id bigint PRIMARY KEY, user_id bigint);
SQL

my $plan = plan_file('stretches', <<'LUA');
plan "stretches" {
  title = "Two stretches of work and a stop between them",
  phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "text" } },
  gate "one" { text = "the first" },
  phase "more" {
    add_column_if_missing { table = "orders", column = "note", type = "text" },
    create_index_if_missing { table = "orders", columns = "note" },
  },
  phase "last" {
    add_column_if_missing { table = "orders", column = "rank", type = "integer" },
    expect_column { table = "orders", column = "rank", type = "integer" },
  },
}
LUA

# A database where the plan has run, and how it looked at the gate.
sub done_world
{
    my $db = world('cut_short', $world);
    exits(5, [ 'run', $plan ], undef, 'run to the gate', { db => $db });
    my $at_gate = { schema => schema_dump($db), registry => registry_state($db) };
    runs_ok([ 'gate', 'pass', $plan, '--evidence', 'seen' ], 'pass it', { db => $db });
    runs_ok([ 'run', $plan ], 'run to the end', { db => $db });
    return ($db, $at_gate);
}

sub status { my ($db) = @_; return interlock('status', $plan, { db => $db })->{out} }

sub status_json
{
    my ($db) = @_;
    my ($line) = grep { $_->{type} eq 'status' } json_lines(interlock('status', $plan, '--json', { db => $db })->{out});
    return $line;
}

subtest 'undo, killed at every message' => sub {
    my ($finished, $at_gate) = done_world();
    my $messages = 0;
    server()->stop;
    server()->start;
    my $stride = crash_all() ? 1 : 3;
    for (my $n = 1; $n < 200; $n += $stride)
    {
        my $db = "cut_$n";
        server()->safe_psql('postgres', qq{CREATE DATABASE "$db" TEMPLATE "$finished"});
        my $whole = schema_dump($db);
        my $undo = interlock('undo', $plan, '--yes', { db => $db, env => { INTERLOCK_FAULT => "kill:$n" } });
        my $ended = $undo->{exit} eq '0';
        my $begun = sql($db, 'SELECT undo_from IS NOT NULL FROM interlock.run') eq 't';
        ok($begun || $ended || schema_dump($db) eq $whole, "killed before message $n: nothing is taken back in secret");
        my $says = status($db);
        like($says, qr/an undo is under way, back to behind "one"\n.*  next: interlock undo stretches$/ms, 'status names undo') if $begun;
        unlike($says, qr/under way/, 'status is silent about it') if !$begun;
        last if $ended;
        if ($begun)
        {
            my $sync = interlock('sync', { db => $db });
            like($sync->{out}, qr/^stretches  an undo is under way; next: interlock undo stretches$/m, 'so does sync');
            exits(1, [ 'wait', $plan ], qr/an undo of plan "stretches" is under way/, 'wait does not wait for it', { db => $db }) if $n % 5 == 0;
        }
        runs_ok([ 'undo', $plan, '--yes' ], 'undo goes on', { db => $db });
        is(schema_dump($db), $at_gate->{schema}, 'as far as the first was going');
        is(sql($db, 'SELECT state, next_block, undo_from FROM interlock.run'), 'waiting|2|', 'and is through then');
        $messages = $n;
        drop_world($db);
    }
    cmp_ok($messages, '>', 10, 'it was killed at many of its messages');
};

subtest 'forward again instead' => sub {
    my ($db) = done_world();
    my $whole = schema_dump($db);
    my $messages = 0;
    for my $n (12 .. 60)
    {
        interlock('undo', $plan, '--yes', { db => $db, env => { INTERLOCK_FAULT => "kill:$n" } });
        next if sql($db, 'SELECT undo_from IS NULL FROM interlock.run') eq 't';
        $messages++;
        runs_ok([ 'run', $plan ], 'run goes forward', { db => $db });
        is(schema_dump($db), $whole, 'to the end');
        is(sql($db, 'SELECT state, undo_from FROM interlock.run'), 'done|', 'and the undo is forgotten');
        last if $messages == 6;
    }
    is($messages, 6, 'tried at several points');
};

subtest 'an undo that fails' => sub {
    my ($db) = done_world();
    sql($db, 'CREATE VIEW notes AS SELECT note FROM orders');
    exits(3, [ 'undo', $plan, '--yes' ], qr/used by view public\.notes/, 'a view is in the way', { db => $db });
    my $says = status($db);
    like($says, qr/failed: .*used by view/, 'status says why');
    like($says, qr/next: interlock undo stretches$/m, 'and that undo goes on');
    is(status_json($db)->{undoing}, JSON::PP::true, 'also as JSON');
    is(status_json($db)->{next}, 'interlock undo stretches', 'with the command');
    exits(0, [ 'undo', $plan, '-n' ], undef, 'a look at it', { db => $db });
    like(status($db), qr/next: interlock undo stretches$/m, 'changes nothing');
    sql($db, 'DROP VIEW notes');
    runs_ok([ 'undo', $plan, '--yes' ], 'it goes on', { db => $db });
    unlike(status($db), qr/under way/, 'and is over');
};

# The program stopped by SIGINT while it waits for a lock.
sub interrupted_at_a_lock
{
    my ($db, $table, @command) = @_;
    my $holder = sql_session($db);
    $holder->query("BEGIN; LOCK TABLE $table IN ACCESS SHARE MODE");
    my $run = in_background(@command, { db => $db });
    ok($run->says(qr/waiting: /), 'it waits for a lock');
    $run->signal('INT');
    my $end = $run->finish;
    $holder->quit;
    is($end->{exit}, '130', 'and is interrupted') or diag("$end->{out}$end->{err}");
    return;
}

subtest 'a run that a person interrupted has not failed' => sub {
    my $db = world('cut_short', $world);
    interrupted_at_a_lock($db, 'users', 'run', $plan);
    my $says = status($db);
    unlike($says, qr/failed/, 'status does not call it failed');
    like($says, qr/^stretches  waiting .*^  interrupted at a safe point; interlock run goes on\n  next: interlock run stretches$/ms,
        'it says what happened, and what goes on');
    is(status_json($db)->{interrupted}, JSON::PP::true, 'also as JSON');
    is(sql($db, 'SELECT count(*) FROM interlock.step WHERE message IS NOT NULL'), 0, 'no step has failed');
    exits(5, [ 'run', $plan ], undef, 'run goes on', { db => $db });
    unlike(status($db), qr/interrupted/, 'and it is no longer interrupted');
    is(status_json($db)->{interrupted}, JSON::PP::false, 'also as JSON');
};

subtest 'an undo that a person interrupted' => sub {
    my ($db, $at_gate) = done_world();
    interrupted_at_a_lock($db, 'orders', 'undo', $plan, '--yes');
    my $says = status($db);
    unlike($says, qr/failed/, 'status does not call it failed');
    like($says, qr/interrupted at a safe point; interlock undo goes on\n  next: interlock undo stretches$/m, 'undo goes on');
    runs_ok([ 'undo', $plan, '--yes' ], 'it does', { db => $db });
    is(schema_dump($db), $at_gate->{schema}, 'to the gate');
    unlike(status($db), qr/interrupted/, 'and it is no longer interrupted');
};

subtest 'a verification that is killed leaves the run where it stood' => sub {
    my ($db) = done_world();
    my $adopted = world('cut_short', $world);
    sql($adopted, 'ALTER TABLE users ADD COLUMN nick text; ALTER TABLE orders ADD COLUMN note text; ALTER TABLE orders ADD COLUMN rank integer; CREATE INDEX ON orders (note)');
    runs_ok([ 'adopt', $plan ], 'an adopted plan', { db => $adopted });
    for my $case ([ $adopted, 'adopted' ], [ $db, 'done' ])
    {
        my ($where, $state) = @$case;
        my $killed = 0;
        for (my $n = 1; $n < 60; $n += 2)
        {
            my $verify = interlock('verify', $plan, { db => $where, env => { INTERLOCK_FAULT => "kill:$n" } });
            is(sql($where, 'SELECT state FROM interlock.run'), $state, "verify, killed before message $n: $state");
            last if $verify->{exit} eq '0';
            $killed = $n;
        }
        cmp_ok($killed, '>', 5, 'it was killed at many of its messages');
        my $run = runs_ok([ 'run', $plan ], 'run', { db => $where });
        like($run->{out}, qr/nothing to do/, 'has nothing to do');
    }
};

done_testing();
