# A backfill that is killed, cut off, stopped, left behind, or whose server crashes, while an application writes: run
# again, and every row is right, none is lost, doubled or stale, the application met no error, and at most one batch
# was done again.  `make check` tries a sample, `make crash` many more.
use strict;
use warnings;

use Interlock::Test;
use Interlock::Application;
use Interlock::Backfill;
use Interlock::Crash;
use Interlock::Proxy;
use List::Util qw(max shuffle);
use Test::More;
use Time::HiRes qw(sleep time);

crash_seed();
my $rows = 1500;
my $slow = slow_world($rows, 0.4);
my %app = (table => 'words', key => ['id=int'], columns => [ 'word=text!', 'n=counter!' ], clients => 4, rate => 300);
my %filled = (filled => { c => 'upper(word)' });
my $plan = fill_plan('crashed', 'table = "words", set = { c = "slowly(word)" }');

# A subtest; CASE=words runs those alone whose name has them.
sub part { my ($name, $code) = @_; return !$ENV{CASE} || $name =~ /$ENV{CASE}/ ? subtest($name, $code) : 1 }

sub some { my ($few, $many) = @_; return crash_all() ? $many : $ENV{SAN} ? int(($few + 1) / 2) : $few }

sub gone { my ($db) = @_; return wait_until(sub { sessions_of_ours($db) == 0 }, 10) }

# Runs it again until it is at its gate; the last result.  What was broken may go on breaking for some attempts.
sub run_to_the_gate
{
    my ($db, $attempts) = @_;
    my $result;
    for (1 .. $attempts || 1)
    {
        $result = interlock('run', $plan, { db => $db, seconds => 120 });
        last if $result->{exit} eq '5';
    }
    return $result;
}

# What is wrong in the end, as texts.
sub wrong
{
    my ($db, $app) = @_;
    my @bad;
    if ($app)
    {
        my $report = $app->stop;
        push @bad, application_errors($report), $app->differences(%filled);
        push @bad, "a client waited $report->{blocked_ms} ms for $report->{blocked_by}" if $report->{blocked_ms} > 550 + $report->{account}{longest_ms};
    }
    push @bad, sql($db, q{SELECT 'rows without their value: ' || count(*) FROM words WHERE c IS DISTINCT FROM upper(word) HAVING count(*) > 0});
    push @bad, 'a batch has no number of its own' if sql($db, 'SELECT count(*) FROM (SELECT FROM interlock.chunk GROUP BY run, step, no HAVING count(*) > 1) x');
    push @bad, 'the triggers are not as they should be' if our_triggers($db) != 2 || sql($db, q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~interlock%' AND tgenabled <> 'A'}) > 0;
    push @bad, 'a session is left' unless gone($db);
    return grep { $_ ne '' } @bad;
}

# Without an application each row is filled once, and every interruption costs one batch.
sub wrong_counts
{
    my ($db, $interruptions) = @_;
    my @bad;
    push @bad, 'the batches say ' . batch_rows($db) . ' rows' if batch_rows($db) != $rows;
    my $written = updates_of($db, 'words');
    my $batch = sql($db, 'SELECT max(rows) FROM interlock.chunk');
    push @bad, "$written rows were written, with $interruptions interruptions and $batch rows in the largest batch"
      if $written > $rows + $interruptions * max($batch, 100);
    return @bad;
}

part 'killed at random moments' => sub {
    for my $round (1 .. some(4, 30))
    {
        my $db = world('crashed', $slow);
        my $app = $round % 2 ? application(db => $db, %app) : undef;
        my ($kills, @bad) = (0);
        for (1 .. 3)
        {
            my $run = in_background('run', $plan, { db => $db, seconds => 120 });
            sleep 0.05 + rand 1;
            last unless $run->running;
            $run->signal('KILL')->finish;
            $kills++;
            push @bad, 'a session of the dead client is still there' unless gone($db);
            push @bad, 'status does not answer' if registry_exists($db) && interlock('status', $plan, { db => $db })->{exit} !~ /^[01]$/;
        }
        my $result = run_to_the_gate($db);
        push @bad, "it does not go on: exit $result->{exit}\n$result->{out}$result->{err}" if $result->{exit} ne '5';
        push @bad, wrong($db, $app);
        push @bad, wrong_counts($db, $kills) unless $app;
        ok(!@bad, "round $round: killed $kills times, " . ($app ? 'while an application writes' : 'and counted')) or diag(join "\n", @bad);
        drop_world($db) unless @bad;
    }
};

part 'killed at every message' => sub {
    my $db = world('crashed', $slow);
    my $file = project() . '/messages';
    interlock('run', $plan, { db => $db, seconds => 120, env => { INTERLOCK_FAULT_COUNT => $file } });
    my ($messages) = PostgreSQL::Test::Utils::slurp_file($file) =~ /(\d+)/;
    cmp_ok($messages, '>', 30, "there are $messages messages");
    drop_world($db);
    my @points = shuffle map { my $n = $_; map { "$_:$n" } 'kill', 'kill-after' } 1 .. $messages;
    for my $point (@points[ 0 .. some(6, scalar @points) - 1 ])
    {
        $db = world('crashed', $slow);
        my $app = application(db => $db, %app);
        my $killed = interlock('run', $plan, { db => $db, seconds => 120, env => { INTERLOCK_FAULT => $point } });
        my @bad;
        # With an application there are a few messages more or fewer.
        push @bad, "it was not killed: exit $killed->{exit}\n$killed->{err}" if $killed->{signal} != 9 && $killed->{exit} ne '5';
        push @bad, 'a session of the dead client is still there' unless gone($db);
        my $result = run_to_the_gate($db);
        push @bad, "it does not go on: exit $result->{exit}\n$result->{out}$result->{err}" if $result->{exit} ne '5';
        push @bad, wrong($db, $app);
        ok(!@bad, $point) or diag(join "\n", @bad);
        drop_world($db) unless @bad;
    }
};

part 'our sessions are terminated' => sub {
    for my $round (1 .. some(2, 10))
    {
        my $db = world('crashed', $slow);
        my $app = $round % 2 ? application(db => $db, %app) : undef;
        my $run = in_background('run', $plan, { db => $db, seconds => 120 });
        my $times = 0;
        for (1 .. 3)
        {
            sleep 0.2 + rand 0.8;
            $times++ if $run->running && sql($db, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '$db' AND application_name LIKE 'interlock:%'") > 0;
        }
        my ($result, @bad) = $run->finish;
        push @bad, "it ended with $result->{exit}\n$result->{err}" unless grep { $result->{exit} eq $_ } 0, 2, 3, 5, 6;
        $result = run_to_the_gate($db);
        push @bad, "it does not go on: exit $result->{exit}\n$result->{out}$result->{err}" if $result->{exit} ne '5';
        push @bad, wrong($db, $app);
        push @bad, wrong_counts($db, $times) unless $app;
        ok(!@bad, "round $round, $times times") or diag(join "\n", @bad);
        drop_world($db) unless @bad;
    }
};

part 'the server crashes' => sub {
    for my $round (1 .. some(2, 10))
    {
        my $db = world('crashed', $slow);
        my $app = application(db => $db, %app, reconnect => 1);
        my $run = in_background('run', $plan, { db => $db, seconds => 120 });
        in_the_middle($db, 1 + int rand 20);
        server()->stop('immediate');
        server()->start;
        my ($result, @bad) = $run->finish;
        push @bad, "it ended with $result->{exit}\n$result->{err}" unless grep { $result->{exit} eq $_ } 2, 5;
        $result = run_to_the_gate($db);
        push @bad, "it does not go on: exit $result->{exit}\n$result->{out}$result->{err}" if $result->{exit} ne '5';
        push @bad, wrong($db, $app);
        ok(!@bad, "round $round") or diag(join "\n", @bad);
        drop_world($db) unless @bad;
    }
};

part 'the answer to COMMIT is lost' => sub {
    for my $round (1 .. some(3, 20))
    {
        my $db = world('crashed', $slow);
        my $app = $round % 2 ? application(db => $db, %app) : undef;
        my @commits = map { 4 + int rand 40 } 1 .. 3;
        my $proxy = Interlock::Proxy->new(server(), @commits);
        my ($result, @bad);
        for (1 .. 6)
        {
            $result = interlock('run', $plan, { db => $db, seconds => 120, env => { $proxy->env } });
            last unless grep { $result->{exit} eq $_ } 2, 3;
        }
        push @bad, "it does not go on: exit $result->{exit}\n$result->{out}$result->{err}" if $result->{exit} ne '5';
        push @bad, 'no answer was lost' unless $proxy->lost;
        push @bad, wrong($db, $app);
        # What was committed and not told is not done again.
        push @bad, wrong_counts($db, 0) unless $app;
        ok(!@bad, "round $round: of the commits @commits, " . $proxy->lost . ' were made') or diag(join "\n", @bad);
        drop_world($db) unless @bad;
    }
};

part 'stopped, and another takes over' => sub {
    for my $round (1 .. some(2, 10))
    {
        my $db = world('crashed', $slow);
        my $app = $round % 2 ? application(db => $db, %app) : undef;
        my $stopped = in_background('run', $plan, { db => $db, seconds => 180 });
        in_the_middle($db, 2);
        sleep rand 0.3;
        $stopped->signal('STOP');
        sleep 1;
        my @bad;
        push @bad, 'without force the other does not refuse' if interlock('run', $plan, { db => $db })->{exit} ne '6';
        my $begin = time();
        my $other = interlock('run', $plan, '--take-over', { db => $db, seconds => 120 });
        push @bad, "the other cannot take over: exit $other->{exit}\n$other->{out}$other->{err}" if $other->{exit} ne '5';
        my $taken = sql($db, 'SELECT extract(epoch FROM min(at) FILTER (WHERE at > to_timestamp(' . $begin . '))) - ' . $begin . ' FROM interlock.chunk');
        push @bad, "its first batch came after $taken s" if $taken eq '' || $taken > 10;
        my $before = batches($db);
        $stopped->signal('CONT');
        my $result = $stopped->finish;
        push @bad, "the stopped one ends with exit $result->{exit}, signal $result->{signal}\n$result->{err}" unless $result->{exit} =~ /^[236]$/;
        push @bad, 'the stopped one wrote after it woke' if batches($db) != $before;
        push @bad, wrong($db, $app);
        push @bad, wrong_counts($db, 1) unless $app;
        ok(!@bad, "round $round") or diag(join "\n", @bad);
        drop_world($db) unless @bad;
    }
};

part 'two at once' => sub {
    my $db = world('crashed', $slow);
    my $app = application(db => $db, %app);
    my @both = map { in_background('run', $plan, { db => $db, seconds => 120 }) } 1, 2;
    my @codes = sort map { $_->finish->{exit} } @both;
    is("@codes", '5 6', 'one does it, the other is refused');
    is_deeply([ wrong($db, $app) ], [], 'and all is right');
};

part 'timeouts that others have set' => sub {
    my $db = world('crashed', $slow);
    sql($db, qq{ALTER DATABASE "$db" SET $_}) for q{statement_timeout = '20ms'}, q{lock_timeout = '1ms'}, q{idle_in_transaction_session_timeout = '20ms'},
      q{default_transaction_isolation = 'serializable'}, q{session_replication_role = 'origin'}, q{row_security = off}, q{DateStyle = 'German'};
    my $result = run_to_the_gate($db);
    is($result->{exit}, 5, 'do not matter') or diag("$result->{out}$result->{err}");
    is_deeply([ wrong($db), wrong_counts($db, 0) ], [], 'and all is right');
};

done_testing();
