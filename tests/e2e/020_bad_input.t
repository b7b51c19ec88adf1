# What people and machines get wrong: each has its exit code, a sentence that helps, and leaves the database alone.
use strict;
use warnings;

use IPC::Run;
use Interlock::Test;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $world = 'CREATE TABLE public.users (id bigint PRIMARY KEY, name text NOT NULL); INSERT INTO users SELECT n, n FROM generate_series(1, 100) n';
my $good = plan_file('good', <<'LUA');
plan "good" {
  title = "A column",
  phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "text" } },
}
LUA

my $db = world('bad_input', $world);
my $schema = schema_dump($db);
my %in = (db => $db);

subtest 'plans that are wrong' => sub {
    my %wrong = (
        'syntax' => [ 'plan "x" { phase "a" { add_column_if_missing { table = } } }', qr/\.lua:1/ ],
        'unknown primitive' => [ qq(plan "x" {\n title = "t",\n phase "a" { add_colum_if_missing { table = "users" } } }), qr/\.lua:3.*add_column_if_missing|add_column_if_missing.*\.lua:3/s ],
        'unknown option' => [ qq(plan "x" { title = "t",\n phase "a" { add_column_if_missing {\n table = "users", colum = "a", type = "text" } } }), qr/"column"/ ],
        'missing option' => [ 'plan "x" { title = "t", phase "a" { add_column_if_missing { table = "users", column = "a" } } }', qr/type/ ],
        'mistyped option' => [ 'plan "x" { title = "t", phase "a" { add_column_if_missing { table = 7, column = "a", type = "text" } } }', qr/table/ ],
        'broken SQL' => [ qq(plan "x" { title = "t",\n phase "a" {\n  expect_no_rows { query = "SELEC 1" } } }), qr/SELEC|syntax error/ ],
        'two statements in one' => [ 'plan "x" { title = "t", phase "a" { add_column_if_missing { table = "users", column = "a", type = "text; DROP TABLE users" } } }', qr/type/ ],
        'no plan' => [ 'local x = 1', qr/no plan/i ],
        'two plans' => [ 'plan "a" { title = "t" } plan "b" { title = "t" }', qr/plan/ ],
        'no braces' => [ 'plan "x" { title = "t", gate "g", phase "a" { } }', qr/gate/ ],
        'the same block twice' => [ 'plan "x" { title = "t", gate "g" { text = "a" }, gate "g" { text = "b" } }', qr/"g"/ ],
        'an endless loop' => [ 'while true do end', qr/limit|finish|steps|instructions/i ],
        'a file' => [ 'io.open("/etc/passwd")', qr/"?io"?/ ],
        'an empty file' => [ '', qr/no plan/i ],
        'not Lua at all' => [ "\x7fELF\x02\x01\x01\x00\x00", qr/\.lua/ ],
        'a table that is not there' => [ 'plan "x" { title = "t", phase "a" { add_column_if_missing { table = "nobody", column = "a", type = "text" } } }', qr/nobody/ ],
        'a type that is not there' => [ 'plan "x" { title = "t", phase "a" { add_column_if_missing { table = "users", column = "a", type = "txet" } } }', qr/txet/ ],
        'a drop without a safety period' => [ 'plan "x" { title = "t", phase "a" { drop_table_if_exists { table = "users" } } }', qr/safety|loses/ ],
    );
    for my $name (sort keys %wrong)
    {
        my ($text, $pattern) = @{ $wrong{$name} };
        (my $file = $name) =~ s/\W+/_/g;
        my $path = plan_file($file, $text);
        my $result = exits(4, [ 'check', $path ], undef, "check: $name", {%in});
        like("$result->{out}$result->{err}", $pattern, "$name: what and where");
        my $run = exits(4, [ 'run', $path ], undef, "run: $name", {%in});
        unlike("$run->{out}$run->{err}", qr/Segmentation|AddressSanitizer|runtime error|stack traceback/, "$name: nothing of the inside shows");
    }
    is(schema_dump($db), $schema, 'nothing was changed');
    ok(!registry_exists($db), 'and no registry was made');
};

subtest 'files and words' => sub {
    exits(1, [ 'check', 'plans/nowhere.lua' ], qr/nowhere\.lua/, 'a file that is not there', {%in});
    exits(1, [ 'run', project() . '/plans' . '/nowhere.lua' ], qr/nowhere\.lua/, 'nor for run', {%in});
    my $secret = plan_file('secret', 'plan "x" { title = "t" }');
    chmod 0, $secret;
    SKIP: {
        skip 'root reads everything', 1 if $> == 0;
        exits(1, [ 'check', $secret ], qr/secret\.lua/, 'a file that must not be read', {%in});
    }
    chmod 0644, $secret;
    mkdir project() . '/plans/folder.lua';
    exits(1, [ 'check', project() . '/plans/folder.lua' ], qr/folder\.lua/, 'a folder', {%in});
    exits(64, ['rnu'], qr/run/, 'an unknown command', {%in});
    exits(64, [ 'run', $good, '--lock-timout', '5' ], qr/--lock-timeout/, 'an unknown option', {%in});
    exits(64, ['run'], qr/PLAN|plan/, 'a missing plan', {%in});
    exits(64, [ 'run', $good, '--lock-timeout', 'soon' ], qr/soon/, 'a value that is no time', {%in});
    runs_ok([ 'check', $good, '--offline' ], 'check --offline needs no server', { env => { PGHOST => '/nowhere' } });
    runs_ok([ 'show', $good ], 'show needs none either', { env => { PGHOST => '/nowhere' } });
    runs_ok(['help'], 'help', { env => { PGHOST => '/nowhere' } });
    runs_ok(['--version'], '--version', {});
};

subtest 'streams that came closed' => sub {
    my $interlock = ($ENV{INTERLOCK} || top() . '/build/interlock');
    my $dump = schema_dump($db);
    for my $case ([ '>&-', 1, qr/\Aerror: cannot write the output\n\z/ ], [ '2>&-', 0, qr/\A\z/ ], [ '<&-', 0, qr/\A\z/ ], [ '<&- >&- 2>&-', 1, qr/\A\z/ ])
    {
        my ($closed, $code, $message) = @$case;
        my ($out, $err);
        IPC::Run::run([ 'sh', '-c', qq("\$0" help rehearse $closed), $interlock ], '>', \$out, '2>', \$err);
        is($? >> 8, $code, "help $closed: exit code");
        like($err, $message, "help $closed: messages");
        like($out, $closed =~ />&-/ && $closed !~ /^2/ ? qr/\A\z/ : qr/rehearse PLAN/, "help $closed: output");
    }
    my ($out, $err);
    IPC::Run::run([ 'sh', '-c', '"$0" -d "$1" run "$2" <&- >&- 2>&-', $interlock, server()->connstr($db), $good ], '>', \$out, '2>', \$err);
    is($? >> 8, 1, 'a run without any: what it could not say');
    is(sql($db, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'nick'"), 1, 'and what it did');
    runs_ok([ 'undo', $good, '--to', 'start', '--yes' ], 'undo', \%in);
    is(schema_dump($db), $dump, 'as before');
};

subtest 'connections that fail' => sub {
    exits(2, [ 'run', $good ], qr{/nowhere}, 'no server', { env => { PGHOST => '/nowhere', PGDATABASE => 'x' } });
    exits(2, [ 'check', $good ], qr{/nowhere}, 'check of a server that was named', { env => { PGHOST => '/nowhere', PGDATABASE => 'x' } });
    exits(2, [ '-d', 'host=/nowhere dbname=x', 'run', $good ], qr{/nowhere}, 'named by -d', {});
    exits(2, [ 'run', $good ], qr/no_such_db/, 'no such database', { db => 'no_such_db' });
    exits(2, [ 'run', $good ], qr/no_such_role/, 'no such role', { db => $db, env => { PGUSER => 'no_such_role' } });
    my $secret = 'hunter2-very-secret';
    my $url = interlock('run', $good, { env => { DATABASE_URL => "postgresql://joe:$secret\@%2Fnowhere/x" } });
    is($url->{exit}, 2, 'DATABASE_URL is used');
    unlike("$url->{out}$url->{err}", qr/\Q$secret\E/, 'and its password is not shown');
};

subtest 'a wrong password' => sub {
    my $node = PostgreSQL::Test::Cluster->new('scram');
    $node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
    $node->start;
    $node->safe_psql('postgres', "SET password_encryption = 'scram-sha-256'; CREATE ROLE joe LOGIN SUPERUSER PASSWORD 'right'");
    $node->safe_psql('postgres', $world);
    unlink $node->data_dir . '/pg_hba.conf';
    $node->append_conf('pg_hba.conf', 'local all all scram-sha-256');
    $node->reload;
    my %joe = (server => $node, db => 'postgres');
    exits(2, [ 'run', $good, '-w' ], qr/password/, 'a wrong one', { %joe, env => { PGUSER => 'joe', PGPASSWORD => 'wrong' } });
    exits(2, [ 'run', $good, '-w' ], qr/password/, 'none', { %joe, env => { PGUSER => 'joe' } });
    my $right = runs_ok([ 'run', $good ], 'the right one', { %joe, env => { PGUSER => 'joe', PGPASSWORD => 'right' } });
    local $ENV{PGPASSWORD} = 'right';
    unlike($node->safe_psql('postgres', 'SELECT r::text FROM interlock.run r', extra_params => [ '-U', 'joe' ]), qr/right/, 'the registry does not hold it');
    $node->stop('immediate');
};

subtest 'a role without rights' => sub {
    my $own = world('bad_input');
    my $before = schema_dump($own);
    server()->safe_psql('postgres', 'CREATE ROLE nobody LOGIN');
    my $run = interlock('run', $good, { db => $own, env => { PGUSER => 'nobody' } });
    ok((grep { $run->{exit} eq $_ } 1, 3, 4), 'run ends with an error of its own') or diag("exit $run->{exit}\n$run->{err}");
    like($run->{err}, qr/public\.users belongs to role "[^"]+", and nobody else may change it/, 'and says what is missing');
    is(schema_dump($own), $before, 'nothing was changed');

    # May make the registry, does not own the table.
    server()->safe_psql('postgres', 'CREATE ROLE half LOGIN');
    sql($own, qq{GRANT CREATE ON DATABASE "$own" TO half});
    $run = interlock('run', $good, { db => $own, env => { PGUSER => 'half' } });
    ok((grep { $run->{exit} eq $_ } 3, 4), 'a role that does not own the table') or diag("exit $run->{exit}\n$run->{err}");
    like($run->{err}, qr/public\.users belongs to role "[^"]+", and nobody else may change it/, 'is told so');
    is(schema_dump($own), $before, 'nothing was changed');
};

subtest 'a standby' => sub {
    my $node = PostgreSQL::Test::Cluster->new('primary');
    $node->init(allows_streaming => 1, extra => [ '--locale=C', '--encoding=UTF8' ]);
    $node->start;
    $node->safe_psql('postgres', $world);
    $node->backup('copy');
    my $standby = PostgreSQL::Test::Cluster->new('standby');
    $standby->init_from_backup($node, 'copy', has_streaming => 1);
    $standby->start;
    my %there = (server => $standby, db => 'postgres');
    exits(2, [ 'run', $good ], qr/read.only|standby|recovery/i, 'run is refused', {%there});
    my $status = interlock('status', { %there, env => { PGTARGETSESSIONATTRS => 'any' } });
    ok((grep { $status->{exit} eq $_ } 0, 2), 'status answers orderly') or diag($status->{err});
    my $forced = interlock('run', $good, { %there, env => { PGTARGETSESSIONATTRS => 'any' } });
    isnt($forced->{exit}, '0', 'run is refused with target_session_attrs=any as well');
    like($forced->{err}, qr/read.only|standby|recovery/i, 'and says why');
    $standby->stop('immediate');
    $node->stop('immediate');
};

subtest 'a registry of a newer version' => sub {
    my $own = world('bad_input');
    runs_ok([ 'run', $good ], 'run', { db => $own });
    sql($own, 'UPDATE interlock.meta SET version = 99');
    for my $command ([ 'run', $good ], [ 'status', $good ], [ 'undo', $good, '--yes' ])
    {
        exits(1, $command, qr/newer|99/, "$command->[0] is refused", { db => $own });
    }
    is(column_type($own, 'users', 'nick'), 'text', 'nothing was undone');
};

subtest 'a schema of that name that is not ours' => sub {
    my $own = world('bad_input');
    sql($own, 'CREATE SCHEMA interlock; CREATE TABLE interlock.run (door text)');
    my $run = interlock('run', $good, { db => $own });
    isnt($run->{exit}, '0', 'run is refused');
    like($run->{err}, qr/interlock/, 'and names it');
    is(sql($own, "SELECT count(*) FROM pg_class WHERE relnamespace = 'interlock'::regnamespace"), 1, 'it is left alone');
};

subtest 'a full disk' => sub {
    my $mount = $ENV{INTERLOCK_SMALL_DISK};
    plan skip_all => 'INTERLOCK_SMALL_DISK does not name a folder on a small file system' unless $mount && -w $mount;
    my $own = world('bad_input');
    my ($free) = map { (split)[3] } grep { m{^\S+\s+\d} } split /\n/, `df -Pk $mount`;
    plan skip_all => "$mount is not small" if $free > 100_000;
    sql($own, "CREATE TABLESPACE small LOCATION '$mount'");
    my $filler = "$mount/filler";
    sql($own, 'ALTER TABLE users SET TABLESPACE small; INSERT INTO users SELECT n, n FROM generate_series(101, 100000) n');
    my $index = plan_file('index', <<'LUA');
plan "index" { title = "An index that does not fit",
  phase "expand" { create_index_if_missing { table = "users", columns = "name, id" } } }
LUA
    sql($own, 'ALTER DATABASE "' . $own . q{" SET default_tablespace = 'small'});
    system("head -c 1G /dev/zero > $filler 2>/dev/null");
    exits(3, [ 'run', $index ], qr/space|53100/i, 'the step fails', { db => $own });
    unlink $filler;
    runs_ok([ 'run', $index ], 'with room again it succeeds', { db => $own });
    is(sql($own, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"), 0, 'and no invalid index is left');
};

done_testing();
