# Many plans on one database: ten at once, two for one table, and one plan for three hundred tenants.
use strict;
use warnings;

use Interlock::Test;
use Test::More;

sub plan_for
{
    my ($name, $table, $more) = @_;
    $more //= '';
    return plan_file($name, <<"LUA");
plan "$name" {
  title = "A column and an index for $table",
  phase "expand" {
    add_column_if_missing { table = "$table", column = "c_$name", type = "text" },
    create_index_if_missing { table = "$table", columns = "c_$name" },
  },
  $more
}
LUA
}

my $tables = join ";\n", 'CREATE SCHEMA app', map { "CREATE TABLE app.t$_ (id bigint PRIMARY KEY)" } 1 .. 10;

subtest 'ten plans at once' => sub {
    my $db = world('ten', $tables);
    my @plans = map { plan_for("many_$_", "app.t$_", 'gate "go" { },') } 1 .. 10;
    my @running = map { in_background('run', $_, { db => $db, seconds => 120 }) } @plans;
    my @ended = map { $_->finish } @running;
    is_deeply([ map { $_->{exit} } @ended ], [ (5) x 10 ], 'each waits at its gate') or diag(map { $_->{err} } @ended);
    is(sql($db, 'SELECT count(*), count(DISTINCT run) FROM interlock.claim'), '10|10', 'each has its table');
    is(sql($db, q{SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]+_c_many_[0-9]+_idx$'}), 10, 'each index is there');
    my $status = runs_ok(['status'], 'status', { db => $db })->{out};
    like($status, qr/^many_$_  waiting/m, "many_$_ is listed") for 1 .. 10;

    # Five go on, five go back, all at the same time.
    runs_ok([ 'gate', 'pass', "many_$_", '--evidence', 'ok' ], "gate of many_$_", { db => $db }) for 1 .. 5;
    @running = map { in_background($_ <= 5 ? 'run' : ('undo', '--yes', '--to', 'start'), $plans[ $_ - 1 ], { db => $db, seconds => 120 }) } 1 .. 10;
    @ended = map { $_->finish } @running;
    is_deeply([ map { $_->{exit} } @ended ], [ (0) x 10 ], 'all come to their end') or diag(map { $_->{err} } @ended);
    is(sql($db, 'SELECT state, count(*) FROM interlock.run GROUP BY state ORDER BY state'), "done|5\nundone|5", 'as they were told');
    is(sql($db, 'SELECT count(*) FROM interlock.claim'), 0, 'nothing is claimed any more');
    drop_world($db);
};

subtest 'two plans for one table' => sub {
    my $db = world('two', $tables);
    my $first = plan_for('first', 'app.t1', 'gate "go" { },');
    my $second = plan_for('second', 'app.t1');
    is(interlock('run', $first, { db => $db })->{exit}, 5, 'the first waits at its gate');
    my $schema = schema_dump($db);
    my $refused = interlock('run', $second, { db => $db });
    is($refused->{exit}, 6, 'the second is refused');
    like($refused->{err}, qr/app\.t1.*"first"|"first".*app\.t1/s, 'and told which table, and by whom');
    is(schema_dump($db), $schema, 'nothing is touched');
    runs_ok([ 'gate', 'pass', 'first', '--evidence', 'ok' ], 'gate', { db => $db });
    runs_ok([ 'run', $first ], 'the first ends', { db => $db });
    runs_ok([ 'run', $second ], 'then the second runs', { db => $db });
    drop_world($db);
};

subtest 'one plan for three hundred tenants' => sub {
    my $tenants = $ENV{SAN} ? 30 : 300;
    my $db = world('tenants', "SELECT 1; DO \$\$ BEGIN FOR n IN 1 .. $tenants LOOP EXECUTE format('CREATE SCHEMA t%s; CREATE TABLE t%1\$s.notes (id bigint PRIMARY KEY)', n); END LOOP; END \$\$");
    my $plan = plan_file('tenant_notes', <<'LUA');
local tenant = param "tenant" { kind = "identifier" }
plan "tenant_notes" {
  title = "Notes have a text",
  phase "expand" {
    add_column_if_missing { table = sql([[ :"tenant".notes ]], { tenant = tenant }), column = "body", type = "text" },
  },
}
LUA
    my $failed = 0;
    for my $n (1 .. $tenants)
    {
        my $run = interlock('run', $plan, '--set', "tenant=t$n", { db => $db });
        $failed++, diag("t$n: $run->{err}") if $run->{exit} ne '0';
    }
    is($failed, 0, 'it runs for each');
    is(sql($db, q{SELECT count(*) FROM pg_attribute WHERE attname = 'body' AND NOT attisdropped AND attrelid IN (SELECT oid FROM pg_class WHERE relname = 'notes')}),
        $tenants, 'each has its column');
    is(sql($db, q{SELECT count(*) FROM interlock.run WHERE plan = 'tenant_notes' AND state = 'done'}), $tenants, 'each has its run');
    like(runs_ok([ 'run', $plan, '--set', 'tenant=t7' ], 'again for one', { db => $db })->{out}, qr/nothing to do/, 'nothing to do');
    runs_ok([ 'undo', $plan, '--set', 'tenant=t7', '--yes' ], 'back for one', { db => $db });
    is(sql($db, q{SELECT count(*) FROM interlock.run WHERE plan = 'tenant_notes' AND state = 'undone'}), 1, 'the others stay');
    is(interlock('undo', $plan, '--yes', { db => $db })->{exit}, 64, 'without saying which: refused');
    my $which = interlock('status', 'tenant_notes', '--set', 'tenant=t8', { db => $db });
    like($which->{out}, qr/^tenant_notes  done/, 'status of one') or diag($which->{err});
    is(scalar(() = $which->{out} =~ /^tenant_notes/mg), 1, 'and of no other');
    like(interlock('status', { db => $db })->{out}, qr/tenant=t8/, 'status of all tells them apart');
    drop_world($db);
};

subtest 'the next command can be pasted' => sub {
    my $db = world('pasted', 'CREATE SCHEMA "Acme Shop"; CREATE TABLE "Acme Shop".notes (id bigint PRIMARY KEY); CREATE TABLE public.notes (id bigint PRIMARY KEY)');
    my $plan = plan_file('pasted', <<'LUA');
local tenant = param "tenant" { kind = "identifier" }
plan "pasted" {
  title = "Parameters that a shell would change",
  phase "expand" { add_column_if_missing { table = sql([[ :tenant.notes ]], { tenant = tenant }), column = "body", type = "text" } },
  gate "it's $HOME" { text = "Somebody says so." },
  phase "more" { add_column_if_missing { table = sql([[ :tenant.notes ]], { tenant = tenant }), column = "more", type = "text" } },
}
LUA
    my @set = ('--set', 'tenant="Acme Shop"');
    my $named = quotemeta q{pasted --set 'tenant="Acme Shop"'};
    my $state = q{SELECT state FROM interlock.run WHERE parameters ->> 'tenant' LIKE '%Acme%'};
    exits(1, [ 'undo', $plan ], qr/plan "pasted" has not been run/, 'a file that does not compile without its parameter is a file', { db => $db });
    exits(1, [ 'pause', $plan, @set ], qr/run \S*pasted\.lua --set 'tenant="Acme Shop"' begins one/, 'no run yet', { db => $db });
    like(exits(5, [ 'run', $plan, @set ], undef, 'run', { db => $db })->{out},
        qr/next: interlock gate pass $named 'it'\\''s \$HOME' --evidence TEXT\n  then: interlock run $named\n/, 'says how to go on');
    like(runs_ok([ 'pause', 'pasted' ], 'pause', { db => $db })->{out}, qr/next: interlock resume $named\n/, 'says how to resume');
    like(runs_ok([ 'resume', 'pasted' ], 'resume', { db => $db })->{out}, qr/next: interlock run $named\n/, 'says how to run');
    like(runs_ok([ 'undo', 'pasted', '--to', 'expand', '--yes' ], 'undo of nothing', { db => $db })->{out},
        qr/has done nothing behind "expand"/, 'does not say that it is at its start');
    exits(5, [ 'run', $plan, '--set', 'tenant=public' ], undef, 'another', { db => $db });
    my $which = exits(64, [ 'sync', 'pasted' ], qr/= $named, waiting\n.*= pasted --set tenant=public, waiting\n/s, 'which of them', { db => $db });
    sql($db, 'ALTER TABLE "Acme Shop".notes DROP COLUMN body');
    runs_ok([ 'undo', 'pasted', @set, '--yes' ], 'undo', { db => $db });
    sql($db, q{UPDATE interlock.run SET state = 'failed' WHERE state = 'undone'});
    like(runs_ok([ 'undo', 'pasted', @set, '-n' ], 'undo --dry-run with nothing to take back', { db => $db })->{out}, qr/nothing to take back/, 'says so');
    is(sql($db, $state), 'failed', 'and changes nothing');
    runs_ok([ 'wait', 'pasted', @set, '--timeout', '2h' ], 'wait takes hours', { db => $db });
    drop_world($db);
};

done_testing();
