# Servers of other major versions, from a folder named by INTERLOCK_SERVERS that holds <major>/bin with initdb, pg_ctl
# and postgres alone.  INTERLOCK_SERVER=17 has a test file use the one of that major version instead of the machine's.
package Interlock::Servers;

use strict;
use warnings;

use Exporter 'import';
use File::Path qw(make_path);
use File::Temp ();
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(installation readable on_each_server);

my $folder = $ENV{INTERLOCK_SERVERS} || '';

# What PostgreSQL::Test::Cluster takes for an installation: the programs, the machine's psql, and a pg_config that knows
# its version.
sub installation
{
    my ($major) = @_;
    my $path = File::Temp::tempdir(DIR => $PostgreSQL::Test::Utils::tmp_check);
    my ($psql) = grep { -x } map { "$_/psql" } split /:/, $ENV{PATH};
    make_path("$path/bin");
    symlink $_, "$path/bin/" . s{.*/}{}r or die "$_: $!" for $psql, map { "$folder/$major/bin/$_" } qw(initdb pg_ctl postgres);
    my $version = qx{'$path/bin/postgres' --version} =~ s/^postgres \(PostgreSQL\)/PostgreSQL/r;
    open my $config, '>', "$path/bin/pg_config" or die "pg_config: $!";
    print $config "#!/bin/sh\necho '", $version =~ s/\n//r, "'\n";
    close $config or die "pg_config: $!";
    chmod 0755, "$path/bin/pg_config";
    return $path;
}

# Does the machine's pg_dump read servers of that version?
sub readable
{
    my ($version) = @_;
    my ($mine) = qx{pg_dump --version} =~ /\) (\d+)/;
    return $version < $mine + 1;
}

# Runs other test files once for each server there is, as subtests; skips where there is none.
sub on_each_server
{
    my (@files) = @_;
    plan skip_all => 'INTERLOCK_SERVERS names no folder with <major>/bin' unless $folder;
    my @majors = sort { $a <=> $b } map { m{/(\d+)/bin/postgres$} ? $1 : () } glob "$folder/*/bin/postgres";
    plan skip_all => "no servers in $folder" unless @majors;
    for my $major (grep { !$ENV{INTERLOCK_SERVER} || $_ == $ENV{INTERLOCK_SERVER} } @majors)
    {
        _run_file($major, $_) for @files;
    }
    done_testing();
    return;
}

# What it says goes on, indented, so that it is seen while it runs.
sub _run_file
{
    my ($major, $file) = @_;
    my ($top, $passed) = ($ENV{INTERLOCK_TOP} || '.', 0);
    local $ENV{INTERLOCK_SERVER} = $major;
    local $ENV{TESTDIR} = ($ENV{TESTDIR} || '.') . "/$major";
    make_path($ENV{TESTDIR});
    open my $child, '-|', 'sh', '-c', 'exec "$0" "$@" 2>&1', $^X, (map { "-I$_" } @INC), "$top/$file" or die "$file: $!";
    while (my $line = <$child>)
    {
        $passed++ if $line =~ /^\s*ok /;
        if ($line =~ /^\s*#(?! Subtest)/ || $line =~ /^\S+ at /) { diag($line) }
        else { print { Test::More->builder->output } "    $line" }
    }
    ok(close $child, "PostgreSQL $major: $file, $passed passed");
    return;
}

1;
