# A server of any major version, from a folder with its programs initdb, pg_ctl and postgres alone, kept alive by
# `interlock sandbox`.  It does for Interlock::Test what PostgreSQL's own PostgreSQL::Test::Cluster does, as far as
# sql, world and the like need it; psql is the machine's.
package Interlock::Sandbox;

use strict;
use warnings;

use Interlock::Test;
use IPC::Run ();

# Starts one; undef when it does not come up.  `seconds`: how long it may live.
sub new
{
    my ($class, $bindir, $seconds) = @_;
    my $process = in_background('sandbox', '--bindir', $bindir, '--',
        'sh', '-c', qq{echo "\$PGHOST \$PGPORT \$PGUSER"; exec sleep $seconds}, { seconds => $seconds });
    my $self = bless { process => $process }, $class;
    $process->says(qr/^\S+ \d+ \S+\n/, 60) or return;
    @{$self}{qw(host port user)} = $process->{out} =~ /^(\S+) (\d+) (\S+)\n/;
    # statements_of() reads its log.
    $self->safe_psql('postgres', $_) for q{ALTER SYSTEM SET log_statement = 'all'}, 'SELECT pg_reload_conf()';
    wait_until(sub { $self->safe_psql('postgres', 'SHOW log_statement') eq 'all' }) or return;
    return $self;
}

sub host { my ($self) = @_; return $self->{host} }
sub port { my ($self) = @_; return $self->{port} }
sub user { my ($self) = @_; return $self->{user} }

sub connstr { my ($self, $db) = @_; return "host=$self->{host} port=$self->{port} user=$self->{user} dbname='$db'" }
sub logfile { my ($self) = @_; return "$self->{host}/server.log" }

sub safe_psql
{
    my ($self, $db, $text) = @_;
    my ($out, $err) = ('', '');
    IPC::Run::run([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $self->connstr($db) ], '<', \$text, '>', \$out, '2>', \$err)
      or die "psql: $err";
    return $out =~ s/\n\z//r;
}

sub stop { my ($self) = @_; $self->{process}->signal('TERM')->finish; return }

1;
