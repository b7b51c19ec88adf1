# 1,000 small steps against psql -f, the program's start, and the check of a 300-line plan.  Ratios are what counts:
# both sides run in turn on the same server, and the medians are compared.  Nothing here fails by a time; the
# figures are printed, and written as JSON to bench.json beside the log.
use strict;
use warnings;

use Interlock::Test;
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

plan skip_all => 'figures are measured by make bench' unless $ENV{INTERLOCK_BENCH};

my $tables = $ENV{BENCH_TABLES} || 500;
my $rounds = $ENV{BENCH_ROUNDS} || 5;
my %figures;

# A server with the durability that production has.
my $node = PostgreSQL::Test::Cluster->new('bench');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "fsync = on\nsynchronous_commit = on\nshared_buffers = 256MB\nlog_statement = none\nautovacuum = off\n");
$node->start;

sub median { my @s = sort { $a <=> $b } @_; return $s[ @s / 2 ] }

sub seconds
{
    my ($run) = @_;
    my $begin = time();
    $run->();
    return time() - $begin;
}

sub fresh { $node->safe_psql('postgres', 'DROP DATABASE IF EXISTS bench'); $node->safe_psql('postgres', 'CREATE DATABASE bench') }

my ($sql, $steps) = ('', '');
for my $n (1 .. $tables)
{
    $sql .= "CREATE TABLE public.t$n (id bigint PRIMARY KEY, name text NOT NULL);\nALTER TABLE public.t$n ADD COLUMN note text;\n";
}
my $script = PostgreSQL::Test::Utils::tempdir() . '/steps.sql';
PostgreSQL::Test::Utils::append_to_file($script, $sql);
my $plan = plan_file('steps', <<"LUA");
local steps = {}
for n = 1, $tables do
  table.insert(steps, create_table_if_missing { table = "t" .. n, columns = "id bigint PRIMARY KEY, name text NOT NULL" })
  table.insert(steps, add_column_if_missing { table = "t" .. n, column = "note", type = "text" })
end
plan "steps" { title = "Many small steps", phase "expand" (steps) }
LUA

my %on = (db => 'bench', server => $node, seconds => 300);
my (@psql, @run, @status);
for my $round (1 .. $rounds)
{
    fresh();
    push @psql, seconds(sub { IPC::Run::run([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $script, '-d', $node->connstr('bench') ]) or die });
    fresh();
    push @run, seconds(sub { my $r = interlock('run', $plan, {%on}); die $r->{err} if $r->{exit} });
    push @status, seconds(sub { my $r = interlock('status', {%on}); die $r->{err} if $r->{exit} });
}
my @ratios = map { $run[$_] / $psql[$_] } 0 .. $#run;
$figures{steps} = { count => 2 * $tables, psql => median(@psql), interlock => median(@run), ratio => median(@ratios),
    noise => [ (sort { $a <=> $b } @ratios)[ 0, -1 ] ] };
diag(sprintf '%d steps: psql -f %.2f s, interlock run %.2f s, ratio %.2f (%.2f to %.2f; goal 1.15)', 2 * $tables,
    median(@psql), median(@run), median(@ratios), @{ $figures{steps}{noise} });
is($node->safe_psql('bench', q{SELECT count(*) FROM pg_attribute WHERE attname = 'note'}), $tables, 'both sides did the same');

# A finished plan of a usual size.
fresh();
my $small = plan_file('small', <<'LUA');
plan "small" {
  title = "A usual plan",
  phase "expand" {
    create_table_if_missing { table = "orders", columns = "id bigint PRIMARY KEY, total numeric NOT NULL" },
    add_column_if_missing { table = "orders", column = "note", type = "text" },
  },
}
LUA
interlock('run', $small, {%on});
my ($status_ms, $help_ms) = map { my $args = $_; 1000 * median(map { seconds(sub { system("$ENV{INTERLOCK} @$args >/dev/null 2>&1") }) } 1 .. 21) }
  [ '-d', '"' . $node->connstr('bench') . '"', 'status', 'small' ], ['--version'];
$figures{status_ms} = $status_ms;
diag(sprintf 'status of a finished plan: %.1f ms for the whole process, of which %.1f ms are its start (goal 15)', $status_ms, $help_ms);

my $lines = join "\n", map { qq{    add_column_if_missing {\n      table = "orders",\n      column = "c$_",\n      type = "varchar(255)",\n      default = "'none'",\n      comment = "column $_",\n    },} } 1 .. 42;
my $long = plan_file('long', qq{plan "long" {\n  title = "Long",\n  phase "expand" {\n$lines\n  },\n}\n});
my $check_ms = 1000 * median(map { seconds(sub { system("$ENV{INTERLOCK} check --offline $long >/dev/null 2>&1") }) } 1 .. 21);
$figures{check_ms_beyond_start} = $check_ms - $help_ms;
diag(sprintf 'offline check of a 300-line plan: %.1f ms beyond the start of the process (goal 5)', $check_ms - $help_ms);

my $json = "$PostgreSQL::Test::Utils::log_path/bench.json";
PostgreSQL::Test::Utils::append_to_file($json, JSON::PP->new->canonical->encode(\%figures) . "\n");
diag("figures: $json");
$node->stop;
done_testing();
