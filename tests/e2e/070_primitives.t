# What every primitive gets from its example and its setup alone: it loads, the help knows it, its SQL runs and takes
# the locks that preview names, nothing is rewritten, run and undo lead there and back, twice if need be; and what
# somebody else made differently is a conflict.
use strict;
use warnings;

use Interlock::Crash;
use Interlock::Locks;
use Interlock::Test;
use Test::More;

my %primitives = primitives();
plan skip_all => 'there are no primitives yet' unless %primitives;

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
    add_check     => [ 'ALTER TABLE app.orders ADD CONSTRAINT orders_total_check CHECK (total > 0)', qr/total >= 0/, qr/total > 0/ ],
    add_unique    => [ 'ALTER TABLE app.users ADD CONSTRAINT users_email_key UNIQUE (id, email)', qr/UNIQUE \(email\)/, qr/UNIQUE \(id, email\)/ ],
    set_not_null  => [ view_instead('users'),  qr/a table/, qr/app\.users is a view/ ],
    drop_not_null => [ view_instead('users'),  qr/a table/, qr/app\.users is a view/ ],
    set_default   => [ 'ALTER TABLE app.orders DROP COLUMN status; ALTER TABLE app.orders ADD COLUMN status text GENERATED ALWAYS AS (id::text) STORED',
        qr/a column that takes a default/, qr/status text GENERATED ALWAYS AS/ ],
    create_enum_if_missing      => [ q{CREATE TYPE app.status AS ENUM ('paid', 'open', 'sent back')}, qr/'open', 'paid', 'sent back'/, qr/'paid', 'open', 'sent back'/ ],
    create_sequence_if_missing  => [ 'CREATE SEQUENCE app.order_no START 1001 CACHE 20 OWNED BY app.orders.no', qr/START WITH 1000 CACHE 20/, qr/START WITH 1001 CACHE 20/ ],
    create_extension_if_missing => [ 'CREATE EXTENSION citext SCHEMA public', qr/citext in schema app/, qr/citext in schema public/ ],
    add_enum_value              => [ q{ALTER TYPE app.status ADD VALUE 'sent back'}, qr/'paid', 'sent back', 'archived'/, qr/'paid', 'archived', 'sent back'/ ],
    drop_default  => [ view_instead('orders'), qr/a table/, qr/app\.orders is a view/ ],
    change_type   => [ view_instead('users'),  qr/a table/, qr/app\.users is a view/ ],
    rename_swap_column => [ 'ALTER TABLE app.orders ADD CHECK (customer > 0)', qr/the like of it on column customer_new/, qr/check orders_customer_check CHECK \(\(customer > 0\)\)/ ],
    rename_column => [ 'ALTER TABLE app.users ADD COLUMN email text', qr/with no email/, qr/both column mail and column email in app\.users/ ],
    rename_table  => [ 'CREATE TABLE app.people (id bigint)', qr/nothing called app\.people/, qr/app\.people is a table/ ],
    comment_on   => [ 'DROP TABLE app.users; CREATE SEQUENCE app.users', qr/column app\.users\.email/, qr/app\.users is a sequence/ ],
    grant        => [ 'DROP TABLE app.orders; CREATE SEQUENCE app.orders', qr/table or view app\.orders/, qr/app\.orders is a sequence/ ],
    create_view  => [ 'CREATE VIEW app.open_orders AS SELECT id, total FROM app.orders', qr/column 2 is customer_id bigint/, qr/column 2 is total numeric/ ],
    replace_view => [
        'DROP VIEW app.open_orders; CREATE VIEW app.open_orders AS SELECT id, total::bigint AS total FROM app.orders',
        qr/column 2 is total numeric\(10,2\)/, qr/column 2 is total bigint/
    ],
    parallel_table => [ 'CREATE TABLE app.orders_v2 (id bigint)', qr/nothing called app\.orders_v2/, qr/app\.orders_v2 is there already: a table/ ],
    drop_table_if_exists => [ 'CREATE VIEW app.reads AS SELECT * FROM app.visits',       qr/a table that nothing depends on/, qr/view app\.reads/ ],
    drop_view_if_exists  => [ 'CREATE VIEW app.more AS SELECT * FROM app.active_users', qr/a view that nothing depends on/,  qr/view app\.more/ ],
    drop_type_if_exists  => [ 'CREATE TABLE app.people (mood app.mood)',                qr/a type that nothing depends on/,  qr/column mood of table app\.people/ ],
    drop_index_if_exists => [ 'DROP INDEX app.orders_status_idx; CREATE TABLE app.orders_status_idx ()', qr/an index/, qr/app\.orders_status_idx is a table/ ],
    drop_column_if_exists => [ 'CREATE VIEW app.nicknames AS SELECT nickname FROM app.users', qr/a column that nothing depends on/, qr/column nickname is used by view app\.nicknames/ ],
    drop_constraint_if_exists => [ view_instead('users'), qr/a table/, qr/app\.users is a view/ ],
    insert_rows => [ view_instead('countries'), qr/a table/, qr/app\.countries is a view/ ],
    import_rows => [ view_instead('media'), qr/a table/, qr/app\.media is a view/ ],
    quarantine_table => [ 'CREATE TABLE app.orders_quarantine (id bigint)', qr/a quarantine, as quarantine_table makes it/, qr/app\.orders_quarantine has no column quarantine_id/ ],
    quarantine => [ view_instead('orders'), qr/a table/, qr/app\.orders is a view/ ],
    expect_column => [ 'ALTER TABLE app.users ALTER id TYPE text', qr/id character varying\(255\) NOT NULL/, qr/id text NOT NULL/ ],
    expect_table  => [ 'ALTER TABLE app.users ALTER email DROP NOT NULL', qr/email text NOT NULL/, qr/email text$/m ],
);

# What these make goes when their plan is done, which here is at once: their own tests look at it meanwhile.
my %until_done = (sync_columns => 1);

# What one plan made is in the way of another with the same step.
my %in_the_way = (parallel_table => qr/app\.orders_v2 is there already: a table/);

for my $name (some_of(3, sort keys %primitives))
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
    subtest "$name: SQL and locks"   => sub { run_locks($name, $plan) };
    subtest "$name: locks of undo"   => sub { undo_locks($name, $plan) } unless $primitive->{one_way};
    subtest "$name: there and back"  => sub { there_and_back($name, $primitive, $plan, $other) };
    subtest "$name: made by another" => sub { conflict($name, $primitive, $plan) } if $differently{$name};
}

done_testing();

sub view_instead { return "ALTER TABLE app.$_[0] RENAME TO old; CREATE VIEW app.$_[0] AS SELECT * FROM app.old" }

sub fresh
{
    my ($name) = @_;
    return world($name, $primitives{$name}{setup});
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
    return other_in_the_way($name, $other, $db) if $in_the_way{$name};
    push @preview, step($other, $db), runs_ok([ 'preview', $other ], 'preview of another plan with the same step', { db => $db })->{out};
    if ($primitive->{probes})
    {
        my @wanted = @{ $words{ $primitive->{class} } };
        my @ends = map { length ? qr/ \Q$_\E/ : qr/\S/ } @wanted;
        is($preview[0]{state}, $primitive->{class} eq 'verify' ? 'done' : 'absent', 'before');
        like($preview[1], qr/^     \S.*$ends[0]$/m, "which preview says as \"$wanted[0]\"");
        is($preview[2]{state}, 'done', 'after');
        like($preview[3], qr/^     \S.*$ends[1]$/m, "which preview says as \"$wanted[1]\"");
        is_deeply($preview[2]{sql}, [], 'there is nothing left to send');
    }
    else { is($preview[$_]{state}, 'absent', 'only the registry tells') for 0, 2 }
    drop_world($db);
    return;
}

sub other_in_the_way
{
    my ($name, $other, $db) = @_;
    my $schema = schema_dump($db);
    exits(4, [ $_, $other, $_ eq 'run' ? '--yes' : () ], $in_the_way{$name}, "$_ of another plan with the same step", { db => $db }) for 'preview', 'run';
    is(schema_dump($db), $schema, 'changes nothing');
    drop_world($db);
    return;
}

sub run_locks
{
    my ($name, $plan) = @_;
    my $db = fresh($name);
    locks_of_run($name, $plan, $db);
    drop_world($db);
    return;
}

sub undo_locks
{
    my ($name, $plan) = @_;
    my $db = fresh($name);
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    locks_of_undo($name, $plan, $db);
    drop_world($db);
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
    ok($schema ne $there || $rows ne table_rows($db), 'something has changed') if $changes && !$until_done{$name};

    ok(recorded($db, "kind = 'run'") > 0, 'the registry has its statements') if $changes;
    sends_nothing($db, $plan, 'run twice');
    sends_nothing($db, $other, 'run another plan with the same step') if $primitive->{probes};
    is(schema_dump($db), $there, 'the schema is that of the first run');
    return no_way_back($name, $plan, $db) if $primitive->{one_way};

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

# Said before the run, in the manual, and by undo, which then takes nothing back.
sub no_way_back
{
    my ($name, $plan, $db) = @_;
    my ($schema, $rows, $registry) = (schema_dump($db), table_rows($db), registry_state($db));
    like(interlock('help', $name)->{out}, qr/^way back\n  none/m, 'the manual says that there is no way back');
    like(interlock('preview', $plan, { db => fresh($name) })->{out}, qr/no way back below this line/, 'preview does');
    exits(3, [ 'undo', $plan, '--to', 'start', '--yes' ], qr/\Q$name\E has no way back.*nothing was taken back/s, 'undo refuses', { db => $db });
    is(schema_dump($db), $schema, 'the schema is as it was');
    is(table_rows($db), $rows, 'and so are the rows');
    is(registry_state($db), $registry, 'and the registry');
    sends_nothing($db, $plan, 'the run is still done');
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
    # What does not hold was not there differently, it fails.
    is(interlock('run', $plan, '--yes', { db => $db })->{exit}, $primitive->{class} eq 'verify' ? '3' : '4', 'run refuses too');
    is(schema_dump($db), $schema, 'nothing is touched');
    ok(!registry_exists($db), 'nothing is left');
    drop_world($db);
    return;
}
