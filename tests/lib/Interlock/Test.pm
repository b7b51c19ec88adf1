# What the tests of Interlock share: a server for each test file, databases copied from templates, the program
# under test in the foreground and in the background, an application that writes all the while, and comparisons
# of schema, rows and registry.  Stands on PostgreSQL's own PostgreSQL::Test::Cluster.
package Interlock::Test;

use strict;
use warnings;

use Exporter 'import';
use File::Path qw(make_path);
use File::Temp ();
use Interlock::Catalogue;
use Interlock::Servers;
use IPC::Run ();
use JSON::PP ();
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(
  top server world drop_world sql sql_fails sql_session wait_until
  interlock runs_ok exits in_background plan_file project
  schema_dump table_rows registry_state log_mark log_since statements_of
  filenode column_type registry_exists json_lines application
);

# The folder that holds tests/, examples/ and src/.
my $top = $ENV{INTERLOCK_TOP} || do { require Cwd; Cwd::getcwd() };
my $program = $ENV{INTERLOCK} || "$top/build/interlock";

# Only what a test says counts: nothing that the caller's shell happens to have set.
delete @ENV{ grep { /^(DATABASE_URL|NO_COLOR|INTERLOCK_FAULT.*)$/ } keys %ENV };

my ($server, $project, %templates);
my $worlds = 0;

sub top { return $top }

#
# Servers and databases
#

# The server of this test file, started when it is first asked for; INTERLOCK_SERVER names another major version than
# the machine's (see Interlock::Servers).  Its durability is off; use a server of your own
# (PostgreSQL::Test::Cluster->new) where roles, standbys or authentication matter.
sub server
{
    return $server if $server;
    my $major = $ENV{INTERLOCK_SERVER};
    $server = PostgreSQL::Test::Cluster->new($major ? ($major, install_path => installation($major)) : 'main');
    $server->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
    $server->append_conf('postgresql.conf', <<'CONF');
max_connections = 60
shared_buffers = 64MB
autovacuum = off
full_page_writes = off
max_prepared_transactions = 5
log_min_duration_statement = -1
CONF
    $server->start;
    return $server;
}

# world('name', sub { my ($db) = @_; … }) makes the template database `name` once, filled by the function (or by
# the SQL text given instead), and returns the name of a fresh copy of it.
sub world
{
    my ($template, $fill) = @_;
    my $node = server();
    if (!$templates{$template}++)
    {
        $node->safe_psql('postgres', qq{CREATE DATABASE "$template"});
        ref $fill ? $fill->($template) : sql($template, $fill);
    }
    my $db = "${template}_" . ++$worlds;
    $node->safe_psql('postgres', qq{CREATE DATABASE "$db" TEMPLATE "$template"});
    return $db;
}

sub drop_world
{
    my ($db) = @_;
    server()->safe_psql('postgres', qq{DROP DATABASE IF EXISTS "$db" WITH (FORCE)});
    return;
}

# Runs SQL as the superuser and returns what psql -At prints; dies when it fails.
sub sql
{
    my ($db, $text) = @_;
    return server()->safe_psql($db, $text);
}

# The error message of SQL that must fail, undef if it did not.
sub sql_fails
{
    my ($db, $text) = @_;
    my ($code, $out, $err) = server()->psql($db, $text);
    return $code ? $err : undef;
}

# A session that stays open: $session->query('BEGIN'); … $session->quit.  It is named `holder`.
sub sql_session
{
    my ($db, $name) = @_;
    local $ENV{PGAPPNAME} = $name || 'holder';
    return Interlock::Test::Session->new(server()->connstr($db));
}

# Waits until the function is true; false after `seconds`.
sub wait_until
{
    my ($condition, $seconds) = @_;
    my $end = time() + ($seconds || 30);
    while (time() < $end)
    {
        my $value = $condition->();
        return $value if $value;
        sleep 0.02;
    }
    return;
}

#
# The program
#

# A folder for the plans of this test, with an empty interlock.conf: the root of its libraries.
sub project
{
    return $project if $project;
    $project = File::Temp::tempdir(CLEANUP => 1);
    make_path("$project/plans", "$project/lib");
    _write("$project/interlock.conf", '');
    return $project;
}

# Writes plans/NAME.lua and returns its path.
sub plan_file
{
    my ($name, $text) = @_;
    my $path = project() . "/plans/$name.lua";
    _write($path, $text);
    return $path;
}

sub _write
{
    my ($path, $text) = @_;
    open my $file, '>', $path or die "cannot write $path: $!";
    print $file $text;
    close $file or die "cannot write $path: $!";
    return;
}

# Options of the functions below, as a last argument { … }:
#   db     the database; without it no server is named
#   env    more environment variables
#   stdin  text; without it /dev/null
#   dir    the folder to run in; without it the project
#   seconds  after which the program is killed (60)
#   server   another server than this file's
sub _environment
{
    my ($options) = @_;
    my %env = (PGAPPNAME => 'tests');
    if (defined $options->{db})
    {
        my $node = $options->{server} || server();
        @env{qw(PGHOST PGPORT PGDATABASE)} = ($node->host, $node->port, $options->{db});
    }
    return (%env, %{ $options->{env} || {} });
}

# interlock(ARGUMENT…, { OPTIONS }) runs the program to its end: { exit, signal, out, err, seconds }.
sub interlock
{
    my @args = @_;
    my $options = ref $args[-1] eq 'HASH' ? pop @args : {};
    return in_background(@args, $options)->finish;
}

# The same in the background; see Interlock::Test::Process for what the result can do.
sub in_background
{
    my @args = @_;
    my $options = ref $args[-1] eq 'HASH' ? pop @args : {};
    my %set = _environment($options);
    local %ENV = %ENV;
    delete @ENV{qw(PGHOST PGPORT PGDATABASE)};
    @ENV{ keys %set } = values %set;
    return Interlock::Test::Process->new([ $program, @args ], $options->{dir} || project(),
        $options->{stdin}, $options->{seconds} || ($ENV{SAN} ? 180 : 60));
}

sub _explain
{
    my ($args, $result) = @_;
    diag("interlock @$args\n  exit $result->{exit}"
          . ($result->{signal} ? ", signal $result->{signal}" : '')
          . "\nstdout:\n$result->{out}\nstderr:\n$result->{err}");
    return;
}

# runs_ok([ARGUMENT…], 'name', { OPTIONS }): the program succeeds.  Returns the result.
sub runs_ok
{
    my ($args, $name, $options) = @_;
    my $result = interlock(@$args, $options || {});
    my $good = $result->{exit} eq '0';
    ok($good, $name || "interlock $args->[0] succeeds") or _explain($args, $result);
    return $result;
}

# exits(CODE, [ARGUMENT…], qr/what stderr says/, 'name', { OPTIONS }): the program ends with that code.  undef
# instead of the pattern: it may say what it likes.  { out => qr/…/ } looks at stdout.  Returns the result.
sub exits
{
    my ($code, $args, $pattern, $name, $options) = @_;
    $options ||= {};
    $name ||= "interlock $args->[0] ends with $code";
    my $result = interlock(@$args, $options);
    my @bad;
    push @bad, "wanted exit code $code" if $result->{exit} ne $code;
    push @bad, "stderr does not match $pattern" if $pattern && $result->{err} !~ $pattern;
    push @bad, "stdout does not match $options->{out}" if $options->{out} && $result->{out} !~ $options->{out};
    ok(!@bad, $name) or do { diag($_) for @bad; _explain($args, $result) };
    return $result;
}

# The objects of --json output; dies when a line is not JSON.
sub json_lines
{
    my ($text) = @_;
    return map { JSON::PP::decode_json($_) } grep { /\S/ } split /\n/, $text;
}

#
# Comparisons
#

# pg_dump -s without the registry and without what differs from dump to dump; what the catalogue says of a server that
# it doesn't read.
sub schema_dump
{
    my ($db) = @_;
    return sql($db, Interlock::Catalogue::query()) if !readable(server()->pg_version);
    my ($out, $err) = ('', '');
    IPC::Run::run([ 'pg_dump', '-s', '-N', 'interlock', '-d', server()->connstr($db) ], '>', \$out, '2>', \$err)
      or die "pg_dump: $err";
    $out =~ s/^\\(un)?restrict .*\n//mg;
    return $out;
}

# One line for each table outside the registry: name, rows, a hash of the rows.
sub table_rows
{
    my ($db) = @_;
    my $tables = sql($db, <<'SQL');
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'interlock')
   AND n.nspname !~ '^pg_(toast|temp)' ORDER BY 1
SQL
    my $query = join ' UNION ALL ', map {
        my $literal = s/'/''/gr;
        "SELECT '$literal', count(*), md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\"), '')) FROM $_ t"
    } split /\n/, $tables;
    return $query ? sql($db, "$query ORDER BY 1") : '';
}

sub registry_exists { return sql($_[0], "SELECT to_regnamespace('interlock') IS NOT NULL") eq 't' }

# What the registry says, without times, epochs and attempts: equal for a run that was killed and one that was not.
sub registry_state
{
    my ($db) = @_;
    return '' unless registry_exists($db);
    my $text = sql($db, <<'SQL');
SELECT concat_ws(' ', 'run', dense_rank() OVER (ORDER BY id), plan, parameters, state, hash, 'next', next_block) FROM interlock.run ORDER BY id;
SELECT concat_ws(' ', 'step', dense_rank() OVER (ORDER BY run), number, block, primitive, state, 'created', created) FROM interlock.step ORDER BY run, number;
SELECT concat_ws(' ', 'claim', dense_rank() OVER (ORDER BY run), relation) FROM interlock.claim ORDER BY run, relation;
SELECT concat_ws(' ', kind, dense_rank() OVER (ORDER BY run), block, label, satisfied_at IS NOT NULL) FROM interlock.condition ORDER BY run, block;
SQL
    $text .= "\n";
    # Kept rows and values: how many; what they hold shows when they are restored.
    my $kept = sql($db, <<'SQL');
SELECT relname FROM pg_class WHERE relnamespace = 'interlock'::regnamespace AND relkind = 'r'
   AND relname ~ '^(archive|retired|inserted|quarantine|undo_conflict)' ORDER BY 1
SQL
    # A run that was killed while it began leaves a gap in the numbers, which are part of these names.
    for my $name (split /\n/, $kept)
    {
        my $count = sql($db, "SELECT count(*) FROM interlock.$name");
        $text .= $name =~ s/\d+/N/r . " $count\n" unless $name eq 'undo_conflict' && $count == 0;
    }
    return $text;
}

sub filenode
{
    my ($db, $table) = @_;
    return sql($db, "SELECT pg_relation_filenode('$table')");
}

# The type of a column as psql shows it, '' when there is none.
sub column_type
{
    my ($db, $table, $column) = @_;
    return sql($db, <<"SQL");
SELECT format_type(atttypid, atttypmod) FROM pg_attribute
 WHERE attrelid = '$table'::regclass AND attname = '$column' AND NOT attisdropped
SQL
}

# What the server logged after a mark: my \$mark = log_mark(); …; like(log_since(\$mark), qr/ALTER TABLE/).
sub log_mark { return -s server()->logfile }

sub log_since
{
    my ($mark) = @_;
    return PostgreSQL::Test::Utils::slurp_file(server()->logfile, $mark);
}

# The statements in a piece of the log that sessions whose application_name matches have sent.
sub statements_of
{
    my ($log, $application) = @_;
    my @found;
    # A record begins with a time and goes on over the following lines.
    for my $record (split /^(?=\d{4}-\d\d-\d\d )/m, $log)
    {
        my ($who, $statement) = $record =~ /^\S+ \S+ \S+ \[\d+\] (.*?) LOG:  (?:statement|execute [^:]*): (.*)/s or next;
        next if $who !~ $application;
        $statement =~ s/\s+\z//;
        push @found, $statement;
    }
    return @found;
}

# An application that sends these statements in turn, all the time: see Interlock::Test::Application.
sub application
{
    my ($db, @statements) = @_;
    return Interlock::Test::Application->new(server()->connstr($db), @statements);
}

#
# A running program
#
package Interlock::Test::Process;

use Time::HiRes qw(sleep time);

sub new
{
    my ($class, $command, $dir, $stdin, $seconds) = @_;
    my $self = bless { out => '', err => '', in => defined $stdin ? $stdin : '', start => time() }, $class;
    $self->{timer} = IPC::Run::timeout($seconds, name => 'stalled');
    $self->{harness} = IPC::Run::start($command, '<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err},
        init => sub { chdir $dir or die "cannot go to $dir: $!" }, $self->{timer});
    return $self;
}

# Did SIGSTOP stop it?
sub stopped
{
    my ($self) = @_;
    open my $stat, '<', "/proc/$self->{harness}{KIDS}[0]{PID}/stat" or return 0;
    return readline($stat) =~ /\) T /;
}

# The most memory that it ever held, in MB.
sub peak
{
    my ($self) = @_;
    open my $status, '<', "/proc/$self->{harness}{KIDS}[0]{PID}/status" or return;
    my ($kilobytes) = join('', readline $status) =~ /^VmHWM:\s*(\d+) kB/m;
    return $kilobytes && $kilobytes / 1024;
}

sub signal { my ($self, $name) = @_; $self->{harness}->signal($name); return $self }

# Is it still there?  Reads what it has printed meanwhile.
sub running
{
    my ($self) = @_;
    return $self->{harness}->pumpable && do { $self->{harness}->pump_nb; $self->{harness}->pumpable };
}

# Waits until what it printed (stdout and stderr) matches.
sub says
{
    my ($self, $pattern, $seconds) = @_;
    my $end = time() + ($seconds || 30);
    while (time() < $end)
    {
        return 1 if "$self->{out}\n$self->{err}" =~ $pattern;
        last unless $self->running;
        sleep 0.02;
    }
    return "$self->{out}\n$self->{err}" =~ $pattern;
}

# Waits for its end: { exit, signal, out, err, seconds }; exit is "stalled" when it had to be killed for that,
# and "" when a signal ended it.
sub finish
{
    my ($self) = @_;
    my $stalled = !eval { $self->{harness}->finish; 1 };
    $self->{harness}->kill_kill(grace => 1) if $stalled;
    my $status = $stalled ? 0 : ($self->{harness}->full_results)[0];
    my $signal = $status & 127;
    return { exit => $stalled ? 'stalled' : $signal ? '' : $status >> 8, signal => $signal,
        out => $self->{out}, err => $self->{err}, seconds => time() - $self->{start} };
}

sub DESTROY
{
    my ($self) = @_;
    local ($?, $@);
    eval { $self->{harness}->signal('CONT'); $self->{harness}->kill_kill(grace => 1) } if $self->{harness} && $self->{harness}->pumpable;
    return;
}

#
# A psql that stays open
#
package Interlock::Test::Session;

use Time::HiRes qw(time);

sub new
{
    my ($class, $connection) = @_;
    my $self = bless { in => '', out => '', no => 0 }, $class;
    $self->{harness} = IPC::Run::start([ 'psql', '-XqAt', '-v', 'VERBOSITY=verbose', '-d', $connection ],
        '<', \$self->{in}, '>', \$self->{out}, '2>&1', IPC::Run::timeout(300));
    return $self;
}

# Sends without waiting for the answer.
sub send_only
{
    my ($self, $text) = @_;
    my $end = ++$self->{no};
    $self->{in} .= "$text\n;\n\\echo ~~end-$end\n";
    $self->{harness}->pump_nb;
    return $end;
}

# The answer of everything sent so far, errors included.
sub answer
{
    my ($self) = @_;
    my $end = "~~end-$self->{no}\n";
    $self->{harness}->pump until $self->{out} =~ /\Q$end\E/;
    $self->{out} =~ s/\A(.*?)\Q$end\E//s;
    my $text = $1;
    $text =~ s/^~~end-\d+\n//mg;
    return $text =~ s/\n\z//r;
}

sub query { my ($self, $text) = @_; $self->send_only($text); return $self->answer }

# The server process behind it.
sub pid { my ($self) = @_; return $self->{pid} ||= $self->query('SELECT pg_backend_pid()') }

sub quit
{
    my ($self) = @_;
    $self->{in} .= "\\q\n";
    eval { $self->{harness}->finish } if $self->{harness};
    delete $self->{harness};
    return;
}

sub DESTROY { my ($self) = @_; local ($?, $@); eval { $self->{harness}->kill_kill(grace => 1) } if $self->{harness}; return }

#
# An application: a child process that sends statements to one psql, a few hundred a second, and measures them
#
package Interlock::Test::Application;

use IO::Handle;
use IPC::Open2 ();
use Time::HiRes qw(sleep time);

# A statement is a text, or a function that gets the number of the round and returns one.
sub new
{
    my ($class, $connection, @statements) = @_;
    pipe my $results, my $to_parent or die "pipe: $!";
    pipe my $stop, my $stopper or die "pipe: $!";
    my $pid = fork;
    die "fork: $!" unless defined $pid;
    if (!$pid)
    {
        close $stopper;
        $to_parent->autoflush(1);
        my $report = eval { _work($connection, $stop, $to_parent, @statements) } || { failures => ["the application died: $@"] };
        print {$to_parent} JSON::PP::encode_json($report);
        close $to_parent;
        POSIX::_exit(0);
    }
    close $to_parent;
    close $stop;
    # It has warmed up when it says so; from then on it measures.
    my $ready = readline $results;
    die "the application did not start" unless defined $ready && $ready eq "ready\n";
    return bless { pid => $pid, results => $results, stopper => $stopper }, $class;
}

sub _work
{
    my ($connection, $stop, $to_parent, @statements) = @_;
    $SIG{INT} = $SIG{TERM} = 'DEFAULT';
    $ENV{PGAPPNAME} = 'application';
    my $pid = IPC::Open2::open2(my $answers, my $to,
        'sh', '-c', 'exec psql -XqAt -v VERBOSITY=verbose -d "$0" 2>&1', $connection);
    $to->autoflush(1);
    my %report = (count => 0, max_ms => 0, slowest => '', failures => []);
    my $watch = '';
    vec($watch, fileno($stop), 1) = 1;
    for (my $round = 1;; $round++)
    {
        for my $statement (@statements)
        {
            my $text = ref $statement ? $statement->($round) : $statement;
            my $begin = time();
            print $to "$text;\n\\echo ~~end\n";
            my $error = '';
            while (1)
            {
                my $line = <$answers>;
                die "psql is gone: $error" unless defined $line;
                last if $line eq "~~end\n";
                $error .= $line if $error ne '' || $line =~ /ERROR:|FATAL:/;
            }
            my $ms = (time() - $begin) * 1000;
            if ($round > 3 && $ms > $report{max_ms}) { @report{qw(max_ms slowest)} = ($ms, $text) }
            push @{ $report{failures} }, "$text: $error" if $error ne '' && @{ $report{failures} } < 20;
            $report{count}++;
        }
        print {$to_parent} "ready\n" if $round == 3;
        last if select(my $ready = $watch, undef, undef, 0.003);
    }
    close $to;
    waitpid $pid, 0;
    return \%report;
}

# Ends it: { count, max_ms, slowest, failures => [ … ] }.
sub stop
{
    my ($self) = @_;
    syswrite $self->{stopper}, 'x';
    my $text = do { local $/; readline $self->{results} };
    waitpid delete $self->{pid}, 0;
    return JSON::PP::decode_json($text);
}

sub DESTROY
{
    my ($self) = @_;
    local $?;
    return unless $self->{pid};
    syswrite $self->{stopper}, 'x';
    waitpid $self->{pid}, 0;
    return;
}

1;
