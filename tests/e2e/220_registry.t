# The registry itself: one of an older version is brought up, a database is labelled, and all of it is taken away.
use strict;
use warnings;

use Interlock::Test;
use PostgreSQL::Test::Utils;
use Test::More;

my $world = <<'SQL';
CREATE TABLE public.users (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 100) n;
SQL

my $half_way = plan_file('half_way', <<'LUA');
plan "half_way" {
  title = "Begun by an older interlock",
  phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "text" } },
  gate "release 2 is live" { text = "Release 2 writes nick." },
  phase "index" { create_index_if_missing { table = "users", columns = "nick" } },
}
LUA

# As the server's catalogue tells it: what upgrading an old registry gives, and what making a new one gives.
my $shape = <<'SQL';
SELECT format('%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'interlock'::regnamespace AND a.attnum > 0 AND c.relkind IN ('r', 'v') AND c.relname !~ '^fence_' ORDER BY 1
SQL

# A registry of version 1 with a run that waits at its gate.
sub old_world
{
    my $fixture = slurp_file(top() . '/tests/e2e/registry_1.sql');
    return world('old_registry', "$world ALTER TABLE users ADD COLUMN nick text;\n$fixture");
}

subtest 'a registry of an older version' => sub {
    my $db = old_world();
    my $before = registry_state($db);
    my $status = runs_ok([ 'status', $half_way ], 'status reads it', { db => $db });
    like($status->{out}, qr/here gate release 2 is live/, 'and knows where the run stands');
    like(runs_ok([ 'log', $half_way ], 'log reads it', { db => $db })->{out}, qr/ALTER TABLE public\.users ADD COLUMN nick/, 'too');
    runs_ok([ 'locks', $half_way ], 'and locks', { db => $db });
    exits(3, [ 'doctor' ], undef, 'doctor calls it a problem', { db => $db, out => qr/problem +registry .*version 1.*upgrade-registry/s });
    for my $command ([ 'run' ], [ 'undo', '--yes' ], [ 'gate', 'pass' ], [ 'adopt', '--yes' ], [ 'amend' ])
    {
        my @args = $command->[0] eq 'gate' ? ('gate', 'pass', $half_way, 'release 2 is live', '--evidence', 'x') : (@$command, $half_way);
        exits(1, \@args, qr/interlock upgrade-registry/, "$command->[0] refuses, with the way out", { db => $db });
    }
    is(registry_state($db), $before, 'nothing was changed');

    my $asked = exits(8, [ 'upgrade-registry' ], qr/is of version 1; interlock works with version \d.*--yes/s, 'upgrade-registry asks', { db => $db });
    runs_ok([ 'upgrade-registry', '-n' ], 'a dry run only says so', { db => $db });
    is(sql($db, 'SELECT version FROM interlock.meta'), '1', 'nothing was changed');

    sql($db, q{UPDATE interlock.run SET state = 'running', seen = clock_timestamp(), holder = 'pid 4711 on host as deploy'});
    exits(6, [ 'upgrade-registry', '--yes' ], qr/half_way.*pid 4711/, 'not while somebody is at work', { db => $db });
    sql($db, q{UPDATE interlock.run SET seen = clock_timestamp() - interval '1 hour'});
    my $holder = sql_session($db);
    $holder->query('SELECT pg_advisory_lock(4803659, 1)');
    exits(6, [ 'upgrade-registry', '--yes' ], qr/half_way/, 'nor while somebody holds the lease', { db => $db });
    $holder->quit;
    sql($db, q{UPDATE interlock.run SET state = 'waiting'});
    like(runs_ok([ 'upgrade-registry', '--yes' ], 'upgrade', { db => $db })->{out}, qr/was of version 1, is of version \d/, 'says from where to where');
    like(runs_ok([ 'upgrade-registry' ], 'again', { db => $db })->{out}, qr/nothing to upgrade/, 'there is nothing to do');
    is(registry_state($db), $before, 'every run is as it was');
    my $new = world('registry', $world);
    interlock('run', $half_way, { db => $new });
    is(sql($db, $shape), sql($new, $shape), 'the registry is the one that a first run makes');

    exits(5, [ 'run', $half_way ], undef, 'run goes on', { db => $db });
    runs_ok([ 'gate', 'pass', $half_way, 'release 2 is live', '--evidence', 'x' ], 'the gate is passed', { db => $db });
    runs_ok([ 'run', $half_way ], 'to the end', { db => $db });
    isnt(sql($db, q{SELECT to_regclass('users_nick_idx')}), '', 'the index is there');
    runs_ok([ 'undo', $half_way, '--to', 'start', '--yes' ], 'and undo goes back', { db => $db });
    is(column_type($db, 'users', 'nick'), '', 'before what the older one had done');
};

subtest 'a plan of an older version is amended' => sub {
    my $db = old_world();
    runs_ok([ 'upgrade-registry', '--yes' ], 'upgrade', { db => $db });
    my $text = slurp_file($half_way);
    plan_file('half_way', $text =~ s/columns = "nick"/columns = "name"/r);
    my $look = exits(8, [ 'amend', $half_way ], undef, 'amend', { db => $db });
    is(() = $look->{out} =~ /: \w+ was /g, 1, 'what the two versions write differently is no difference') or diag($look->{out});
    plan_file('half_way', $text);
};

subtest 'a registry of a newer version' => sub {
    my $db = old_world();
    sql($db, 'UPDATE interlock.meta SET version = 99');
    exits(1, [ 'upgrade-registry', '--yes' ], qr/version 99/, 'upgrade-registry refuses', { db => $db });
    exits(3, [ 'doctor' ], undef, 'doctor tells', { db => $db, out => qr/problem +registry +version 99 is of a newer interlock/ });
    exits(1, [ 'uninstall', '--yes' ], qr/version 99/, 'uninstall refuses', { db => $db });
    like(runs_ok([ 'upgrade-registry' ], 'where there is none', { db => world('registry') })->{out}, qr/nothing to upgrade/, 'there is nothing to do');
};

subtest 'a registry that may not be changed' => sub {
    server()->safe_psql('postgres', q{DO $$ BEGIN CREATE ROLE carla LOGIN; EXCEPTION WHEN duplicate_object THEN END $$});
    my $db = old_world();
    my %as = (db => $db, env => { PGUSER => 'carla' });
    for my $command ('upgrade-registry', 'uninstall')
    {
        my $result = interlock($command, '--yes', {%as});
        isnt($result->{exit}, '0', "$command by a role without rights fails");
        like($result->{err}, qr/registry \(schema interlock\)/, "$command says on what");
        like($result->{err}, qr/42501 insufficient privilege/, "$command says why");
    }
    is(sql($db, 'SELECT version FROM interlock.meta'), '1', 'nothing was changed');
};

subtest 'the label' => sub {
    my $db = world('registry');
    runs_ok([ 'doctor', '--environment', '' ], 'no label to take away', { db => $db });
    ok(!registry_exists($db), 'and no registry made for it');
    my $said = runs_ok([ 'doctor', '--environment', 'production' ], 'a label', { db => $db });
    like($said->{out}, qr/"$db" is labelled production/, 'is told');
    is(sql($db, 'SELECT environment FROM interlock.meta'), 'production', 'and written, with the registry');
    like(runs_ok([ 'status' ], 'status', { db => $db })->{err}, qr/environment production/, 'each command shows it');
    my $drop = plan_file('drops', 'plan "drops" { title = "x", phase "a" { drop_column_if_exists { table = "users", column = "name", loses = "test" } } }');
    exits(8, [ 'run', $drop, '--yes' ], qr/--confirm/, 'production wants --confirm', { db => $db });
    my $json = interlock('doctor', '--environment', 'staging', '--json', { db => $db });
    is((json_lines($json->{out}))[-1]{environment}, 'staging', 'as JSON');
    runs_ok([ 'doctor', '--environment', '' ], 'taken away', { db => $db });
    is(sql($db, 'SELECT environment IS NULL FROM interlock.meta'), 't', 'it is gone');
    exits(64, [ 'doctor', '--environment', 'a b' ], qr/no name for an environment/, 'a name with a space', { db => $db });
    exits(64, [ 'doctor', '--environment', 'x', '--grants' ], qr/exclude/, 'not with --grants', { db => $db });
    exits(64, [ 'doctor', 'deploy' ], qr/--grants/, 'a role is named with --grants', { db => $db });
};

subtest 'uninstall' => sub {
    my $db = world('registry');
    like(runs_ok([ 'uninstall' ], 'where there is no registry', { db => $db })->{out}, qr/nothing to remove/, 'there is nothing to do');
    exits(5, [ 'run', $half_way ], undef, 'a run', { db => $db });
    exits(6, [ 'uninstall', '--yes' ], qr/run 1 of plan "half_way", waiting/, 'is named while it is open', { db => $db });
    runs_ok([ 'gate', 'pass', $half_way, 'release 2 is live', '--evidence', 'x' ], 'the gate', { db => $db });
    runs_ok([ 'run', $half_way ], 'is run to its end', { db => $db });
    my $schema = schema_dump($db);
    exits(8, [ 'uninstall' ], qr/1 run, which can't be undone afterwards.*--yes/s, 'it asks', { db => $db });
    runs_ok([ 'uninstall', '-n' ], 'a dry run', { db => $db });
    ok(registry_exists($db), 'it is still there');

    sql($db, 'CREATE TABLE interlock.mine (id int); CREATE TABLE interlock.mine_77 (id int); CREATE FUNCTION interlock.f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;'
        . 'CREATE TYPE interlock.mood AS ENUM (\'good\'); CREATE SEQUENCE interlock.counter');
    my $strangers = exits(3, [ 'uninstall', '--yes' ], qr/what interlock did not make/, 'what somebody put there is refused', { db => $db });
    like($strangers->{err}, qr/\Q$_\E/, "$_ is named") for 'table interlock.mine', 'table interlock.mine_77', 'function interlock.f()', 'type interlock.mood', 'sequence interlock.counter';
    sql($db, 'DROP TABLE interlock.mine, interlock.mine_77; DROP FUNCTION interlock.f(); DROP TYPE interlock.mood; DROP SEQUENCE interlock.counter;'
        . 'CREATE VIEW public.looks_in AS SELECT plan FROM interlock.progress');
    exits(3, [ 'uninstall', '--yes' ], qr/view (?:public\.)?looks_in depends on view interlock\.progress.*drop that by hand/s, 'what stands on it is named', { db => $db });
    ok(registry_exists($db), 'it is still there');
    is(sql($db, 'SELECT count(*) FROM interlock.run'), '1', 'all of it');
    sql($db, 'DROP VIEW public.looks_in');
    runs_ok([ 'uninstall', '--yes' ], 'uninstall', { db => $db });
    ok(!registry_exists($db), 'it is gone');
    is(schema_dump($db), $schema, 'and nothing else');
    like(runs_ok([ 'adopt', $half_way ], 'what was run before is adopted', { db => $db })->{out}, qr/adopted/, 'again');
};

subtest 'one plan for many tenants' => sub {
    my $db = world('registry');
    sql($db, 'CREATE SCHEMA acme; CREATE SCHEMA "Acme Shop"; CREATE TABLE acme.users (id bigint PRIMARY KEY); CREATE TABLE "Acme Shop".users (id bigint PRIMARY KEY);'
        . 'INSERT INTO acme.users VALUES (1); INSERT INTO "Acme Shop".users VALUES (1)');
    my $plan = plan_file('tenants', <<'LUA');
local tenant = param "tenant" { kind = "identifier" }
plan "tenants" {
  title = "A note for each tenant",
  phase "a" { add_column_if_missing { table = tenant .. ".users", column = "age", type = "integer" } },
  gate "go" {},
}
LUA
    my @tenants = ([ '--set', 'tenant=acme' ], [ '--set', 'tenant="Acme Shop"' ]);
    exits(5, [ 'run', $plan, @$_ ], undef, "run $_->[1]", { db => $db }) for @tenants;
    my $open = exits(6, [ 'uninstall', '--yes' ], qr/2 runs are not over/, 'both are open', { db => $db });
    like($open->{err}, qr/run \d of plan "tenants" \(\Q$_\E\), waiting\n/, "$_ is named") for 'tenant=acme', q{'tenant="Acme Shop"'};

    sql($db, q{UPDATE acme.users SET age = 1; UPDATE "Acme Shop".users SET age = 2});
    runs_ok([ 'undo', $plan, '--yes', @$_ ], "undo $_->[1]", { db => $db }) for @tenants;
    my $kept = exits(8, [ 'uninstall', '--yes' ], qr/--confirm/, 'what undo archived would be lost', { db => $db });
    like($kept->{err}, qr/interlock\.archive_\d_1, [^\n]+, plan "tenants" \(\Q$_\E\)\n/, "of $_") for 'tenant=acme', q{'tenant="Acme Shop"'};
};

subtest 'rows that would be lost' => sub {
    my $db = world('registry');
    my $plan = plan_file('keeps', 'plan "keeps" { title = "x", phase "a" { add_column_if_missing { table = "users", column = "age", type = "integer" } } }');
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, 'UPDATE users SET age = id WHERE id <= 10');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo archives what was written', { db => $db });
    my $refused = exits(8, [ 'uninstall', '--yes' ], qr/interlock\.archive_1_1, \d+ (?:bytes|kB), plan "keeps"/, '--yes is not enough', { db => $db });
    like($refused->{err}, qr/--confirm \Q$db\E/, 'the way is named');
    exits(8, [ 'uninstall', '--confirm', 'another' ], qr/"another"/, 'the name of another database', { db => $db });
    is(sql($db, 'SELECT count(*) FROM interlock.archive_1_1'), '10', 'the rows are there');
    runs_ok([ 'uninstall', '--confirm', $db ], 'with the right name', { db => $db });
    ok(!registry_exists($db), 'it is gone');
    exits(64, [ 'uninstall', 'keeps' ], undef, 'it takes no plan', { db => $db });
};

done_testing();
