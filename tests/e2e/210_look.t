# Looking: the journal, the locks on a plan's tables, and the doctor's list.
use strict;
use warnings;

use Interlock::Test;
use PostgreSQL::Test::Utils;
use Test::More;

my $world = <<'SQL';
CREATE TABLE public.users (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 100) n;
CREATE TABLE public.orders (id bigint, user_id bigint, at date) PARTITION BY RANGE (at);
CREATE TABLE public.orders_2026 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
SQL

server()->safe_psql('postgres', <<'SQL');
CREATE ROLE dba;
CREATE ROLE anna LOGIN IN ROLE dba;
CREATE ROLE deploy LOGIN;
CREATE ROLE "Owner of all";
SQL

my $plan = plan_file('looked_at', <<'LUA');
plan "looked_at" {
  title = "Something to look at",
  phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "text" } },
  gate "release 2 is live" { },
  phase "more" {
    sql_step { sql = [[
      UPDATE users
         SET nick = name /* é is two bytes */ ]], undo = "UPDATE users SET nick = NULL", reason = "names are nicks" },
  },
  approval "index it" { role = "dba" },
  phase "index" { create_index_if_missing { table = "users", columns = "nick" } },
}
LUA
my $other = plan_file('other', 'plan "other" { title = "x", phase "a" { add_column_if_missing { table = "orders", column = "total", type = "bigint" } } }');

subtest 'the journal' => sub {
    my $db = world('look', $world);
    like(runs_ok([ 'log' ], 'without a registry', { db => $db })->{out}, qr/no plan has run/, 'there is nothing');
    exits(1, [ 'log', $plan ], qr/no run of plan "looked_at"/, 'of a plan that never ran', { db => $db });
    exits(5, [ 'run', $plan ], undef, 'run', { db => $db });
    runs_ok([ 'gate', 'pass', $plan, 'release 2 is live', '--evidence', 'deploy log 4711' ], 'gate pass', { db => $db });
    exits(5, [ 'run', $plan ], undef, 'run', { db => $db });
    runs_ok([ 'run', $other ], 'another plan', { db => $db });
    my $log = runs_ok([ 'log', $plan ], 'log', { db => $db })->{out};
    my @lines = split /\n/, $log;
    my @wanted = (qr/begin .*attempt 1$/, qr/run +step 1 .* ms .*ALTER TABLE public\.users ADD COLUMN nick text$/, qr/waits .*gate "release 2 is live"$/,
        qr/passed .*gate "release 2 is live": deploy log 4711$/, qr/run +step 2 .*update users set nick = name$/i, qr/waits .*approval "index it"$/);
    is(scalar @lines, scalar @wanted, 'a line each') or diag($log);
    for my $i (0 .. $#wanted) { like($lines[$i], $wanted[$i], 'in their order: ' . ($i + 1)) }
    like($lines[$_], qr/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  /, 'with the time') for 0 .. $#lines;
    is(join("\n", sort @lines), join("\n", @lines), 'oldest first');
    unlike($log, qr/orders/, 'of this plan alone');
    like(runs_ok([ 'log' ], 'log of all', { db => $db })->{out}, qr/looked_at .*nick.*other .*total/s, 'names the plans');
    sql($db, q{INSERT INTO interlock.event (run, step, kind, statement) VALUES (1, 2, 'run', E'UPDATE users\n\tSET nick = name')});
    like(runs_ok([ 'log', $plan ], 'log', { db => $db })->{out}, qr/  UPDATE users SET nick = name$/m, 'makes one line of a statement');
    like(runs_ok([ 'log', $plan, '-v' ], 'log -v', { db => $db })->{out}, qr/^    UPDATE users\n        SET nick = name$/m, 'leaves its lines with -v');
    sql($db, q{DELETE FROM interlock.event WHERE statement ~ '\t'});
    my @entries = grep { $_->{type} eq 'log' } json_lines(runs_ok([ 'log', $plan, '--json' ], 'log --json', { db => $db })->{out});
    is(scalar @entries, scalar @wanted, 'a line each');
    is_deeply([ map { $_->{kind} } @entries ], [qw(begin run waits passed run waits)], 'with their kinds');
    is_deeply([ @{ $entries[1] }{qw(step primitive attempts)} ], [ 1, 'add_column_if_missing', 1 ], 'and what belongs to them');
    like($entries[1]{at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'the time, too');
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    like(runs_ok([ 'log', $plan ], 'log after undo', { db => $db })->{out}, qr/undo +step 1 .*DROP COLUMN.*undone/s, 'what was taken back');

    # More than is read at once; and a statement that would draw on the terminal.
    sql($db, q{INSERT INTO interlock.event (run, kind, statement, at) SELECT 1, 'run', E'SELECT \x1b[31m' || n, '2026-01-01' FROM generate_series(1, 4500) n});
    my $many = runs_ok([ 'log', $plan ], 'a long journal', { db => $db })->{out};
    is(() = $many =~ /SELECT \?\[31m\d/g, 4500, 'is whole');
    unlike($many, qr/\x1b/, 'and harmless');
};

SKIP: {
    skip 'script is not here', 1 unless -x '/usr/bin/script';
    subtest 'on a terminal' => sub {
        my $db = world('look');
        exits(5, [ 'run', $plan ], undef, 'run', { db => $db });
        sql($db, q{INSERT INTO interlock.event (run, step, kind, statement) VALUES (1, 2, 'run', 'SELECT ' || repeat('é', 300))});
        my $node = server();
        my $out = qx{PGHOST=@{[ $node->host ]} PGPORT=@{[ $node->port ]} PGDATABASE=$db COLUMNS=90 script -qec '$ENV{INTERLOCK} log looked_at --color never' /dev/null </dev/null};
        my @lines = map { my $line = $_; utf8::decode($line); $line } split /\r?\n/, $out;
        ok((grep { /SELECT \x{e9}+$/ } @lines), 'the long statement is there') or diag($out);
        ok(!(grep { length > 90 } @lines), 'no line is wider than the terminal') or diag($out);
    };
}

subtest 'locks' => sub {
    my $db = world('look');
    my $never = runs_ok([ 'locks', $plan ], 'of a plan that never ran', { db => $db });
    like($never->{out}, qr/^public\.users  nobody has a lock$/m, 'its tables');
    like($never->{out}, qr/next: phase "expand", step 1  add column nick.*needs ACCESS EXCLUSIVE on public\.users/s, 'and what its first step needs');
    ok(!registry_exists($db), 'nothing is written');

    my $holder = sql_session($db, 'reporting');
    $holder->query('BEGIN; LOCK TABLE users IN ACCESS SHARE MODE');
    my $run = in_background('run', $plan, '--lock-attempts', '100000', { db => $db });
    ok(wait_until(sub { registry_exists($db) && sql($db, "SELECT count(*) FROM interlock.run WHERE state = 'running'") }), 'a run waits for its lock');
    my $pid = $holder->pid;
    my $now = runs_ok([ 'locks', $plan ], 'locks', { db => $db });
    like($now->{out}, qr/holds ACCESS SHARE +pid $pid  app=reporting  role=\w+  in a transaction for \d.*idle in transaction, last:  .*\n.*in the way of the next step/, 'who is in the way');
    my $queued = sql_session($db, 'migration by hand');
    $queued->send_only('BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    ok(wait_until(sub { sql($db, "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT granted AND relation = 'users'::regclass AND application_name = 'migration by hand'") == 1 }), 'another one waits');
    my $behind = runs_ok([ 'locks', $plan ], 'locks', { db => $db });
    like($behind->{out}, qr/waits ACCESS EXCLUSIVE +pid \d+  app=migration by hand .*waiting for .*behind pid $pid/, 'who waits for whom');
    my @json = json_lines(runs_ok([ 'locks', $plan, '--json' ], 'locks --json', { db => $db })->{out});
    my ($held) = grep { $_->{type} eq 'lock' && $_->{granted} && ($_->{pid} // 0) == $pid } @json;
    is_deeply([ @{ $held || {} }{qw(table mode application in_the_way)} ], [ 'public.users', 'ACCESS SHARE', 'reporting', JSON::PP::true() ], 'a line for each lock');
    my ($need) = grep { $_->{type} eq 'need' } @json;
    is_deeply([ @{ $need || {} }{qw(table mode step)} ], [ 'public.users', 'ACCESS EXCLUSIVE', 1 ], 'and for what is needed');
    sql($db, 'GRANT CREATE ON SCHEMA public TO deploy');
    my $blind = interlock('locks', $plan, { db => $db, env => { PGUSER => 'deploy' } });
    isnt($blind->{exit}, '0', 'a role that may not read the registry is told so');
    like($blind->{err}, qr/registry \(schema interlock\).*42501/s, 'with the reason');
    sql($db, 'GRANT USAGE ON SCHEMA interlock TO deploy; GRANT SELECT ON ALL TABLES IN SCHEMA interlock TO deploy');
    like(runs_ok([ 'locks', $plan ], 'one that may', { db => $db, env => { PGUSER => 'deploy' } })->{err}, qr/GRANT pg_read_all_stats TO deploy/, 'is told what it does not see');
    $holder->query('COMMIT');
    $queued->query('ROLLBACK');
    is($run->finish->{exit}, '5', 'the run goes on');
    like(runs_ok([ 'locks', $plan ], 'at the gate', { db => $db })->{out}, qr/next: phase "more".*behind gate "release 2 is live"|next: phase "index".*behind gate/s, 'what comes behind it');

    $holder->query('BEGIN; LOCK TABLE orders_2026 IN SHARE MODE');
    like(runs_ok([ 'locks', $other ], 'of a partitioned table', { db => $db })->{out}, qr/holds SHARE .*on public\.orders_2026 /, 'its partitions, too');
    $holder->query('COMMIT');
    sql($db, q{BEGIN; LOCK TABLE orders IN ROW EXCLUSIVE MODE; PREPARE TRANSACTION 'forgotten'});
    like(runs_ok([ 'locks', $other ], 'a prepared transaction', { db => $db })->{out}, qr/holds ROW EXCLUSIVE +prepared transaction "forgotten"/, 'is named');
    sql($db, q{ROLLBACK PREPARED 'forgotten'});
    runs_ok([ 'run', $other ], 'a plan that is done', { db => $db });
    like(runs_ok([ 'locks', $other ], 'locks', { db => $db })->{out}, qr/no step of it needs a lock any more/, 'needs nothing');
    $_->quit for $holder, $queued;
};

# What the doctor says, as level, subject and text.
sub findings
{
    my ($db, $code, $name, $options) = @_;
    my $result = exits($code, [ 'doctor', '--json' ], undef, $name, { db => $db, %{ $options || {} } });
    return grep { ($_->{type} // '') eq 'check' } json_lines($result->{out});
}

sub finds
{
    my ($list, $level, $pattern, $name) = @_;
    my @found = grep { $_->{level} eq $level && join(' ', "$_->{subject}:", grep { defined } @{$_}{qw(text help)}) =~ $pattern } @$list;
    ok(@found == 1, $name) or diag(join "\n", map { "$_->{level} $_->{subject}: $_->{text} | " . ($_->{help} // '') } @$list);
    return;
}

subtest 'nothing to find' => sub {
    my $db = world('look');
    my @list = findings($db, 0, 'doctor in a database without a registry');
    ok(!(grep { $_->{level} ne 'ok' } @list), 'all is well') or diag(explain(\@list));
    finds(\@list, 'ok', qr/^registry: there is none yet/, 'no registry yet');
    finds(\@list, 'ok', qr/^server: PostgreSQL \d/, 'the version of the server');
    runs_ok([ 'run', $other ], 'a run', { db => $db });
    @list = findings($db, 0, 'doctor after it');
    ok(!(grep { $_->{level} ne 'ok' } @list), 'all is well') or diag(explain(\@list));
    like(runs_ok([ 'doctor' ], 'as text', { db => $db })->{out}, qr/^ok +registry +version \d.*0 problems, 0 warnings\n\z/ms, 'with a count');
    is(runs_ok([ 'doctor', '-q' ], 'doctor -q', { db => $db })->{out}, "0 problems, 0 warnings\n", 'says only what is wrong');
};

subtest 'leftovers' => sub {
    my $db = world('look');
    exits(5, [ 'run', $plan ], undef, 'an open run', { db => $db });
    my $run = sql($db, 'SELECT id FROM interlock.run');
    sql($db, <<"SQL");
CREATE TABLE interlock.fence_901 ();
CREATE TABLE interlock.archive_902_1 (id int);
CREATE FUNCTION interlock.fill_903_1() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER "~interlock_903_1_i" BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION interlock.fill_903_1();
CREATE TRIGGER "~interlock_${run}_1_i" BEFORE INSERT ON orders_2026 FOR EACH ROW EXECUTE FUNCTION interlock.fill_903_1();
ALTER TABLE users ADD COLUMN __il_904_age integer, ADD COLUMN __il_${run}_size integer;
ALTER TABLE users ADD CONSTRAINT short CHECK (length(name) < 100) NOT VALID;
CREATE TABLE twice (a int); INSERT INTO twice VALUES (1), (1);
SQL
    sql_fails($db, 'CREATE UNIQUE INDEX CONCURRENTLY twice_a_idx ON twice (a)');
    my @list = findings($db, 3, 'doctor');
    finds(\@list, 'warning', qr/interlock\.fence_901 belongs to no run DROP TABLE interlock\.fence_901$/, 'a fence without a run');
    finds(\@list, 'warning', qr/interlock\.archive_902_1 belongs to no run it may hold the only copy/, 'an archive without a run');
    finds(\@list, 'warning', qr/interlock\.fill_903_1 belongs to no run DROP FUNCTION interlock\.fill_903_1\(\)$/, 'a function');
    finds(\@list, 'problem', qr/"~interlock_903_1_i" of public\.users works for a run that is over.*DROP TRIGGER "~interlock_903_1_i" ON public\.users$/, 'a trigger');
    finds(\@list, 'warning', qr/__il_904_age of public\.users/, 'a column that was set aside');
    ok(!(grep { $_->{text} =~ /~interlock_${run}_|__il_${run}_/ } @list), 'not those of a run that is open');
    finds(\@list, 'warning', qr/constraint short of public\.users is NOT VALID.*VALIDATE CONSTRAINT short$/, 'a constraint that is not valid');
    finds(\@list, 'warning', qr/public\.twice_a_idx of public\.twice is INVALID.*DROP INDEX CONCURRENTLY public\.twice_a_idx$/, 'an INVALID index');
    finds(\@list, 'ok', qr/^runs: 1 under way/, 'the run is counted');
};

subtest 'runs' => sub {
    my $db = world('look');
    exits(5, [ 'run', $plan ], undef, 'a run', { db => $db });
    sql($db, q{UPDATE interlock.run SET state = 'running', seen = clock_timestamp() - interval '3 hours', holder = 'pid 1 on host as deploy'});
    my @list = findings($db, 3, 'doctor of one that was left');
    finds(\@list, 'problem', qr/run \d+ of plan "looked_at" was left in the middle, by pid 1 on host as deploy, last seen 03:00:\d\d ago interlock run looked_at/, 'names it');
    sql($db, q{UPDATE interlock.run SET seen = clock_timestamp()});
    findings($db, 0, 'one that is alive is fine');
    sql($db, q{UPDATE interlock.run SET state = 'failed'; UPDATE interlock.step SET message = 'it did not work' WHERE number = 2});
    @list = findings($db, 0, 'one that failed');
    finds(\@list, 'warning', qr/failed: it did not work/, 'is a warning');
    sql($db, q{UPDATE interlock.run SET state = 'waiting', seen = clock_timestamp() - interval '2 days'; UPDATE interlock.step SET message = NULL;
               UPDATE interlock.condition SET kind = 'safety period'});
    @list = findings($db, 0, 'one that waits for a safety period');
    finds(\@list, 'warning', qr/waits for a safety period, and nobody has looked at it for 2 days.*interlock sync/, 'that nobody looks at');

    sql($db, 'ALTER ROLE anna NOLOGIN');
    @list = findings($db, 0, 'an approval');
    finds(\@list, 'warning', qr/nobody who can connect is a member of role dba.*GRANT dba TO/, 'that nobody can give');
    sql($db, 'ALTER ROLE anna LOGIN');
    @list = findings($db, 0, 'an approval');
    finds(\@list, 'ok', qr/started the run, and may not approve "index it"/, 'that somebody else has to give');
    sql($db, q{UPDATE interlock.run SET compiled = replace(compiled::text, '"dba"', '"nobody_there"')::jsonb});
    @list = findings($db, 3, 'an approval of a role');
    finds(\@list, 'problem', qr/there is no role nobody_there.*CREATE ROLE nobody_there$/, 'that does not exist');
};

subtest 'archives' => sub {
    my $db = world('look');
    runs_ok([ 'run', $other ], 'run', { db => $db });
    sql($db, q{INSERT INTO orders VALUES (1, 1, '2026-05-05', 10)});
    my $keeps = plan_file('keeps', 'plan "keeps" { title = "x", phase "a" { add_column_if_missing { table = "users", column = "age", type = "integer" } } }');
    runs_ok([ 'run', $keeps ], 'run', { db => $db });
    sql($db, 'UPDATE users SET age = 3');
    runs_ok([ 'undo', $keeps, '--yes' ], 'undo', { db => $db });
    my @list = findings($db, 0, 'doctor');
    finds(\@list, 'ok', qr/^archives: interlock\.archive_2_1 keeps \d+ (?:kB|bytes) of plan "keeps", step 1, for another 89 days/, 'names what is kept, and how long');

    my $drops = plan_file('drops', 'plan "drops" { title = "x", phase "contract" { drop_table_if_exists { table = "old", archive = "90 days", loses = "nobody reads it" } } }');
    sql($db, 'CREATE TABLE old AS SELECT 1 AS id');
    runs_ok([ 'run', $drops, '--yes' ], 'a table is dropped, and kept for a while', { db => $db });
    @list = findings($db, 0, 'doctor');
    finds(\@list, 'ok', qr/of plan "drops", step 1, for another 89 days/, 'says how long');
    sql($db, q{UPDATE interlock.step SET finished_at = finished_at - interval '100 days' WHERE run = 3});
    @list = findings($db, 0, 'doctor after that time');
    finds(\@list, 'warning', qr/of plan "drops", step 1, which was over 10 days ago.*interlock sync --all/, 'warns that nobody took it away');
    exits(8, [ 'uninstall', '--yes' ], qr/archive_2_1.*retired_3_1/s, 'uninstall would lose both', { db => $db });
};

subtest 'server and role' => sub {
    my $db = world('look');
    my %as = (env => { PGUSER => 'deploy' });
    my @list = findings($db, 3, 'doctor as a role without rights', \%as);
    finds(\@list, 'problem', qr/role deploy may not create the registry.*GRANT CREATE ON DATABASE "?\w+"? TO deploy$/, 'it may not create the registry');
    finds(\@list, 'warning', qr/does not see what others' sessions do.*GRANT pg_read_all_stats TO deploy$/, 'nor see others');
    exits(5, [ 'run', $plan ], undef, 'somebody else runs', { db => $db });
    @list = findings($db, 3, 'doctor as a role that may not see the registry', \%as);
    finds(\@list, 'problem', qr/^registry: can't read the registry/, 'which is a problem');
    sql($db, 'GRANT USAGE ON SCHEMA interlock TO deploy; GRANT SELECT ON ALL TABLES IN SCHEMA interlock TO deploy');
    @list = findings($db, 3, 'doctor as one that may', \%as);
    finds(\@list, 'problem', qr/public\.users belongs to \w+, of which role deploy is no member: plan "looked_at" can't change it/, 'the tables of others');
    finds(\@list, 'problem', qr/may not write into the registry, which belongs to/, 'the registry of others');

    sql($db, q{ALTER ROLE deploy SET statement_timeout = '5s'; ALTER ROLE deploy SET lock_timeout = '1s'; ALTER ROLE deploy SET idle_session_timeout = '3s'});
    @list = findings($db, 3, 'settings of the role', \%as);
    finds(\@list, 'warning', qr/lock_timeout = 1000ms, statement_timeout = 5000ms for role deploy/, 'timeouts');
    finds(\@list, 'problem', qr/idle_session_timeout = 3000ms ends the session.*ALTER ROLE deploy RESET idle_session_timeout$/, 'one that ends our sessions');
    sql($db, 'ALTER ROLE deploy RESET ALL');

    sql('postgres', $_) for q{ALTER SYSTEM SET track_counts = off}, q{ALTER SYSTEM SET synchronous_standby_names = 'nowhere'};
    server()->reload;
    ok(wait_until(sub { sql('postgres', 'SHOW track_counts') eq 'off' }), 'settings of the server');
    @list = findings($db, 3, 'doctor');
    finds(\@list, 'warning', qr/track_counts is off/, 'no statistics');
    finds(\@list, 'problem', qr/synchronous_standby_names is set, and no such standby is there/, 'a standby that is not there');
    sql('postgres', $_) for 'ALTER SYSTEM RESET track_counts', 'ALTER SYSTEM RESET synchronous_standby_names';
    server()->reload;
    ok(wait_until(sub { sql('postgres', 'SHOW track_counts') eq 'on' }), 'as they were');

    sql($db, q{BEGIN; CREATE TABLE of_prepared (id int); PREPARE TRANSACTION 'forgotten'});
    @list = findings($db, 0, 'a prepared transaction');
    finds(\@list, 'warning', qr/prepared transaction 'forgotten' of \w+.*ROLLBACK PREPARED/, 'is named');
    sql($db, q{ROLLBACK PREPARED 'forgotten'});
    my @idle = map { my $session = sql_session($db); $session->pid; $session } 1 .. 51;
    @list = findings($db, 0, 'a server that is nearly full');
    finds(\@list, 'warning', qr/^connections: 5\d of 57 connections are taken/, 'tells');
    $_->quit for @idle;
};

subtest 'a standby' => sub {
    my $primary = server();
    $primary->append_conf('postgresql.conf', "wal_level = replica\nmax_wal_senders = 5\n");
    $primary->restart;
    $primary->backup('base');
    my $standby = PostgreSQL::Test::Cluster->new('standby');
    $standby->init_from_backup($primary, 'base', has_streaming => 1);
    $standby->start;
    $primary->wait_for_catchup($standby, 'replay', $primary->lsn('write'));
    my $db = world('look');
    my @list = findings($db, 0, 'doctor with a standby');
    finds(\@list, 'ok', qr/^replication: wal_level = replica, 1 standby/, 'counts it');
    finds(\@list, 'ok', qr/readers on standbys are cancelled/, 'and says what its readers have to expect');
    $standby->stop;
};

subtest 'grants' => sub {
    my $db = world('grants', $world . 'CREATE SCHEMA shop; CREATE TABLE shop.carts (id int); ALTER TABLE shop.carts OWNER TO "Owner of all";'
        . 'ALTER TABLE users OWNER TO "Owner of all"; ALTER TABLE orders OWNER TO "Owner of all"; ALTER TABLE orders_2026 OWNER TO "Owner of all"');
    my $of_deploy = runs_ok([ 'doctor', '--grants', 'deploy' ], 'doctor --grants', { db => $db });
    like($of_deploy->{out}, qr/^GRANT CREATE ON DATABASE \w+ TO deploy;/m, 'the database');
    like($of_deploy->{out}, qr/^GRANT USAGE, CREATE ON SCHEMA shop TO deploy;/m, 'the schemas');
    like($of_deploy->{out}, qr/^GRANT "Owner of all" TO deploy; -- 4 tables belong to that role/m, 'the owners of tables');
    like($of_deploy->{out}, qr/^-- given: GRANT CONNECT, TEMPORARY/m, 'what it has is a comment');
    like(runs_ok([ 'doctor', '--grants', 'New role' ], 'a role that is not there', { db => $db })->{out}, qr/\ACREATE ROLE "New role" LOGIN;/, 'is created first');
    sql($db, $of_deploy->{out});
    my $then = runs_ok([ 'doctor', '--grants' ], 'after they were given', { db => $db, env => { PGUSER => 'deploy' } });
    ok(!(grep { /^GRANT|^CREATE/ } split /\n/, $then->{out}), 'nothing is missing') or diag($then->{out});
    exits(5, [ 'run', $plan ], undef, 'and the role can run plans', { db => $db, env => { PGUSER => 'deploy' } });
    findings($db, 0, 'doctor', { env => { PGUSER => 'deploy' } });
    my $approvers = runs_ok([ 'doctor', '--grants' ], 'with a plan that has an approval', { db => $db, env => { PGUSER => 'deploy' } });
    like($approvers->{out}, qr/given: GRANT USAGE ON SCHEMA interlock TO dba.*INSERT, UPDATE ON interlock\.condition TO dba/s, 'the role that approves');
    sql($db, 'REVOKE UPDATE ON interlock.condition FROM dba');
    my $again = runs_ok([ 'doctor', '--grants' ], 'where one is missing', { db => $db, env => { PGUSER => 'deploy' } });
    is(join(' ', $again->{out} =~ /^(GRANT [^;]*);/mg), 'GRANT INSERT, UPDATE ON interlock.condition TO dba', 'only that is to be done');
    my @json = grep { $_->{type} eq 'grant' } json_lines(runs_ok([ 'doctor', '--grants', '--json' ], 'as JSON', { db => $db })->{out});
    cmp_ok(scalar @json, '>', 5, 'a line each');
};

done_testing();
