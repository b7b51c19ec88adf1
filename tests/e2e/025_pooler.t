# A pooler between us and the server: what takes our sessions apart is refused before anything is changed, what keeps
# them is fine, and doctor says which it is.
use strict;
use warnings;

use Interlock::Test;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($pgbouncer) = grep { -x } map { "$_/pgbouncer" } '/usr/sbin', split /:/, $ENV{PATH};
plan skip_all => 'pgbouncer is not installed' unless $pgbouncer;

my $plan = plan_file('pooled', <<'LUA');
plan "pooled" {
  title = "A nickname",
  phase "expand" {
    add_column_if_missing { table = "users", column = "nick", type = "text" },
    create_index_if_missing { table = "users", columns = "nick" },
    expect_no_rows { query = "SELECT 1 FROM users WHERE id < 0" },
  },
}
LUA
my $world = 'CREATE TABLE public.users (id bigint PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 100)';

# A pgbouncer of that mode before a fresh database; gives the database, the options for a command, and its end.
sub pooler
{
    my ($mode) = @_;
    my $db = world('pooler', $world);
    my ($host, $port, $own) = (server()->host, server()->port, PostgreSQL::Test::Cluster::get_free_port());
    my $folder = PostgreSQL::Test::Utils::tempdir_short();
    my $user = sql($db, 'SELECT current_user');
    PostgreSQL::Test::Utils::append_to_file("$folder/pgbouncer.ini", <<"INI");
[databases]
$db = host=$host port=$port dbname=$db user=$user
[pgbouncer]
logfile = $folder/log
pidfile = $folder/pid
listen_port = $own
unix_socket_dir = $folder
auth_type = any
pool_mode = $mode
ignore_startup_parameters = extra_float_digits,options
INI
    my $harness = IPC::Run::start([ $pgbouncer, "$folder/pgbouncer.ini" ], '<', '/dev/null', '>', '/dev/null', '2>', '/dev/null');
    ok(wait_until(sub { -S "$folder/.s.PGSQL.$own" }, 10), "pgbouncer in $mode mode is there");
    my $options = { env => { PGHOST => $folder, PGPORT => $own, PGDATABASE => $db, PGUSER => $user } };
    return ($db, $options, sub { $harness->signal('TERM'); $harness->kill_kill(grace => 2); return });
}
sub connection_line { return $_[0]{out} =~ /^(\w+ +connection .*\n(?: +help: .*\n)?)/m ? $1 : $_[0]{out} }

subtest 'transaction mode' => sub {
    my ($db, $options, $stop) = pooler('transaction');
    my $refused = qr/^error: a pooler in transaction mode stands between interlock and the server\n.*SET did not survive.*\n.*help: connect to the server itself, or to a pool in session mode$/m;
    exits(2, [ 'run', $plan ], $refused, 'run is refused', $options);
    ok(!registry_exists($db), 'nothing was made');
    is(column_type($db, 'users', 'nick'), '', 'and nothing changed');
    like(connection_line(exits(3, [ 'doctor' ], undef, 'doctor finds a problem', $options)),
        qr/^problem +connection +a pooler in transaction mode .*\n +help: connect to the server itself/, 'which it names');

    runs_ok([ 'run', $plan ], 'run, at the server itself', { db => $db });
    exits(2, [ 'verify', $plan ], $refused, 'verify is refused', $options);
    exits(2, [ 'undo', $plan, '--yes' ], $refused, 'undo is refused', $options);
    is(column_type($db, 'users', 'nick'), 'text', 'what was done stays');
    runs_ok([ 'status', $plan ], 'status only reads', $options);

    # Reading commands prepare their questions, which the next one then finds on its session.
    my $other = plan_file('other', 'plan "other" { title = "x", phase "p" { add_column_if_missing { table = "users", column = "age", type = "int" } } }');
    my @answers = map { interlock('preview', $other, $options) } 1 .. 4;
    like($_->{exit}, qr/^[02]$/, 'preview answers, or') for @answers;
    my ($mixed) = grep { $_->{exit} == 2 } @answers;
    like($mixed->{err}, qr/a pooler in transaction mode.*\n.*help: connect to the server itself/, 'says who gave it another session') if $mixed;
    $stop->();
};

subtest 'session mode' => sub {
    my ($db, $options, $stop) = pooler('session');
    like(connection_line(runs_ok([ 'doctor' ], 'doctor', $options)), qr/^ok +connection +no pooler that would mix up our sessions/, 'is content');
    runs_ok([ 'check', $plan ], 'check', $options);
    runs_ok([ 'run', $plan ], 'run', $options);
    runs_ok([ 'verify', $plan ], 'verify', $options);
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', $options);
    is(column_type($db, 'users', 'nick'), '', 'there and back');
    runs_ok([ 'run', $plan ], 'run again', $options);
    is(column_type($db, 'users', 'nick'), 'text', 'and there');
    $stop->();
};

subtest 'statement mode' => sub {
    my ($db, $options, $stop) = pooler('statement');
    exits(2, [ 'run', $plan ], qr/^error: no transaction can be begun.*help: a pooler in statement mode allows none: connect to the server itself/ms, 'run is refused', $options);
    like(connection_line(exits(3, [ 'doctor' ], undef, 'doctor finds a problem', $options)), qr/^problem +connection +no transaction can be begun/, 'which it names');
    ok(!registry_exists($db), 'nothing was made');
    $stop->();
};

done_testing();
