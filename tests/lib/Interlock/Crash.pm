# Kills the program before and after each message that it sends to the server, goes on, and compares the end with
# that of an undisturbed run: schema, rows, registry.
#
# The program takes part: INTERLOCK_FAULT=kill:N makes it send itself SIGKILL just before its N-th message,
# kill-after:N just after it, stop:N SIGSTOP before it; INTERLOCK_FAULT_COUNT=FILE makes it write at its end how many
# messages it sent.
package Interlock::Crash;

use strict;
use warnings;

use Exporter 'import';
use Interlock::Test;
use List::Util qw(shuffle);
use Test::More;

our @EXPORT = qw(primitives some_of crash_case crash_points try_points crash_all crash_seed);

# Every point, or a sample?  INTERLOCK_CRASH=5 makes it five times as large.
sub crash_all { return ($ENV{INTERLOCK_CRASH} || '') eq 'all' }

# The seed that chooses the sample; said aloud, so that a failure can be repeated.
my $seed;
sub crash_seed
{
    return $seed if defined $seed;
    $seed = $ENV{SEED} || int rand 30000;
    srand $seed;
    diag("SEED=$seed") unless crash_all();
    return $seed;
}

# The primitives as their source files describe them: name => { example, setup, class, probes, one_way, options }; but
# for those whose example says nothing without the phases before it, as a switch of tables: they have tests of their own.
sub primitives
{
    my %found;
    for my $path (glob top() . '/src/steps/*.c')
    {
        my ($name) = $path =~ m{([^/]+)\.c$};
        next if $ENV{ONLY} && !grep { $_ eq $name } split /,/, $ENV{ONLY};
        open my $file, '<', $path or die "$path: $!";
        my $text = do { local $/; <$file> };
        next if $text =~ /^\s*\.swaps\s*=/m;
        for my $field (qw(example setup))
        {
            my ($literals) = $text =~ /^\s*\.$field\s*=\s*((?:"(?:[^"\\]|\\.)*"\s*)+),/m;
            $found{$name}{$field} = join '', map { _unescape($_) } ($literals // '') =~ /"((?:[^"\\]|\\.)*)"/g;
        }
        # The file that the example reads lies beside the plans.
        my ($file_text) = $text =~ /^\s*\.example_file\s*=\s*((?:"(?:[^"\\]|\\.)*"\s*)+),/m;
        _write_example_file(join '', map { _unescape($_) } $file_text =~ /"((?:[^"\\]|\\.)*)"/g) if $file_text;
        ($found{$name}{class}) = map { lc } $text =~ /^\s*\.class\s*=\s*CLASS_(\w+)/m;
        # Does its probe tell that it was done?
        $found{$name}{probes} = $text =~ /^\s*\.probe\s*=\s*\w/m && $text !~ /^\s*\.only_registry_tells\s*=/m ? 1 : 0;
        $found{$name}{one_way} = $text !~ /^\s*\.reverse\s*=\s*\w/m && $found{$name}{class} ne 'verify';
        my ($table) = $text =~ /^static const struct option options\[\] = \{(.*?)^\};/ms;
        $found{$name}{options} = [ ($table // '') =~ /\.name\s*=\s*"(\w+)"/g ];
    }
    return %found;
}

# Of many things to try, those that this run tries: all, or with sanitizers, which make everything slow, one in `of`
# that the seed chooses.  What the others show is shown without them.
sub some_of
{
    my ($of, @things) = @_;
    return @things if !$ENV{SAN} || $ENV{ONLY} || crash_all();
    my $first = crash_seed() % $of;
    return @things[ grep { $_ % $of == $first } 0 .. $#things ];
}

# Its first line is its name.
sub _write_example_file
{
    my ($name, $text) = split /\n/, $_[0], 2;
    open my $file, '>', project() . "/plans/$name" or die "$name: $!";
    print $file $text;
    close $file or die "$name: $!";
    return;
}

sub _unescape
{
    my ($text) = @_;
    my %plain = (n => "\n", t => "\t");
    $text =~ s/\\(.)/$plain{$1} \/\/ $1/ges;
    return $text;
}

# Everything that two runs must agree on.
sub _state
{
    my ($db) = @_;
    # A run that was killed while it began leaves a gap in the numbers, which are part of the names of what is put aside.
    return { schema => schema_dump($db) =~ s/__old_\d+/__old_N/gr, rows => table_rows($db), registry => registry_state($db) };
}

sub _count
{
    my ($db, $options, @args) = @_;
    my $file = project() . '/fault-count';
    unlink $file;
    my $result = interlock(@args, { %$options, db => $db, env => { INTERLOCK_FAULT_COUNT => $file } });
    my ($count) = -e $file ? PostgreSQL::Test::Utils::slurp_file($file) =~ /(\d+)/ : ();
    return ($result, $count);
}

# One thing to break: { name, world => the template's name, setup => its SQL or function, plan => path, one_way => it
# has no way back, ends => the exit code of its run, back => arguments of undo besides the plan, begun => its world is not where
# undo leads to }.  Runs it and undoes it undisturbed, and returns the case with what it saw; undef when that already
# failed.
sub crash_case
{
    my ($case) = @_;
    my %case = (%$case, states => {});
    my $db = world($case{world}, $case{setup});
    $case{states}{begin} = _state($db);
    my ($run, $sent) = _count($db, {}, 'run', $case{plan}, '--yes');
    my $ran = ok($run->{exit} eq _ends(\%case, 'run') && $sent, "$case{name}: runs, and counts its messages");
    diag("exit $run->{exit}\n$run->{out}\n$run->{err}") unless $ran;
    return unless $ran;
    $case{run} = $sent;
    $case{states}{run} = _state($db);

    my ($undo, $undo_sent) = _count($db, {}, _args({ case => \%case, command => 'undo' }));
    if ($case{one_way})
    {
        is($undo->{exit}, '3', "$case{name}: undo refuses");
        is_deeply(_state($db), $case{states}{run}, "$case{name}: and leaves all as it is");
    }
    elsif ($undo->{exit} eq '0' && $undo_sent)
    {
        $case{undo} = $undo_sent;
        $case{states}{undo} = _state($db);
        is($case{states}{undo}{schema}, $case{states}{begin}{schema}, "$case{name}: undo gives back the schema") unless $case{begun};
    }
    drop_world($db);
    return \%case;
}

# All points of a case: killed before and after each message of run and of undo, with the server surviving or crashing,
# or stopped there and left behind by another that takes over.
sub crash_points
{
    my ($case) = @_;
    my @points;
    for my $command ('run', 'undo')
    {
        for my $n (1 .. ($case->{$command} || 0))
        {
            for my $kind ('kill', 'kill-after')
            {
                push @points, { case => $case, command => $command, fault => "$kind:$n", then => $_ } for 'again', 'server crashes';
            }
            push @points, { case => $case, command => $command, fault => "stop:$n", then => 'take over' };
        }
    }
    return @points;
}

# Tries them all, or a sample: how many of those where the program is just run again, of those where the server
# crashes as well, and of those where another takes over.
sub try_points
{
    my ($sample, @points) = @_;
    crash_seed();
    if (!crash_all())
    {
        my $times = $ENV{INTERLOCK_CRASH} || 1;
        my %left = map { $_ => $times * $sample->{$_} } keys %$sample;
        @points = grep { $left{ $_->{then} }-- > 0 } shuffle @points;
    }
    _try($_) for @points;
    return;
}

# The arguments of the command that a point breaks.
sub _args
{
    my ($point) = @_;
    my $plan = $point->{case}{plan};
    return $point->{command} eq 'run' ? ('run', $plan, '--yes') : ('undo', $plan, @{ $point->{case}{back} || [ '--to', 'start' ] }, '--yes');
}

# The exit code with which it ends well.
sub _ends
{
    my ($case, $command) = @_;
    return $command eq 'run' ? $case->{ends} // '0' : '0';
}

sub _try
{
    my ($point) = @_;
    my ($case, $command) = @{$point}{qw(case command)};
    my $db = world($case->{world}, $case->{setup});
    my @bad;
    # A sequence that came with the template has values in reserve that were logged there, and a crash forgets which of
    # them were given out here, unless a checkpoint lies between.
    sql($db, 'CHECKPOINT') if $point->{then} eq 'server crashes';
    if ($command eq 'undo')
    {
        my $run = interlock('run', $case->{plan}, '--yes', { db => $db });
        push @bad, "the run before it failed\n$run->{err}" if $run->{exit} ne _ends($case, 'run');
    }
    push @bad, $point->{then} eq 'take over' ? _stop_and_take_over($point, $db) : _kill_and_go_on($point, $db);
    push @bad, _differences($point, $db);
    ok(!@bad, "$case->{name}: $command, $point->{fault}, $point->{then}") or diag(join "\n", @bad);
    drop_world($db) unless @bad;
    return;
}

sub _kill_and_go_on
{
    my ($point, $db) = @_;
    my @bad;
    my $killed = interlock(_args($point), { db => $db, env => { INTERLOCK_FAULT => $point->{fault} } });
    push @bad, "it was not killed: exit $killed->{exit}\n$killed->{err}" if $killed->{signal} != 9;

    if ($point->{then} eq 'server crashes')
    {
        server()->stop('immediate');
        server()->start;
    }
    my $gone = wait_until(sub {
        sql($db, "SELECT count(*) FROM pg_stat_activity WHERE datname = '$db' AND application_name LIKE 'interlock:%'") == 0;
    }, 10);
    push @bad, 'a session of the dead client is still there after 10 s' unless $gone;

    my $status = interlock('status', $point->{case}{plan}, { db => $db });
    push @bad, "status does not answer: exit $status->{exit}\n$status->{err}" unless $status->{exit} =~ /^[01]$/;
    my $again = interlock(_args($point), { db => $db });
    push @bad, "it does not go on: exit $again->{exit}\n$again->{out}\n$again->{err}" if $again->{exit} ne _ends(@{$point}{qw(case command)});
    return @bad;
}

sub _stop_and_take_over
{
    my ($point, $db) = @_;
    my @bad;
    my $stopped = in_background(_args($point), { db => $db, env => { INTERLOCK_FAULT => $point->{fault} } });
    push @bad, 'it did not stop' unless wait_until(sub { $stopped->stopped || !$stopped->running }, 20) && $stopped->stopped;
    my $other = interlock(_args($point), '--take-over', { db => $db });
    push @bad, "the other cannot take over: exit $other->{exit}\n$other->{out}\n$other->{err}" if $other->{exit} ne _ends(@{$point}{qw(case command)});
    push @bad, map { "before the stopped one woke: $_" } _differences($point, $db);
    my $result = $stopped->signal('CONT')->finish;
    push @bad, "the stopped one ends with signal $result->{signal}, exit $result->{exit}\n$result->{err}"
      unless $result->{exit} =~ /^[02356]$/;
    return @bad;
}

# How the database differs from that of the undisturbed command.
sub _differences
{
    my ($point, $db) = @_;
    my $wanted = $point->{case}{states}{ $point->{command} };
    my $state = _state($db);
    return map { "the $_ differs:\n" . _difference($wanted->{$_}, $state->{$_}) }
      grep { $state->{$_} ne $wanted->{$_} } qw(schema rows registry);
}

sub _difference
{
    my ($wanted, $got) = @_;
    my %in_wanted = map { $_ => 1 } split /\n/, $wanted;
    my %in_got = map { $_ => 1 } split /\n/, $got;
    return join "\n", (map { "- $_" } grep { !$in_got{$_} } split /\n/, $wanted), (map { "+ $_" } grep { !$in_wanted{$_} } split /\n/, $got);
}

1;
