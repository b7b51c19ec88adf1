# What every primitive gets from its example and its setup alone: it loads, the help knows it, its SQL runs and takes
# the locks that preview names, nothing is rewritten, run and undo lead there and back, twice if need be; and what
# somebody else made differently is a conflict.
use strict;
use warnings;

use Interlock::Crash;
use Interlock::Test;
use Test::More;

my %primitives = primitives();
plan skip_all => 'there are no primitives yet' unless %primitives;

# Table locks from the weakest to the strongest.
my @modes = ('ACCESS SHARE', 'ROW SHARE', 'ROW EXCLUSIVE', 'SHARE UPDATE EXCLUSIVE', 'SHARE', 'SHARE ROW EXCLUSIVE',
    'EXCLUSIVE', 'ACCESS EXCLUSIVE');
my %strength = map { $modes[$_] => $_ + 1 } 0 .. $#modes;

# Readers and writers of rows take these too, so nobody has to be told.
my $unnamed = $strength{'ROW EXCLUSIVE'};

# What a plan's own SQL needs is not known, only that it is no more than this.
my %claims_more = (sql_step => 1);

# The words of preview for a step that is not there and for one that is.
my %words = (additive => [ 'new', 'there' ], data => [ 'new', 'there' ], switch => [ 'new', 'there' ],
    destructive => [ '', 'gone already' ], verify => [ 'holds', 'holds' ]);

# The same object, made by hand and differently: SQL, what check says that it expected, what it found.
my %differently = (
    create_table_if_missing => [ 'CREATE TABLE app.notes (id bigint PRIMARY KEY, body varchar(10))', qr/body text/, qr/body character varying\(10\)/ ],
    add_column_if_missing   => [ 'ALTER TABLE app.users ADD COLUMN org_id integer', qr/org_id bigint/, qr/org_id integer/ ],
    create_index_if_missing => [
        'CREATE INDEX orders_customer_id_created_at_idx ON app.orders (customer_id)', qr/\(customer_id, created_at DESC\)/, qr/\(customer_id\)/
    ],
    add_foreign_key => [
        'ALTER TABLE app.users ADD CONSTRAINT users_org_id_fkey FOREIGN KEY (org_id) REFERENCES app.orgs',
        qr/ON DELETE CASCADE/, qr/REFERENCES app\.orgs\(id\)$/m
    ],
);

for my $name (sort keys %primitives)
{
    my $primitive = $primitives{$name};
    # Two plans with the same step: what one made the other finds.
    my ($plan, $other) = map { plan_file($_, <<"LUA") } "example_$name", "other_$name";
plan "$_" {
  title = "The example of $name",
  phase "work" { $primitive->{example} },
}
LUA
    subtest "$name: the page"        => sub { page($name, $primitive, $plan) };
    subtest "$name: check, preview"  => sub { states($name, $primitive, $plan, $other) };
    subtest "$name: SQL and locks"   => sub { locks($name, $primitive, $plan) };
    subtest "$name: locks of undo"   => sub { locks_of_undo($name, $primitive, $plan) };
    subtest "$name: there and back"  => sub { there_and_back($name, $primitive, $plan, $other) };
    subtest "$name: made by another" => sub { conflict($name, $primitive, $plan) } if $differently{$name};
}

done_testing();

sub fresh
{
    my ($name) = @_;
    return world($name, $primitives{$name}{setup});
}

# The step as preview --json tells of it.
sub step
{
    my ($plan, $db) = @_;
    my $result = interlock('preview', $plan, '--json', { db => $db });
    return (grep { $_->{type} eq 'step' } json_lines($result->{out}))[0] // die "preview: $result->{err}";
}

sub page
{
    my ($name, $primitive, $plan) = @_;
    runs_ok([ 'check', '--offline', $plan ], 'the example loads');
    my $page = runs_ok([ 'help', $name ], 'help has a page for it')->{out};
    like($page, qr/^  \Q$_\E\s/m, "which names $_") for @{ $primitive->{options} };
    like(interlock('help', 'primitives')->{out}, qr/^ *\Q$name\E\b/m, 'the list of all has it');
    return;
}

sub states
{
    my ($name, $primitive, $plan, $other) = @_;
    my $db = fresh($name);
    runs_ok([ 'check', $plan, '--strict' ], 'check finds nothing to say', { db => $db });
    ok(!registry_exists($db), 'and leaves nothing');
    my @preview = (step($plan, $db), runs_ok([ 'preview', $plan ], 'preview', { db => $db })->{out});
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    push @preview, step($other, $db), runs_ok([ 'preview', $other ], 'preview of another plan with the same step', { db => $db })->{out};
    if ($primitive->{probes})
    {
        my @wanted = @{ $words{ $primitive->{class} } };
        is($preview[0]{state}, $primitive->{class} eq 'verify' ? 'done' : 'absent', 'before');
        like($preview[1], qr/^     \S.* \Q$wanted[0]\E$/m, "which preview says as \"$wanted[0]\"");
        is($preview[2]{state}, 'done', 'after');
        like($preview[3], qr/^     \S.* \Q$wanted[1]\E$/m, "which preview says as \"$wanted[1]\"");
        is_deeply($preview[2]{sql}, [], 'there is nothing left to send');
    }
    else { is($preview[$_]{state}, 'absent', 'only the registry tells') for 0, 2 }
    drop_world($db);
    return;
}

# ---- Locks ----

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
    my (@transactions, $open);
    while ($text =~ /\G(?=.)/gcs)
    {
        next if $text =~ /\G(?:--.*)?\n/gc;
        if    ($text =~ /\GBEGIN;\n/gc)  { push @transactions, { sql => [], claims => {} }; $open = 1 }
        elsif ($text =~ /\GCOMMIT;\n/gc) { $open = 0 }
        elsif ($text =~ /\GLOCK TABLE (.*) IN ([A-Z ]+) MODE NOWAIT;\n/gc) { stronger($transactions[-1]{claims}, $1, $2) }
        elsif (@sql && $text =~ /\G\Q$sql[0]\E;(?:  --.*)?\n/gc)
        {
            push @transactions, { sql => [], claims => {}, outside => 1 } unless $open;
            push @{ $transactions[-1]{sql} }, shift @sql;
        }
        else { die 'preview --sql differs from preview --json: ' . substr $text, pos $text // 0 }
    }
    die "preview --sql lacks @sql" if @sql;
    return @transactions;
}

sub locks
{
    my ($name, $primitive, $plan) = @_;
    my $db = fresh($name);
    my $step = step($plan, $db);
    my @transactions = transactions(runs_ok([ 'preview', $plan, '--sql' ], 'preview --sql', { db => $db })->{out}, @{ $step->{sql} });
    sql($db, 'CREATE SCHEMA interlock');
    for my $transaction (grep { $_->{outside} } @transactions)
    {
        # Outside a transaction no LOCK TABLE is printed: what the whole step claims.
        stronger($transaction->{claims}, reverse /^([A-Z ]+) (\S.*)$/) for split /, (?=[A-Z ]+ )/, $step->{locks};
    }
    send_and_compare($db, $claims_more{$name}, @transactions);
    drop_world($db);
    return;
}

# What undo sends is in the server's log, with its locks; it is sent to a copy once more.
sub locks_of_undo
{
    my ($name, $primitive, $plan) = @_;
    my $db = fresh($name);
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    server()->safe_psql('postgres', qq{CREATE DATABASE "copy_$db" TEMPLATE "$db"});
    my $mark = log_mark();
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    my @log = statements_of(log_since($mark), qr/^interlock/);
    my %sent = map { words($_) => $_ } recorded($db, "kind = 'undo'");
    my (@transactions, $open);
    for my $statement (@log)
    {
        if ($statement =~ /^BEGIN\b/) { $open = { sql => [], claims => {} } }
        elsif ($statement =~ /^(?:COMMIT|ROLLBACK)$/)
        {
            push @transactions, $open if $open && @{ $open->{sql} };
            undef $open;
        }
        elsif ($open && $statement =~ /^LOCK TABLE (.*) IN ([A-Z ]+) MODE/) { stronger($open->{claims}, $1, $2) }
        elsif (my $sql = $sent{ words($statement) }) { push @{ ($open || ($transactions[@transactions] = { outside => 1 }))->{sql} }, $sql }
    }
    is(scalar(map { @{ $_->{sql} } } @transactions), scalar(recorded($db, "kind = 'undo'")), 'all that is recorded is in the log');
    send_and_compare("copy_$db", $claims_more{$name}, @transactions);
    drop_world($_) for $db, "copy_$db";
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
    my $waits = %{ $transaction->{claims} } && wait_until(sub { sql($db, "SELECT count(*) FROM pg_locks WHERE pid = $pid AND locktype = 'virtualxid' AND NOT granted") }, 3);
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

# ---- There and back ----

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

# Runs a plan whose step is done: no statement of the step is sent, by the registry and by the server's log.
sub sends_nothing
{
    my ($db, $plan, $what) = @_;
    my @before = recorded($db, 'true');
    my %texts = map { words($_) => 1 } @before;
    my $mark = log_mark();
    runs_ok([ 'run', $plan, '--yes' ], $what, { db => $db });
    my @logged = grep { $texts{ words($_) } } statements_of(log_since($mark), qr/^interlock/);
    is_deeply(\@logged, [], 'nothing is sent');
    is_deeply([ recorded($db, 'true') ], \@before, 'nor recorded');
    return;
}

sub there_and_back
{
    my ($name, $primitive, $plan, $other) = @_;
    my $db = fresh($name);
    my ($schema, $rows, $files) = (schema_dump($db), table_rows($db), files($db));
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    not_rewritten($db, $files, 'by run');
    my $there = schema_dump($db);
    my $changes = $primitive->{class} ne 'verify';
    ok($schema ne $there, 'something has changed') if $changes;

    ok(recorded($db, "kind = 'run'") > 0, 'the registry has its statements') if $changes;
    sends_nothing($db, $plan, 'run twice');
    sends_nothing($db, $other, 'run another plan with the same step') if $primitive->{probes};
    is(schema_dump($db), $there, 'the schema is that of the first run');

    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    not_rewritten($db, $files, 'by undo');
    is(schema_dump($db), $schema, 'the schema is what it was');
    is(table_rows($db), $rows, 'and so are the rows');
    is(sql($db, "SELECT state FROM interlock.run WHERE plan = 'example_$name'"), 'undone', 'the run is undone');
    runs_ok([ 'run', $plan, '--yes' ], 'run again', { db => $db });
    is(schema_dump($db), $there, 'the schema is that of the first run');
    drop_world($db);
    return;
}

sub conflict
{
    my ($name, $primitive, $plan) = @_;
    my ($sql, $expected, $found) = @{ $differently{$name} };
    my $db = fresh($name);
    sql($db, $sql);
    my $schema = schema_dump($db);
    my $check = interlock('check', $plan, { db => $db });
    is($check->{exit}, '4', 'check refuses');
    like($check->{out}, qr/expected: .*$expected/, 'names what it expected');
    like($check->{out}, qr/found: .*$found/, 'and what it found');
    is(interlock('run', $plan, '--yes', { db => $db })->{exit}, '4', 'run refuses too');
    is(schema_dump($db), $schema, 'nothing is touched');
    ok(!registry_exists($db), 'nothing is left');
    drop_world($db);
    return;
}
