# A relay between the program and the server that loses the answer to a COMMIT: the server has committed, and the client
# sees only that its connection is gone.
package Interlock::Proxy;

use strict;
use warnings;

use File::Temp ();
use IO::Handle;
use IO::Select;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(SOCK_STREAM SHUT_RDWR);

# Loses the answers to these COMMITs, counted over all connections from 1 on: Interlock::Proxy->new($node, 3, 7).
sub new
{
    my ($class, $node, @lost) = @_;
    my $dir = File::Temp::tempdir(CLEANUP => 1);
    my $port = $node->port;
    my $listener = IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => "$dir/.s.PGSQL.$port", Listen => 20) or die "proxy: $!";
    my $pid = fork;
    die "fork: $!" unless defined $pid;
    if (!$pid)
    {
        $SIG{TERM} = 'DEFAULT';
        $SIG{PIPE} = 'IGNORE';
        eval { _relay($listener, $node->host . "/.s.PGSQL.$port", "$dir/lost", { map { $_ => 1 } @lost }); 1 } or warn "proxy: $@";
        POSIX::_exit(0);
    }
    close $listener;
    return bless { dir => $dir, pid => $pid }, $class;
}

# For interlock: env => { $proxy->env }.
sub env { return (PGHOST => $_[0]{dir}) }

# How many answers were lost so far.
sub lost { return -s "$_[0]{dir}/lost" || 0 }

sub DESTROY
{
    my ($self) = @_;
    local $?;
    return unless $self->{pid};
    kill TERM => $self->{pid};
    waitpid delete $self->{pid}, 0;
    return;
}

sub _relay
{
    my ($listener, $server, $note, $lost) = @_;
    my $all = IO::Select->new($listener);
    my (%peer, %is_client, $commits);
    while (my @ready = $all->can_read)
    {
        for my $socket (@ready)
        {
            if ($socket == $listener)
            {
                my $client = $listener->accept or next;
                my $other = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $server);
                if (!$other) { close $client; next }
                $peer{$client} = $other;
                $peer{$other} = $client;
                $is_client{$client} = 1;
                $all->add($client, $other);
                next;
            }
            my $other = $peer{$socket} or next;
            my $length = sysread $socket, my $data, 65536;
            my $end = !$length || !_write_all($other, $data);
            # The message goes out; its answer is waited for and thrown away.
            if (!$end && $is_client{$socket} && $data =~ /\bCOMMIT\b/ && $lost->{ ++$commits })
            {
                sysread $other, my $answer, 65536;
                open my $file, '>>', $note or die "proxy: $note: $!";
                print $file 'x';
                close $file;
                $end = 1;
            }
            next unless $end;
            $all->remove($socket, $other);
            delete @peer{ $socket, $other };
            delete @is_client{ $socket, $other };
            close $_ for $socket, $other;
        }
    }
    return;
}

sub _write_all
{
    my ($socket, $data) = @_;
    while (length $data)
    {
        my $written = syswrite $socket, $data;
        return 0 unless defined $written;
        substr $data, 0, $written, '';
    }
    return 1;
}

1;
