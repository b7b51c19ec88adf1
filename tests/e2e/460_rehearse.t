# rehearse: the plan on a scratch copy, up, back and up again; what each step really did; and nothing stays anywhere.
use strict;
use warnings;

use File::Temp ();
use Interlock::Test;
use PostgreSQL::Test::Utils ();
use Test::More;

# Debian has no newer pg_dump than its server.
plan skip_all => 'pg_dump of this machine can\'t read that server' if $ENV{INTERLOCK_SERVER} && $ENV{INTERLOCK_SERVER} > 15;

my $temporary = File::Temp::tempdir(CLEANUP => 1);
chmod 0755, $temporary;

my $schema = <<'SQL';
CREATE SCHEMA app;
CREATE TABLE app.users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL, nick text, org bigint);
CREATE TABLE app.orders (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES app.users, total numeric NOT NULL, status text);
CREATE TABLE app.empty (id bigint);
INSERT INTO app.users (email) SELECT 'u' || i FROM generate_series(1, 500) i;
INSERT INTO app.orders (user_id, total, status) SELECT 501 - i, i, 'open' FROM generate_series(1, 500) i;
ANALYZE;
SQL

# Roles are the server's, not a database's; and what a rehearsal leaves would be found here.
sub leftovers
{
    return sql('postgres', q{SELECT count(*) FROM pg_database WHERE datname LIKE 'interlock%'}) . join ' ', glob "$temporary/*";
}

# Rehearses, and compares the database with what it was: nothing may have been written.
sub rehearses
{
    my ($code, $name, $plan, $db, @options) = @_;
    my @before = map { $_->($db) } \&schema_dump, \&table_rows;
    my $result = exits($code, [ 'rehearse', plan_file($name, $plan), @options ], undef, "$name ends with $code",
        { db => $db, env => { TMPDIR => $temporary }, seconds => 300 });
    is_deeply([ map { $_->($db) } \&schema_dump, \&table_rows ], \@before, 'the database is as before');
    ok(!registry_exists($db), 'and has no registry');
    is(leftovers(), '0', 'nothing stays');
    return $result;
}

sub steps { return grep { $_->{type} eq 'step' } json_lines($_[0]{out}) }
sub rules { return join ' ', map { $_->{rule} } grep { $_->{type} eq 'diagnostic' } json_lines($_[0]{out}) }

# "SHARE app.users" of all statements of a step, without what readers and writers of rows take.
sub locks
{
    my ($step) = @_;
    my %locks = map { ("$_->{mode} $_->{relation}" => 1) } grep { $_->{mode} !~ /^(ACCESS SHARE|ROW)/ } map { @{ $_->{locks} } } @{ $step->{statements} };
    return join ', ', sort keys %locks;
}
sub work { return join ', ', map { @{ $_->{work} } } @{ $_[0]{statements} } }

subtest 'what is seen' => sub {
    my $db = world('shop', $schema);
    my $result = rehearses(0, 'seen', <<'LUA', $db, '--json');
plan "seen" {
  title = "what each step does",
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "born", type = "date" },
    create_index_if_missing { table = "app.orders", columns = { "status" } },
    add_check { table = "app.orders", name = "orders_total_check", check = "total >= 0" },
    sql_step { sql = [[ ALTER TABLE app.users ADD COLUMN token uuid DEFAULT gen_random_uuid() ]],
               undo = [[ ALTER TABLE app.users DROP COLUMN token ]], reason = "a rewrite" },
    expect_rows_between { query = "SELECT FROM app.users", min = 400, max = 600 },
  },
}
LUA
    my @steps = steps($result);
    is(scalar @steps, 5, 'each step is told once');
    is(locks($steps[0]), 'ACCESS EXCLUSIVE app.users', 'a column');
    is(work($steps[0]),  '',                           'costs nothing');
    is(locks($steps[1]), 'SHARE UPDATE EXCLUSIVE app.orders', 'an index is built in no transaction, and seen all the same');
    is(work($steps[1]), 'builds index app.orders_status_idx over app.orders (500 rows, ' . ($steps[1]{statements}[0]{work}[0] =~ /rows, (\d+ kB)\)/)[0] . ') under SHARE UPDATE EXCLUSIVE', 'with the size of the real table');
    is(locks($steps[2]), 'ACCESS EXCLUSIVE app.orders, SHARE UPDATE EXCLUSIVE app.orders', 'a check');
    like(work($steps[2]), qr/^reads all of app\.orders .* under SHARE UPDATE EXCLUSIVE$/, 'is validated');
    like(work($steps[3]), qr/^rewrites app\.users .* under ACCESS EXCLUSIVE$/,           'a volatile default');
    is($steps[4]{event}, 'not decided by the rows of the copy', 'a count of rows decides nothing');
    is(rules($result), 'rehearsal-work', 'the rewrite is a finding');
    my ($end) = grep { $_->{type} eq 'rehearsal' } json_lines($result->{out});
    ok($end->{back}, 'there and back');
    is_deeply([ @{$end}{qw(rows tables steps warnings)} ], [ 2, 2, 5, 1 ], 'and what it rests on');
};

subtest 'stops and the way back from the end' => sub {
    my $db = world('shop', $schema);
    sql('postgres', 'CREATE ROLE dba NOLOGIN');
    my $plan = sub { return <<"LUA" };
plan "$_[0]" {
  title = "all kinds of stops",
  phase "expand" { add_column_if_missing { table = "app.users", column = "born", type = "date" } },
  gate "checkout 5 is live" { text = "ask them" },
  approval "dba" { role = "dba" },
  safety_period "30 days" { unused = { "app.empty" } },
  phase "contract" { drop_column_if_exists { table = "app.users", column = "nick", $_[1] } },
}
LUA
    my $result = rehearses(0, 'kept', $plan->('kept', 'archive = "90 days"'), $db);
    like($result->{out}, qr/^# \Q$_\E.*: counted as open$/m, $_) for 'gate "checkout 5 is live"', 'approval "dba"', 'safety period "30 days"';
    like($result->{out}, qr/2 steps up, back and up again; back from the end, too/, 'an archive gives the column back');
    $result = rehearses(0, 'gone', $plan->('gone', 'loses = "nobody reads it"'), $db);
    like($result->{out}, qr/2 steps up, back and up again; no way back from "contract" on/, 'without one there is no way back');
    like($result->{out}, qr/^note\[rehearsal-undo\]: .*without an archive$/m, 'which is told');
    sql('postgres', 'DROP ROLE dba');
};

subtest 'what goes wrong' => sub {
    my $db = world('shop', $schema);
    my $result = rehearses(3, 'nulls', <<'LUA', $db);
plan "nulls" { title = "rows are in the way", phase "only" {
  sql_step { sql = [[ ALTER TABLE app.users ALTER COLUMN nick SET NOT NULL ]], undo = [[ ALTER TABLE app.users ALTER COLUMN nick DROP NOT NULL ]], reason = "x" } } }
LUA
    like($result->{err}, qr/server: 23502 .*in the rehearsal, on a copy with 2 rows: the database itself was only read/s, 'it is said where it failed');
    my $left = <<'LUA';
plan "left" { title = "an undo that forgets", phase "only" {
  sql_step { sql = [[ CREATE INDEX orders_user ON app.orders (user_id) ]], undo = [[ SELECT 1 ]], reason = "x" } } }
LUA
    $result = rehearses(3, 'left', $left, $db);
    like($result->{out}, qr/^warning\[rehearsal-undo\]: undo does not lead back .*\n(?:.*\n)*?   = left over: index app\.orders_user$/m, 'an index that stays is shown');
    like($result->{err}, qr/42P07/, 'and the plan can\'t run again');
    sql('postgres', 'CREATE ROLE poor LOGIN');
    exits(1, [ '-d', server()->connstr($db) . ' user=poor', 'rehearse', plan_file('left', $left) ], qr/permission denied.*pg_read_all_data/s, 'a role that may not read: what it needs');
    sql('postgres', 'DROP ROLE poor');
};

subtest 'a sample need not hold what it refers to' => sub {
    my $db = world('shop', $schema);
    my $result = rehearses(0, 'fk', <<'LUA', $db);
plan "fk" { title = "a key once more", phase "only" {
  sql_step { sql = [[ ALTER TABLE app.orders ADD CONSTRAINT again FOREIGN KEY (user_id) REFERENCES app.users ]],
             undo = [[ ALTER TABLE app.orders DROP CONSTRAINT again ]], reason = "x" } } }
LUA
    like($result->{err}, qr/refers to one that is not in it: once more, without rows/, 'it is rehearsed without rows');
    like($result->{out}, qr/rests on the schema and statistics, without rows/, 'and says so');
};

subtest 'on a server that is named' => sub {
    my $db = world('shop', $schema);
    sql('postgres', 'CREATE ROLE reader NOLOGIN');
    sql($db, 'GRANT SELECT ON app.users TO reader');
    my $plan = 'plan "in" { title = "x", phase "only" { add_column_if_missing { table = "app.users", column = "born", type = "date" } } }';
    my $result = rehearses(0, 'in', $plan, $db, '--in', server()->connstr('postgres'), '--sample', '1000');
    like($result->{err}, qr/a copy on the server of --in, .*1000 rows of 2 tables/, 'with rows as asked for');
    is(sql('postgres', q{SELECT count(*) FROM pg_roles WHERE rolname = 'reader'}), '1', 'a role that was there stays');
    sql($db, 'DROP OWNED BY reader; DROP ROLE reader');
};

subtest 'interrupted' => sub {
    my $db = world('shop', $schema);
    my $path = plan_file('wait', 'plan "wait" { title = "x", phase "only" { sql_step { sql = [[ SELECT pg_sleep(60) ]], undo = false, reason = "x" } } }');
    my $process = in_background('rehearse', $path, { db => $db, env => { TMPDIR => $temporary } });
    ok(wait_until(sub { $process->says(qr/a copy on a throwaway server/) }, 60), 'it is under way');
    $process->signal('TERM');
    $process->signal('TERM') if !wait_until(sub { !$process->running }, 2);
    my $result = $process->finish;
    is($result->{exit}, 130, 'it ends as asked');
    is(leftovers(), '0', 'nothing stays');
};

# lint --rehearse of one file: the result, with the database compared.
sub lints
{
    my ($code, $name, $text, $db, @options) = @_;
    my $file = project() . "/$name.sql";
    PostgreSQL::Test::Utils::append_to_file($file, $text);
    my @before = map { $_->($db) } \&schema_dump, \&table_rows;
    my $result = exits($code, [ 'lint', '--rehearse', $file, @options ], undef, "lint of $name ends with $code",
        { db => $db, env => { TMPDIR => $temporary }, seconds => 300 });
    is_deeply([ map { $_->($db) } \&schema_dump, \&table_rows ], \@before, 'the database is as before');
    is(leftovers(), '0', 'nothing stays');
    return $result;
}

subtest 'lint: what the text does not tell' => sub {
    my $db = world('opaque', "$schema; " . <<'SQL');
CREATE FUNCTION app.change() RETURNS integer LANGUAGE plpgsql AS 'BEGIN EXECUTE ''CREATE INDEX by_email ON app.users (email)''; RETURN 1; END';
CREATE FUNCTION app.nothing() RETURNS integer LANGUAGE plpgsql AS 'BEGIN EXECUTE ''SELECT 1''; RETURN 1; END';
SQL
    my $result = lints(4, 'opaque', <<'SQL', $db, '--assume-large', '--json');
SET lock_timeout = '2s';
SELECT app.change();
SELECT app.nothing();
DO $$ BEGIN EXECUTE 'ALTER TABLE app.orders ' || 'ADD COLUMN x float8 DEFAULT random()'; END $$;
SET lock_timeout = 0;
CREATE INDEX CONCURRENTLY by_status ON app.orders (status);
SQL
    my @found = map { "$_->{severity} $_->{rule} $_->{line}" } grep { $_->{type} eq 'diagnostic' } json_lines($result->{out});
    is_deeply([ sort @found ], [ 'error rehearsal-work 2', 'error rehearsal-work 4', 'note opaque-sql 2', 'note opaque-sql 3', 'note opaque-sql 4' ], 'is seen');
    like($result->{out}, qr/builds index app\.by_email over app\.users .* under SHARE/, 'an index that a function builds');
    like($result->{out}, qr/rewrites app\.orders .* under ACCESS EXCLUSIVE/,           'a table that a DO block rewrites');
    like($result->{out}, qr/took no lock that keeps readers or writers waiting/,        'and that there is nothing to see');
};

subtest 'lint: what fails' => sub {
    my $db = world('shop', $schema);
    my $result = lints(4, 'fails', "SET lock_timeout = '2s';\nALTER TABLE app.users ADD CONSTRAINT long CHECK (length(email) > 20) NOT VALID;\nALTER TABLE app.users VALIDATE CONSTRAINT long;\nDROP TABLE app.nothing;\n", $db);
    like($result->{out}, qr/^error\[rehearsal-fails\]: it fails: check constraint "long" .*is violated by some row\n  --> \S+fails\.sql:3$/m, 'a row in the way is told at its line');
    $result = lints(0, 'key', "SET lock_timeout = '2s';\nBEGIN;\nALTER TABLE app.orders ADD CONSTRAINT again FOREIGN KEY (user_id) REFERENCES app.users NOT VALID;\nCOMMIT;\nALTER TABLE app.orders VALIDATE CONSTRAINT again;\n", $db);
    unlike($result->{out}, qr/rehearsal-fails/, 'but not that a sample does not hold what it refers to');
};

subtest 'lint: two statements on a line' => sub {
    my $db = world('shop', $schema);
    my $result = lints(4, 'line', "SET lock_timeout = '2s'; ALTER TABLE app.users ADD COLUMN a float8 DEFAULT random(); ALTER TABLE app.users ADD COLUMN b date;", $db, '--assume-large');
    like($result->{out}, qr/^error\[add-column-volatile-default\]/m, 'what the second one does says nothing about the first');
};

exits(64, [ 'lint', '--rehearse', '--offline', 'x.sql' ], qr/--rehearse needs a database/, 'a rehearsal needs a database');
exits(64, [ 'rehearse', 'x', '--sample', 'all' ], qr/not a number of rows/, 'a sample is a number', { db => 'postgres' });

done_testing();
