# The locks that the statements of run and undo really take, compared with those that they claim, and the files of
# tables, which tell whether one was rewritten.  All on the server of the test file.
package Interlock::Locks;

use strict;
use warnings;

use Exporter 'import';
use Interlock::Test;
use Test::More;

our @EXPORT = qw(step locks_of_run locks_of_undo recorded words files not_rewritten);

# Table locks from the weakest to the strongest.
my @modes = ('ACCESS SHARE', 'ROW SHARE', 'ROW EXCLUSIVE', 'SHARE UPDATE EXCLUSIVE', 'SHARE', 'SHARE ROW EXCLUSIVE',
    'EXCLUSIVE', 'ACCESS EXCLUSIVE');
my %strength = map { $modes[$_] => $_ + 1 } 0 .. $#modes;

# Readers and writers of rows take these too, so nobody has to be told.
my $unnamed = $strength{'ROW EXCLUSIVE'};

# What a plan's own SQL needs is not known, only that it is no more than this.
my %claims_more = (sql_step => 1);

# The step as preview --json tells of it.
sub step
{
    my ($plan, $db) = @_;
    my $result = interlock('preview', $plan, '--json', { db => $db });
    return (grep { $_->{type} eq 'step' } json_lines($result->{out}))[0] // die "preview: $result->{err}";
}

# The tables and views of people: oid => name.
sub relations
{
    my ($db) = @_;
    return map { split / /, $_, 2 } split /\n/, sql($db, <<'SQL');
SELECT c.oid || ' ' || format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'interlock')
SQL
}

# The strongest lock of a process on each relation: name => mode.
sub held
{
    my ($relations, $answer) = @_;
    my %held;
    for (split /\n/, $answer)
    {
        my ($oid, $mode) = split / /;
        $mode = uc $mode =~ s/Lock$//r =~ s/(?<=[a-z])(?=[A-Z])/ /gr;
        stronger(\%held, $relations->{$oid}, $mode) if $relations->{$oid};
    }
    return \%held;
}

sub stronger
{
    my ($of, $table, $mode) = @_;
    $of->{$table} = $mode if $strength{$mode} > ($of->{$table} ? $strength{ $of->{$table} } : 0);
    return;
}

sub locks_of
{
    my ($process) = @_;
    return "SELECT l.relation || ' ' || l.mode FROM pg_locks l WHERE l.locktype = 'relation' AND l.granted AND l.pid = $process";
}

# The transactions of preview --sql: { sql => [ … ], claims => { table => mode }, outside }.
sub transactions
{
    my ($text, @sql) = @_;
    my (@transactions, $open, %itself);
    while ($text =~ /\G(?=.)/gcs)
    {
        # What LOCK TABLE can't take alone, as a view; and what a statement outside a transaction takes.
        if ($text =~ /\G-- it takes itself: LOCK TABLE (.*) IN ([A-Z ]+) MODE NOWAIT;\n/gc)
        {
            stronger($open ? $transactions[-1]{claims} : \%itself, $1, $2);
            next;
        }
        next if $text =~ /\G(?:--.*)?\n/gc;
        if    ($text =~ /\GBEGIN;\n/gc)  { push @transactions, { sql => [], claims => {} }; $open = 1 }
        elsif ($text =~ /\GCOMMIT;\n/gc) { $open = 0 }
        elsif ($text =~ /\GLOCK TABLE (.*) IN ([A-Z ]+) MODE NOWAIT;\n/gc) { stronger($transactions[-1]{claims}, $1, $2) }
        elsif (@sql && $text =~ /\G\Q$sql[0]\E;(?:  --.*)?\n/gc)
        {
            push @transactions, { sql => [], claims => {%itself}, outside => 1 } unless $open;
            %itself = ();
            push @{ $transactions[-1]{sql} }, shift @sql;
        }
        else { die 'preview --sql differs from preview --json: ' . substr $text, pos $text // 0 }
    }
    die "preview --sql lacks @sql" if @sql;
    return @transactions;
}

# Compares what a run's statements take with what preview claims; sends them itself, so this is the database's last use.
sub locks_of_run
{
    my ($name, $plan, $db) = @_;
    my $step = step($plan, $db);
    my @transactions = transactions(runs_ok([ 'preview', $plan, '--sql' ], 'preview --sql', { db => $db })->{out}, @{ $step->{sql} });
    sql($db, 'CREATE SCHEMA interlock; CREATE TABLE interlock.run (id bigint, plan text)');
    sql($db, <<'SQL');
CREATE TABLE interlock.pair (run bigint, number integer, live_schema text, live_name text, shadow_schema text, shadow_name text,
  keys jsonb, columns jsonb, only_rows text, back jsonb, foreign_keys jsonb, log_limit bigint, lookup jsonb, guard text)
SQL
    send_and_compare($db, $claims_more{$name}, @transactions);
    return;
}

# Undoes a run.  What undo sends is in the server's log, with its locks; it is sent to a copy once more.
sub locks_of_undo
{
    my ($name, $plan, $db) = @_;
    server()->safe_psql('postgres', qq{CREATE DATABASE "copy_$db" TEMPLATE "$db"});
    my $mark = log_mark();
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    my @log = statements_of(log_since($mark), qr/^interlock/);
    my %sent = map { words($_) => $_ } recorded($db, "kind = 'undo'");
    my (@transactions, $open);
    for my $statement (@log)
    {
        if ($statement =~ /^BEGIN\b/) { $open = { sql => [], claims => {} } }
        elsif ($statement =~ /^(COMMIT|ROLLBACK)$/)
        {
            # What is asked before anything is taken back is rolled back, and not recorded.
            push @transactions, $open if $1 eq 'COMMIT' && $open && @{ $open->{sql} };
            undef $open;
        }
        elsif ($open && $statement =~ /^LOCK TABLE (.*) IN ([A-Z ]+) MODE/) { stronger($open->{claims}, $1, $2) }
        elsif (my $sql = $sent{ words($statement) })
        {
            push @{ ($open || ($transactions[@transactions] = { outside => 1 }))->{sql} }, $sql;
            stronger($open->{claims}, takes_itself($sql)) if $open && takes_itself($sql);
        }
    }
    is(scalar(map { @{ $_->{sql} } } @transactions), scalar(recorded($db, "kind = 'undo'")), 'all that is recorded is in the log');
    send_and_compare("copy_$db", $claims_more{$name}, @transactions);
    drop_world("copy_$db");
    return;
}

# Where no LOCK TABLE can stand before a statement, the log doesn't tell what was claimed: a view, its mode.
sub takes_itself
{
    my ($sql) = @_;
    return ($1, 'ACCESS EXCLUSIVE')       if $sql =~ /^(?:CREATE OR REPLACE|ALTER|DROP) VIEW (\S+)/;
    return ($+, 'SHARE UPDATE EXCLUSIVE') if $sql =~ /^COMMENT ON (?:(?:TABLE|VIEW) (\S+)|COLUMN (\S+)\.\w+) IS /;
    return;
}

# The statements that the registry says were sent.
sub recorded
{
    my ($db, $condition) = @_;
    return split /\x01/, sql($db, "SELECT string_agg(statement, E'\\x01' ORDER BY id) FROM interlock.event WHERE statement IS NOT NULL AND $condition");
}

# The log indents what goes on over several lines.
sub words { return $_[0] =~ s/\s+/ /gr }

sub send_and_compare
{
    my ($db, $may_claim_more, @transactions) = @_;
    my %relations = relations($db);
    my %named = map { $_ => 1 } values %relations;
    for my $transaction (@transactions)
    {
        my $claims = $transaction->{claims} ||= {};
        delete @{$claims}{ grep { !$named{$_} } keys %$claims };
        my $held = $transaction->{outside} ? held_outside($db, \%relations, $transaction) : held_inside($db, \%relations, $transaction->{sql});
        compare_locks($held, $claims, join('; ', map { words($_) } @{ $transaction->{sql} }), $may_claim_more) if $held;
    }
    ok(1, 'there is nothing to send') unless @transactions;
    return;
}

sub held_inside
{
    my ($db, $relations, $sql) = @_;
    my $session = sql_session($db);
    my $answer = $session->query(join "\n", map { "$_;" } 'BEGIN', @$sql);
    unlike($answer, qr/^ERROR/m, 'it runs') or diag($answer);
    my $held = held($relations, $session->query(locks_of('pg_backend_pid()')));
    $session->query('COMMIT');
    $session->quit;
    return $held;
}

# Whoever builds or drops concurrently waits for a transaction that writes to the table, its lock in hand.  Without a
# claim it is only sent.
sub held_outside
{
    my ($db, $relations, $transaction) = @_;
    my ($holder, $worker) = map { sql_session($db) } 1 .. 2;
    $holder->query(join ' ', 'BEGIN;', map { "LOCK TABLE $_ IN ROW EXCLUSIVE MODE;" } keys %{ $transaction->{claims} });
    my $pid = $worker->pid;
    $worker->send_only($transaction->{sql}[0]);
    my $waits = %{ $transaction->{claims} } && wait_until(sub { sql($db, "SELECT count(*) FROM pg_locks WHERE pid = $pid AND locktype = 'virtualxid' AND NOT granted") }, 20);
    ok($waits, "$transaction->{sql}[0] waits, its lock in hand") if %{ $transaction->{claims} };
    my $held = $waits ? held($relations, sql($db, locks_of($pid))) : undef;
    $holder->query('COMMIT');
    unlike($worker->answer, qr/^ERROR/m, "$transaction->{sql}[0] runs");
    $_->quit for $holder, $worker;
    return $held;
}

# Never more than was claimed; and no claim that is not used.
sub compare_locks
{
    my ($held, $claimed, $sql, $may_claim_more) = @_;
    my @bad;
    for my $table (sort keys %{ { %$held, %$claimed } })
    {
        my ($has, $says) = map { $_->{$table} ? $strength{ $_->{$table} } : 0 } $held, $claimed;
        next if $has == $says || ($has <= $unnamed && !$says) || ($has < $says && $may_claim_more);
        push @bad, sprintf '%s: claims %s, takes %s', $table, map { $_->{$table} || 'nothing' } $claimed, $held;
    }
    ok(!@bad, "the locks of $sql") or diag(join "\n", @bad);
    return;
}

#
# Rewrites
#

# The file of each table, index and TOAST table of people: oid => [ name, file ].
sub files
{
    my ($db) = @_;
    my %files;
    for (split /\n/, sql($db, <<'SQL'))
WITH mine AS (SELECT c.oid, c.reltoastrelid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'interlock')),
 toast AS (SELECT reltoastrelid AS oid FROM mine UNION SELECT i.indexrelid FROM mine JOIN pg_index i ON i.indrelid = reltoastrelid)
SELECT c.oid, pg_relation_filenode(c.oid), c.oid::regclass FROM pg_class c
 WHERE (c.oid IN (SELECT oid FROM mine) OR c.oid IN (SELECT oid FROM toast)) AND pg_relation_filenode(c.oid) IS NOT NULL
SQL
    {
        my ($oid, $file, $relation) = split /\|/, $_, 3;
        $files{$oid} = [ $relation, $file ];
    }
    return \%files;
}

sub not_rewritten
{
    my ($db, $before, $when) = @_;
    my $now = files($db);
    my @bad = grep { $now->{$_} && $now->{$_}[1] ne $before->{$_}[1] } keys %$before;
    ok(!@bad, "$when nothing is rewritten") or diag(join ' ', map { $before->{$_}[0] } @bad);
    return;
}

1;
