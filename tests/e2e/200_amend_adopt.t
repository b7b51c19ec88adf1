# An edited plan for a run that is under way, and a plan that others have done by hand.
use strict;
use warnings;

use Interlock::Crash;
use Interlock::Test;
use List::Util qw(shuffle);
use PostgreSQL::Test::Utils;
use Test::More;

my $world = <<'SQL';
CREATE TABLE public.users (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 100) n;
CREATE TABLE public.orders (id bigint PRIMARY KEY, user_id bigint NOT NULL);
CREATE TABLE public.notes (id bigint PRIMARY KEY, body text);
SQL

# The plan in pieces, so that an edit is one of them.
my %piece = (
    settings => 'title = "A run with a stop in the middle",',
    expand   => 'phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "text" } },',
    gate     => 'gate "release 2 is live" { text = "Release 2 writes nick." },',
    index    => 'phase "index" { create_index_if_missing { table = "users", columns = "nick" } },',
    more     => '',
    approval => 'approval "go" { by_other = false },',
    last     => 'phase "last" { add_column_if_missing { table = "notes", column = "author", type = "bigint" } },',
);
my @order = qw(settings expand gate index more approval last);

sub plan_text
{
    my (%edit) = @_;
    my %text = (%piece, %edit);
    return "plan \"edited\" {\n" . join('', map { "  $text{$_}\n" } @order) . "}\n";
}

sub write_plan { return plan_file('edited', plan_text(@_)) }

# The plan's hash as `show` gives it.
sub hash_of
{
    my ($text) = @_;
    plan_file('hashed', $text);
    return JSON::PP::decode_json(interlock('show', 'hashed', '--json')->{out})->{hash};
}

# A run that waits at the gate, and its database.
sub at_the_gate
{
    my $db = world('amend', $world);
    my $plan = write_plan();
    my $run = interlock('run', $plan, { db => $db });
    is($run->{exit}, '5', 'a run waits at the gate') or diag($run->{err});
    return ($db, $plan);
}

sub one { my ($db, $query) = @_; return sql($db, $query) }

subtest 'a look' => sub {
    my ($db, $plan) = at_the_gate();
    runs_ok([ 'amend', $plan ], 'the file as it was: nothing to amend', { db => $db });
    my $before = registry_state($db);
    write_plan(index => 'phase "index" { create_index_if_missing { table = "users", columns = "name" } },',
        settings => 'title = "A run with a stop in the middle", lock_timeout = "80 ms",');
    exits(7, [ 'run', $plan ], qr/interlock amend edited/, 'run refuses the edited file, and names amend', { db => $db });
    my $look = exits(8, [ 'amend', $plan ], qr/--accept [0-9a-f]{12}\b/, 'amend names the command that takes it over', { db => $db });
    like($look->{out}, qr/phase "index", step 1 .*columns was "nick", is "name"/, 'the step, the option, was and is');
    like($look->{out}, qr/settings: lock_timeout was .*50.*, is .*80/, 'a setting, too');
    unlike($look->{out}, qr/expand|release 2/, 'what is equal is not listed');
    runs_ok([ 'amend', $plan, '-n' ], 'a dry run shows the same', { db => $db });
    is(registry_state($db), $before, 'and nothing was changed');

    my $json = interlock('amend', $plan, '--json', { db => $db });
    is($json->{exit}, '8', 'amend --json');
    my @changes = grep { $_->{type} eq 'change' } json_lines($json->{out});
    is(scalar @changes, 2, 'a line for each difference') or diag($json->{out});
    my ($column) = grep { ($_->{option} // '') eq 'columns' } @changes;
    is_deeply([ @{$column}{qw(label step was is)} ], [ 'index', 2, '"nick"', '"name"' ], 'with all that a tool needs');

    exits(64, [ 'amend', $plan, '--accept', 'abc' ], qr/not a hash/, 'a hash that is too short', { db => $db });
    exits(7, [ 'amend', $plan, '--accept', '0123456789ab', '--yes' ], qr/--accept names 0123456789ab/, 'another hash', { db => $db });
    my ($hash) = $look->{err} =~ /--accept ([0-9a-f]{12})/;
    exits(8, [ 'amend', $plan, '--accept', $hash ], qr/--yes/, 'it asks', { db => $db });
    is(registry_state($db), $before, 'and nothing was changed by any of them');
};

subtest 'the exchange' => sub {
    my ($db, $plan) = at_the_gate();
    my $old = one($db, 'SELECT hash FROM interlock.run');
    runs_ok([ 'gate', 'pass', $plan, 'release 2 is live', '--evidence', 'log' ], 'the gate is passed', { db => $db });
    runs_ok([ 'approve', $plan, 'go' ], 'and the approval given, both ahead of time', { db => $db });
    write_plan(
        index => 'phase "index" { create_index_if_missing { table = "users", columns = "name" } },',
        more => 'phase "more" { add_column_if_missing { table = "orders", column = "paid", type = "boolean" } },',
        last => '');
    my $look = exits(8, [ 'amend', $plan ], undef, 'amend', { db => $db });
    like($look->{out}, qr/phase "more" is new/, 'a new phase');
    like($look->{out}, qr/phase "last" is gone/, 'one that is gone');
    like($look->{out}, qr/approval "go" by \w+ was for the plan as it is/, 'an approval that is void');
    unlike($look->{out}, qr/release 2/, 'the gate stays passed');
    my ($hash) = $look->{err} =~ /--accept ([0-9a-f]{12})/;
    my $fingerprint = one($db, q{SELECT md5(fingerprint::text) FROM interlock.claim WHERE relation = 'public.users'});
    my $done = runs_ok([ 'amend', $plan, '--accept', $hash, '--yes' ], 'amend --accept', { db => $db });
    like($done->{out}, qr/next: interlock run edited/, 'the next command');
    like(one($db, 'SELECT hash FROM interlock.run'), qr/^$hash/, 'the registry has the new hash');
    is(one($db, 'SELECT state FROM interlock.run'), 'waiting', 'the run waits');
    is(one($db, q{SELECT string_agg(number || ' ' || block || ' ' || primitive || ' ' || state, ', ' ORDER BY number) FROM interlock.step}),
        '1 0 add_column_if_missing done, 2 2 create_index_if_missing pending, 3 3 add_column_if_missing pending', 'and the new steps');
    is(one($db, q{SELECT string_agg(relation, ' ' ORDER BY relation) FROM interlock.claim}), 'public.orders public.users', 'its tables are claimed');
    is(one($db, q{SELECT md5(fingerprint::text) FROM interlock.claim WHERE relation = 'public.users'}), $fingerprint, 'what users looked like is kept');
    like(one($db, q{SELECT statement FROM interlock.event WHERE kind = 'amend'}), qr/^plan $old -> $hash[0-9a-f]+; no longer good: approval "go" by \w+/,
        'the journal has both hashes and what was lost');

    my $run = exits(5, [ 'run', $plan ], undef, 'run goes on with the new plan, past the gate to the approval', { db => $db });
    like($run->{out}, qr/waiting at approval "go"/, 'where it waits again');
    isnt(one($db, q{SELECT to_regclass('users_name_idx')}), '', 'the new index is there');
    is(one($db, q{SELECT to_regclass('users_nick_idx')}), '', 'the old one is not');
    is(column_type($db, 'orders', 'paid'), 'boolean', 'the new column is there');
    runs_ok([ 'approve', $plan, 'go' ], 'the approval is given anew', { db => $db });
    runs_ok([ 'run', $plan ], 'run goes on to the end', { db => $db });
    is(column_type($db, 'notes', 'author'), '', 'what was taken out did not run');
    write_plan();
    exits(7, [ 'amend', $plan ], qr/give the new plan a new name/, 'a plan that is done is not amended', { db => $db });
    write_plan(
        index => 'phase "index" { create_index_if_missing { table = "users", columns = "name" } },',
        more => 'phase "more" { add_column_if_missing { table = "orders", column = "paid", type = "boolean" } },',
        last => '');
    my $schema = schema_dump($db);
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo takes back what both plans did', { db => $db });
    is(column_type($db, 'users', 'nick') . column_type($db, 'orders', 'paid'), '', 'all of it');
    isnt(schema_dump($db), $schema, 'which shows in the schema');
    like(runs_ok([ 'amend', $plan ], 'a plan that was undone begins anew', { db => $db })->{out}, qr/nothing to amend/, 'and needs no amend');
};

subtest 'a safety period that is waited for' => sub {
    my $db = world('amend');
    my %wait = (gate => 'safety_period "30 days" { unused = "notes" },', last => 'phase "contract" { drop_column_if_exists { table = "notes", column = "body" } },');
    my $plan = write_plan(%wait);
    exits(5, [ 'run', $plan ], undef, 'run waits', { db => $db });
    my $due = one($db, 'SELECT due FROM interlock.condition');
    my $comment = sub { return one($db, q{SELECT coalesce(obj_description('notes'::regclass), '')}) };
    my $amend = sub {
        my ($accept) = interlock('amend', $plan, { db => $db })->{err} =~ /--accept ([0-9a-f]{12})/;
        return runs_ok([ 'amend', $plan, '--accept', $accept, '--yes' ], $_[0], { db => $db });
    };
    write_plan(%wait, index => '');
    $amend->('what follows it is another');
    is(one($db, 'SELECT due FROM interlock.condition'), $due, 'it goes on as it was');
    write_plan(%wait, index => '', gate => 'safety_period "60 days" { unused = "notes" },');
    $amend->('it is longer now');
    is(one($db, 'SELECT count(*) FROM interlock.condition'), '0', 'it begins anew');
    exits(5, [ 'run', $plan ], undef, 'run waits', { db => $db });
    isnt(one($db, 'SELECT due FROM interlock.condition'), $due, 'longer');
    write_plan(%wait, index => '', gate => '', last => 'phase "last" { add_column_if_missing { table = "notes", column = "z", type = "text" } },');
    $amend->('it is taken out');
    is($comment->(), '', 'with what it wrote into the comment of its table');
    is(one($db, 'SELECT count(*) FROM interlock.condition'), '0', 'and its row');
};

subtest 'what has run' => sub {
    my ($db, $plan) = at_the_gate();
    my $before = registry_state($db);
    my %edits = (
        'an option' => [ { expand => 'phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "varchar(20)" } },' },
            qr/phase "expand", step 1 .*type was "text", is "varchar\(20\)"|type was "text", is "character varying/ ],
        'one more step' => [ { expand => 'phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "text" },
            add_column_if_missing { table = "users", column = "motto", type = "text" } },' }, qr/phase "expand", step 2 .*motto.* is new/ ],
        'one step less' => [ { expand => 'phase "expand" { },' }, qr/phase "expand", step 1 .*nick.* is gone/ ],
        'a phase before it' => [ { settings => $piece{settings} . ' phase "zero" { add_column_if_missing { table = "notes", column = "z", type = "text" } },' },
            qr/phase "zero" is new/ ],
        'another name' => [ { expand => $piece{expand} =~ s/"expand"/"enlarge"/r }, qr/phase "expand": label was "expand", is "enlarge"/ ],
        'no such phase' => [ { expand => '' }, qr/phase "expand" is gone/ ],
    );
    for my $name (sort keys %edits)
    {
        my ($edit, $pattern) = @{ $edits{$name} };
        write_plan(%$edit);
        my $look = exits(7, [ 'amend', $plan ], $pattern, "$name is refused, and named", { db => $db });
        like($look->{err}, qr/interlock undo edited --to "start"/, "$name: with the way out");
        exits(7, [ 'amend', $plan, '--accept', substr(hash_of(plan_text(%$edit)), 0, 12), '--yes' ], $pattern, "$name: --accept does not help", { db => $db });
    }
    is(registry_state($db), $before, 'nothing was changed');
    write_plan(expand => "-- the same\n  " . $piece{expand} =~ s/type = "text"/type = "text", timeout = nil/r);
    runs_ok([ 'amend', $plan ], 'a comment is no difference', { db => $db });
};

subtest 'a phase that is half done' => sub {
    my $db = world('amend');
    my $plan = write_plan(expand => 'phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "text" },
        sql_step { sql = "UPDATE users SET name = NULL", undo = false, reason = "it fails" } },', gate => '');
    my $run = interlock('run', $plan, { db => $db });
    is($run->{exit}, '3', 'a step fails') or diag("$run->{out}$run->{err}");
    write_plan(gate => '');
    exits(7, [ 'amend', $plan ], qr/sql_step|SELECT 1|step 2/, 'the phase has begun: it stays', { db => $db });
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undone', { db => $db });
    runs_ok([ 'amend', $plan ], 'it begins anew', { db => $db });

    $db = world('amend');
    $plan = write_plan(gate => '', index => 'phase "index" { sql_step { sql = "UPDATE users SET name = NULL", undo = false, reason = "it fails" } },');
    is(interlock('run', $plan, { db => $db })->{exit}, '3', 'the first step of a phase fails');
    is(one($db, 'SELECT state FROM interlock.run'), 'failed', 'the run has failed');
    write_plan(gate => '');
    my $look = exits(8, [ 'amend', $plan ], undef, 'it may be another', { db => $db });
    my ($hash) = $look->{err} =~ /--accept ([0-9a-f]{12})/;
    runs_ok([ 'amend', $plan, '--accept', $hash, '--yes' ], 'amend', { db => $db });
    is(one($db, q{SELECT state || coalesce((SELECT message FROM interlock.step WHERE message IS NOT NULL), '') FROM interlock.run}), 'waiting', 'the failure is gone with its step');
    exits(5, [ 'run', $plan ], undef, 'and the run goes on', { db => $db });
};

subtest 'tables of others, and a catalogue that does not agree' => sub {
    my ($db, $plan) = at_the_gate();
    my $other = plan_file('other', 'plan "other" { title = "Holds orders", phase "a" { add_column_if_missing
        { table = "orders", column = "a", type = "text" } }, gate "later" { }, phase "b" { add_column_if_missing { table = "orders", column = "b", type = "text" } } }');
    exits(5, [ 'run', $other ], undef, 'another plan has orders', { db => $db });
    my $before = registry_state($db);
    my %edit = (more => 'phase "more" { add_column_if_missing { table = "orders", column = "paid", type = "boolean" } },');
    write_plan(%edit);
    my ($accept) = exits(8, [ 'amend', $plan ], undef, 'amend shows the difference', { db => $db })->{err} =~ /--accept ([0-9a-f]{12})/;
    exits(6, [ 'amend', $plan, '--accept', $accept, '--yes' ], qr/public\.orders is claimed by plan "other"/, 'and refuses the table', { db => $db });
    is(registry_state($db), $before, 'nothing was changed');

    $db = world('amend');
    $plan = write_plan(gate => '', index => 'phase "index" { sql_step { sql = "UPDATE users SET name = NULL", undo = false, reason = "it fails" } },');
    interlock('run', $plan, { db => $db });
    $before = registry_state($db);
    write_plan(gate => '', index => 'phase "index" { add_column_if_missing { table = "usres", column = "x", type = "text" } },');
    ($accept) = exits(8, [ 'amend', $plan ], undef, 'a column of a table that is not there', { db => $db })->{err} =~ /--accept ([0-9a-f]{12})/;
    exits(4, [ 'amend', $plan, '--accept', $accept, '--yes' ], qr/public\.usres.*not amended/s, 'is refused before anything is written', { db => $db });
    is(registry_state($db), $before, 'nothing was changed');
    write_plan(gate => '', index => 'phase "add and drop" { drop_column_if_exists { table = "notes", column = "body" } },');
    exits(4, [ 'amend', $plan ], qr/misleading-name|destructive-before-safety/, 'what the plan alone shows is refused, too', { db => $db });
};

subtest 'who else is there' => sub {
    my $db = world('amend');
    my $plan = write_plan(gate => '');
    my $holder = sql_session($db);
    $holder->query('BEGIN; LOCK TABLE users IN ACCESS SHARE MODE');
    my $run = in_background('run', $plan, '--lock-attempts', '100000', { db => $db });
    ok(wait_until(sub { registry_exists($db) && one($db, "SELECT count(*) FROM interlock.run WHERE state = 'running'") }), 'a run is under way');
    write_plan(gate => '', last => '');
    my ($accept) = exits(8, [ 'amend', $plan ], undef, 'a look is possible meanwhile', { db => $db })->{err} =~ /--accept ([0-9a-f]{12})/;
    exits(6, [ 'amend', $plan, '--accept', $accept, '--yes' ], qr/being run by/, 'an exchange is not', { db => $db });
    $run->signal('KILL');
    $run->finish;
    $holder->query('COMMIT');
    $holder->quit;
    ok(wait_until(sub { one($db, "SELECT count(*) FROM pg_stat_activity WHERE datname = '$db' AND application_name LIKE 'interlock:%'") == 0 }), 'it is killed');
    runs_ok([ 'amend', $plan, '--accept', $accept, '--yes' ], 'then it is', { db => $db });
    is(one($db, 'SELECT state FROM interlock.run'), 'waiting', 'and the run is at rest');

    # A decision of the very moment: made for the plan as it was, it comes too late.
    ($db, $plan) = at_the_gate();
    my $lock = sql_session($db);
    $lock->query('BEGIN; LOCK TABLE interlock.condition IN SHARE ROW EXCLUSIVE MODE');
    my $pass = in_background('gate', 'pass', $plan, 'release 2 is live', '--evidence', 'x', { db => $db });
    ok(wait_until(sub { one($db, "SELECT count(*) FROM pg_locks WHERE relation = 'interlock.condition'::regclass AND NOT granted") == 1 }), 'a decision waits');
    $lock->query(q{UPDATE interlock.run SET hash = 'another'; COMMIT});
    my $result = $pass->finish;
    is($result->{exit}, '7', 'the plan was amended meanwhile');
    like($result->{err}, qr/amended/, 'and it says so');
    is(one($db, 'SELECT count(*) FROM interlock.condition WHERE satisfied_at IS NOT NULL'), '0', 'nothing was decided');
    $lock->quit;
};

subtest 'an archive stays with its step' => sub {
    my $db = world('amend');
    my $plan = write_plan();
    exits(5, [ 'run', $plan ], undef, 'run', { db => $db });
    runs_ok([ 'gate', 'pass', $plan, 'release 2 is live', '--evidence', 'x' ], 'gate pass', { db => $db });
    runs_ok([ 'approve', $plan, 'go' ], 'approve', { db => $db });
    runs_ok([ 'run', $plan ], 'run to the end', { db => $db });
    sql($db, q{INSERT INTO notes VALUES (1, 'x', 42)});
    runs_ok([ 'undo', $plan, '--yes' ], 'undo archives what was written', { db => $db });
    is(one($db, 'SELECT count(*) FROM ' . one($db, q{SELECT 'interlock.' || relname FROM pg_class WHERE relname LIKE 'archive%' AND relkind = 'r'})), '1', 'a row');
    my %edit = (last => 'phase "more" { add_column_if_missing { table = "orders", column = "paid", type = "boolean" } },' . $piece{last});
    write_plan(%edit);
    my $look = exits(8, [ 'amend', $plan ], undef, 'a phase before it', { db => $db });
    my ($accept) = $look->{err} =~ /--accept ([0-9a-f]{12})/;
    exits(7, [ 'amend', $plan, '--accept', $accept, '--yes' ], qr/step 3 is to be another one, and has an archive/, 'would give its archive to another step', { db => $db });
    is(one($db, q{SELECT count(*) FROM interlock.event WHERE kind = 'amend'}), '0', 'and is refused');
};

subtest 'killed at any message' => sub {
    my ($db, $plan) = at_the_gate();
    my %edit = (index => 'phase "index" { create_index_if_missing { table = "users", columns = "name" } },',
        more => 'phase "more" { add_column_if_missing { table = "orders", column = "paid", type = "boolean" } },');
    write_plan(%edit);
    my ($accept) = interlock('amend', $plan, { db => $db })->{err} =~ /--accept ([0-9a-f]{12})/;
    my $state = sub {
        my ($of) = @_;
        return registry_state($of) . sql($of, q{SELECT md5(compiled::text) || state || next_block || (SELECT count(*) FROM interlock.event WHERE kind = 'amend') FROM interlock.run})
          =~ s/running/waiting/gr;
    };
    my $old = $state->($db) =~ s/ running / waiting /gr;
    my $count = project() . '/fault-count';
    my $whole = interlock('amend', $plan, '--accept', $accept, '--yes', { db => $db, env => { INTERLOCK_FAULT_COUNT => $count } });
    is($whole->{exit}, '0', 'undisturbed');
    my $new = $state->($db);
    isnt($new, $old, 'there is a difference to see');
    my ($sent) = slurp_file($count) =~ /(\d+)/;
    cmp_ok($sent, '>', 10, 'messages are counted');
    crash_seed();
    my @points = map { my $n = $_; map { "$_:$n" } 'kill', 'kill-after' } 1 .. $sent;
    @points = ((shuffle @points)[0 .. ($ENV{SAN} ? 5 : 13)], map { ("kill:$_", "kill-after:$_") } $sent - 1, $sent) unless crash_all();
    my %seen;
    for my $fault (@points)
    {
        next if $seen{$fault}++;
        my $copy = world('amend');
        write_plan();
        interlock('run', $plan, { db => $copy });
        write_plan(%edit);
        my $killed = interlock('amend', $plan, '--accept', $accept, '--yes', { db => $copy, env => { INTERLOCK_FAULT => $fault } });
        wait_until(sub { one($copy, "SELECT count(*) FROM pg_stat_activity WHERE datname = '$copy' AND application_name LIKE 'interlock:%'") == 0 }, 10);
        my $now = $state->($copy) =~ s/ running / waiting /gr;
        my $which = $now eq $old ? 'old' : $now eq $new ? 'new' : 'neither';
        my $again = interlock('amend', $plan, '--accept', $accept, '--yes', { db => $copy });
        my $end = $state->($copy);
        ok($killed->{signal} == 9 && $which ne 'neither' && $again->{exit} eq '0' && $end eq $new,
            "$fault: the $which plan, whole; again: the new one")
          or diag("signal $killed->{signal}, then $which:\n$now\nagain: exit $again->{exit} $again->{err}\n$end");
        drop_world($copy);
    }
};

subtest 'adopt' => sub {
    my $text = <<'LUA';
plan "adopted" {
  title = "Done by hand",
  phase "expand" {
    add_column_if_missing { table = "users", column = "nick", type = "text" },
    create_index_if_missing { table = "users", columns = "nick" },
    expect_column { table = "users", column = "nick", type = "text" },
  },
  gate "release 3 is live" { },
  phase "data" { sql_step { sql = "UPDATE users SET nick = name", undo = false, reason = "names are nicks" } },
  phase "look" { expect_no_rows { query = "SELECT id FROM users WHERE nick IS NULL", message = "no nick" } },
}
LUA
    my $plan = plan_file('adopted', $text);
    my $db = world('amend');
    my $refused = exits(4, [ 'adopt', $plan, '--yes' ], qr/was not adopted/, 'nothing of it is there', { db => $db });
    like($refused->{err}, qr/add column nick text to public\.users: it is not there/, 'the column');
    like($refused->{err}, qr/users_nick_idx.*: it is not there|users_nick_idx/, 'the index');
    like($refused->{err}, qr/4 errors/, 'and the verifications are listed, all at once') or diag($refused->{err});
    ok(!registry_exists($db), 'nothing is written, no registry made');

    sql($db, 'ALTER TABLE users ADD COLUMN nick integer');
    exits(4, [ 'adopt', $plan, '--yes' ], qr/\[conflict\].*found: +.*integer/s, 'a column of another type is refused', { db => $db });
    sql($db, 'ALTER TABLE users DROP COLUMN nick; ALTER TABLE users ADD COLUMN nick text; CREATE INDEX users_nick_idx ON users (nick)');
    exits(4, [ 'adopt', $plan, '--yes' ], qr/\[expectation\].*no nick.*20 rows or more|no nick/s, 'a verification that does not hold is refused', { db => $db });
    ok(!registry_exists($db), 'nothing is written');
    sql($db, 'UPDATE users SET nick = name');
    my $schema = schema_dump($db);
    my $rows = table_rows($db);
    like(runs_ok([ 'adopt', $plan, '-n' ], 'adopt -n', { db => $db })->{out}, qr/can be adopted/, 'says that it can be');
    exits(8, [ 'adopt', $plan ], qr/UPDATE.*names are nicks.*--yes/s, 'what the catalogue cannot tell is asked', { db => $db });
    ok(!registry_exists($db), 'nothing is written');
    like(runs_ok([ 'adopt', $plan, '--yes' ], 'adopt', { db => $db })->{out}, qr/adopted.*5 steps/, 'says what it did');
    is(schema_dump($db), $schema, 'the schema is as it was');
    is(table_rows($db), $rows, 'so are the rows');
    is(one($db, q{SELECT state || ' ' || next_block || ' ' || (finished_at IS NOT NULL) FROM interlock.run}), 'adopted 4 true', 'the run is adopted');
    is(one($db, q{SELECT string_agg(DISTINCT state || ' ' || created, ', ') FROM interlock.step}), 'done false', 'its steps are done, by others');
    is(one($db, 'SELECT count(*) FROM interlock.claim'), '0', 'nothing is claimed');

    like(runs_ok([ 'run', $plan ], 'run', { db => $db })->{out}, qr/nothing to do.*adopted/, 'there is nothing to do');
    like(runs_ok([ 'adopt', $plan ], 'adopt again', { db => $db })->{out}, qr/nothing to adopt/, 'nor to adopt');
    my $status = runs_ok([ 'status', $plan, '--exit-code' ], 'status', { db => $db });
    like($status->{out}, qr/adopted/, 'says adopted');
    unlike($status->{out}, qr/next:/, 'with nothing to type next');
    unlike(runs_ok([ 'gate', 'list' ], 'gate list', { db => $db })->{out}, qr/release 3/, 'no gate is open');
    exits(1, [ 'gate', 'pass', $plan, 'release 3 is live', '--evidence', 'x' ], qr/is adopted/, 'nor to be passed', { db => $db });
    plan_file('adopted', $text =~ s/"nick",? type = "text"/"nick", type = "varchar"/r);
    exits(7, [ 'run', $plan ], qr/new name/, 'an edited file is another plan', { db => $db });
    exits(7, [ 'adopt', $plan ], qr/new name/, 'for adopt, too', { db => $db });
    exits(7, [ 'amend', $plan ], qr/new name/, 'and for amend', { db => $db });
    plan_file('adopted', $text);
    my $other = plan_file('other_users', 'plan "other_users" { title = "Free", phase "a" { add_column_if_missing { table = "users", column = "z", type = "text" } } }');
    runs_ok([ 'run', $other ], 'its tables are free for others', { db => $db });
    ($schema, $rows) = (schema_dump($db), table_rows($db));
    for my $undo ([ 'undo', $plan ], [ 'undo', $plan, '--to', 'start', '--yes' ], [ 'undo', 'adopted', '-n' ], [ 'restore', $plan, '--yes' ])
    {
        exits(1, $undo, qr/was adopted: this run did nothing.*= help: to take it away, write a plan under a new name/s, "@$undo[0, 2 .. $#$undo]: refused", { db => $db });
    }
    is(schema_dump($db), $schema, 'nothing is taken away');
    is(one($db, q{SELECT state FROM interlock.run WHERE plan = 'adopted'}), 'adopted', 'and the run is still adopted');
    like(runs_ok([ 'run', $plan ], 'run', { db => $db })->{out}, qr/nothing to do.*adopted/, 'sends none of its statements');
    is(table_rows($db), $rows, 'no row was touched');
    my $under_way = plan_file('begun', 'plan "begun" { title = "x", phase "a" { add_column_if_missing { table = "notes", column = "z", type = "text" } }, gate "g" { } }');
    exits(5, [ 'run', $under_way ], undef, 'another plan', { db => $db });
    exits(6, [ 'adopt', $under_way ], qr/under way/, 'is not adopted while it is under way', { db => $db });

    my $parameters = plan_file('several', 'local t = param "t" { kind = "identifier" } plan "several" { title = "x", phase "a" { add_column_if_missing { table = t, column = "nick", type = "text" } } }');
    my $result = interlock('adopt', $parameters, '--set', 't=users', '--json', { db => $db });
    is($result->{exit}, '0', 'a plan with parameters') or diag("$result->{out}$result->{err}");
    my ($done) = grep { $_->{type} eq 'done' } json_lines($result->{out});
    is($done && $done->{state}, 'adopted', 'as JSON');
};

done_testing();
