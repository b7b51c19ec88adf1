# Rollouts: an application asks interlock.in_rollout() for each customer, people move the percentage, and the run waits.
# Who is in is a matter of arithmetic (shares, the same keys everywhere, none that leaves on the way up); that nobody
# moves it by accident, and that it can go back at once, is a matter of the run's position.
use strict;
use warnings;

use Interlock::Test;
use Test::More;
use Time::HiRes qw(time);

# CASE=words runs the subtests whose names match; those of the first database build on each other.
my $only = $ENV{CASE};

sub alone { my ($name, $code) = @_; subtest $name => $code if !$only || $name =~ /$only/; return }
sub together { my ($name, $code) = @_; subtest $name => $code if !$only; return }

# A database with so many customers.
sub customers
{
    my ($name, $rows) = @_;
    return world($name, <<"SQL");
CREATE SCHEMA app;
CREATE TABLE app.customers (id bigint PRIMARY KEY, email text NOT NULL, old_address text);
INSERT INTO app.customers SELECT n, 'c' || n || '\@example.com', 'x' FROM generate_series(1, $rows) n;
SQL
}
sub few { return customers('few', 10000) }

server()->safe_psql('postgres', 'CREATE ROLE shop LOGIN; CREATE ROLE readers; CREATE ROLE anna LOGIN SUPERUSER; CREATE ROLE deploy LOGIN');

my $plan = plan_file('address_book', <<'LUA');
plan "address_book" {
  title = "Customers move to the new address book, a few at a time",
  phase "expand" { add_column_if_missing { table = "app.customers", column = "address", type = "text" } },
  rollout "by customer" { table = "app.customers", column = "email", percent = { 1, 10, 50, 100 } },
  safety_period "1 hour" { },
  phase "contract" { drop_column_if_exists { table = "app.customers", column = "old_address", archive = "30 days" } },
}
LUA
my $evidence = 'a day without complaints';

sub count_in { return sql($_[0], "SELECT count(*) FROM app.customers WHERE interlock.in_rollout('" . ($_[1] || 'address_book') . "', email)") }
sub is_in
{
    my ($db, $key, $more) = @_;
    return sql($db, "SELECT interlock.in_rollout('address_book', '$key'" . ($more || '') . ')');
}
sub percent { return sql($_[0], 'SELECT coalesce(max(percent), 0)::float8 FROM interlock.rollout') }
sub position { return sql($_[0], "SELECT next_block || ' ' || state FROM interlock.run ORDER BY id DESC LIMIT 1") }
sub move
{
    my ($db, $percent, @more) = @_;
    return runs_ok([ 'rollout', $plan, $percent, '--evidence', $evidence, @more ], "to $percent %", { db => $db });
}
sub to_the_rollout
{
    my ($db, $up) = @_;
    exits(5, [ 'run', $plan ], undef, 'run stops at the rollout', { db => $db });
    for my $percent (1, 10, 50, 100) { move($db, $percent) if $percent <= ($up || 0) }
    return;
}

# As the application: a role without any right but to connect.
sub as_shop { return server()->psql($_[0], $_[1], extra_params => [ '-U', 'shop' ]) }
sub shop_says
{
    my ($db, $query) = @_;
    my ($code, $out, $err) = as_shop($db, $query);
    return $code == 0 ? $out : $err;
}

my $db = customers('many', 100000);

together 'the run waits, and nothing but the command moves it' => sub {
    my $check = runs_ok([ 'check', $plan ], 'check', { db => $db });
    my $preview = runs_ok([ 'preview', $plan ], 'preview', { db => $db });
    like($preview->{out}, qr/# rollout  by customer  1, 10, 50, 100 % of the values of app\.customers\.email/, 'preview has its stops');
    my $run = exits(5, [ 'run', $plan ], undef, 'run stops there', { db => $db });
    like($run->{out}, qr/waiting at rollout "by customer": nobody is in yet; its stops are 1, 10, 50, 100 %/, 'and says so');
    like($run->{out}, qr/next: interlock rollout address_book 1 "by customer" --evidence TEXT\n(?!  then)/, 'with the next command');
    is(count_in($db), 0, 'nobody is in');
    exits(5, [ 'run', $plan ], undef, 'run again', { db => $db });
    runs_ok([ 'sync' ], 'sync', { db => $db });
    exits(5, [ 'wait', $plan, '--timeout', '100ms' ], undef, 'wait', { db => $db });
    is(count_in($db), 0, 'let nobody in');

    exits(64, [ 'rollout', $plan, 1 ], qr/--evidence/, 'without evidence it is not moved', { db => $db });
    exits(64, [ 'rollout', $plan, '--evidence', 'x' ], qr/needs a plan and a percentage/, 'nor without a percentage', { db => $db });
    exits(64, [ 'rollout', $plan, '-1', '--evidence', 'x' ], undef, 'nor to less than nobody', { db => $db });
    exits(64, [ 'rollout', $plan, '100.5', '--evidence', 'x' ], qr/percentage/, 'nor to more than all', { db => $db });
    exits(64, [ 'rollout', $plan, 1, 'by whom', '--evidence', 'x' ], qr/has no rollout "by whom"/, 'nor another one', { db => $db });
    exits(1, [ 'rollout', $plan, 10, '--evidence', 'x' ], qr/is at 0 %, and 10 % is not its next stop\n.*go to 1 first/, 'no stop is left out', { db => $db });
    exits(1, [ 'rollout', $plan, '0.5', '--evidence', 'x' ], qr/0\.5 is no stop of rollout "by customer"/, 'nor made up', { db => $db });
    exits(0, [ 'rollout', $plan, 1, '--evidence', 'x', '-n' ], qr/would go from 0 % to 1 %; nothing was changed/, '-n only says', { db => $db });
    is(count_in($db), 0, 'still nobody');
};

together 'shares, and who is in' => sub {
    sql($db, 'CREATE TABLE public.seen (percent numeric, email text)');
    for my $percent (1, 10, 50)
    {
        my $moved = move($db, $percent);
        like($moved->{out}, qr/^rollout "by customer" of plan "address_book" is at $percent %/, 'it says where it is');
        my ($wanted, $share) = (100000 * $percent / 100, $percent / 100);
        my $tolerance = 5 * sqrt(100000 * $share * (1 - $share));
        my $in = count_in($db);
        cmp_ok(abs($in - $wanted), '<', $tolerance, "$in of 100000 keys are $percent %");
        sql($db, "INSERT INTO public.seen SELECT $percent, email FROM app.customers WHERE interlock.in_rollout('address_book', email)");
        my $again = move($db, $percent);
        like($again->{out}, qr/^nothing to do/, 'the same again does nothing');
        exits(5, [ 'run', $plan ], undef, 'run still waits', { db => $db });
        is(percent($db), $percent, 'and moves nothing');
    }
    is(sql($db, 'SELECT count(*) FROM public.seen a WHERE NOT EXISTS (SELECT FROM public.seen b WHERE b.percent > a.percent AND b.email = a.email)
        AND a.percent < 50'), 0, 'who is in stays in on the way up');

    # These may never change: not by a version of PostgreSQL, nor by one of this program.
    my %lies = ('c58@example.com' => 't', 'c105@example.com' => 't', 'Zoë Müller' => 't', 'c7@example.com' => 't', 'anna@example.com' => 'f',
        '00000000-0000-0000-0000-000000000001' => 'f', 'bob@example.com' => 'f', '42' => 'f', '' => 'f');
    is(is_in($db, $_), $lies{$_}, "at 50 % \"$_\" is " . ($lies{$_} eq 't' ? 'in' : 'out')) for sort keys %lies;
    is(sql($db, 'SELECT string_agg(email, \' \' ORDER BY length(email), email) FROM (SELECT email FROM public.seen WHERE percent = 1 ORDER BY
        length(email), email LIMIT 3) s'), 'c58@example.com c68@example.com c105@example.com', 'the first three at 1 %');
    is(sql($db, q{SELECT interlock.in_rollout('address_book', 'c7@example.com' COLLATE "POSIX")}), 't', 'collations do not matter');

    is(sql($db, q{SELECT interlock.in_rollout('address_book', NULL)}), 'f', 'NULL is not in');
    is(sql($db, q{SELECT interlock.in_rollout('no_such_plan', 'c7@example.com')}), 'f', 'nor is anybody in a plan that there is not');
    is(sql($db, q{SELECT interlock.in_rollout(NULL, 'c7@example.com')}), 'f', 'or NULL');
    is(is_in($db, 'c7@example.com', q{, '{"tenant": "acme"}'}), 'f', 'or one with parameters that it has not');
    is(is_in($db, 'c7@example.com', q{, NULL, 'by customer'}), 't', 'the label may be named');
    is(is_in($db, 'c7@example.com', q{, '{}', 'by whom'}), 'f', 'another is not in');
};

together 'status' => sub {
    my $status = runs_ok([ 'status', $plan ], 'status', { db => $db });
    like($status->{out}, qr/waits: 50 % of the keys are in, since \S+ \S+ UTC by \S+: \Q$evidence\E/, 'says how many, since when, by whom and why');
    like($status->{out}, qr/in now: (\d+ of 100000|about [\d.]+ %.*sample of \d+) rows/, 'how many rows that is');
    like($status->{out}, qr/next: interlock rollout address_book 100 "by customer" --evidence TEXT\n  back: interlock rollout address_book 10 /, 'and both ways');
    like(runs_ok([ 'status', $plan, '--markdown' ], 'Markdown', { db => $db })->{out}, qr/^- \[ \] rollout: by customer \(50 %\)$/m, 'has it in its list');
    my ($line) = grep { $_->{type} eq 'status' } json_lines(runs_ok([ 'status', $plan, '--json' ], 'JSON', { db => $db })->{out});
    is($line->{percent}, 50, 'the percentage');
    like($line->{share}, qr/app\.customers/, 'how many rows');
    like($line->{back}, qr/rollout address_book 10 /, 'the way back');
    exits(5, [ 'status', $plan, '--exit-code' ], undef, 'its code is 5', { db => $db });
    my ($run) = grep { $_->{type} eq 'waiting' } json_lines(interlock('run', $plan, '--json', { db => $db })->{out});
    is("$run->{kind} $run->{percent}", 'rollout 50', 'run has it too');
    my $session = sql_session($db);
    $session->query('BEGIN; LOCK TABLE app.customers IN ACCESS EXCLUSIVE MODE');
    my $begin = time;
    unlike(runs_ok([ 'status', $plan ], 'a table that is locked', { db => $db })->{out}, qr/in now/, 'is not counted');
    cmp_ok(time - $begin, '<', 5, 'and not waited for');
    $session->quit;
};

together 'an application without rights' => sub {
    is(shop_says($db, q{SELECT interlock.in_rollout('address_book', 'c7@example.com')}), 't', 'may ask');
    my $relations = sql($db, q{SELECT string_agg(oid::regclass::text, ' ') FROM pg_class WHERE relnamespace = 'interlock'::regnamespace AND relkind IN ('r', 'v', 'p')});
    my @open = grep { shop_says($db, "SELECT count(*) FROM $_") !~ /permission denied/ } split ' ', $relations;
    is("@open", '', 'but reads none of ' . scalar(split ' ', $relations) . ' tables');
    like(shop_says($db, 'CREATE TABLE interlock.mine ()'), qr/permission denied for schema/, 'and puts nothing there');
    is(sql($db, q{SELECT string_agg(p.oid::regprocedure::text, ' ') FROM pg_proc p WHERE pronamespace = 'interlock'::regnamespace
        AND has_function_privilege('shop', p.oid, 'EXECUTE')}), 'interlock.in_rollout(text,text,jsonb,text)', 'it may call nothing else');
    is(shop_says($db, q{CREATE TEMP TABLE rollout AS SELECT 'address_book' AS plan, '{}'::jsonb AS parameters, 'by customer' AS label, 1 AS block, 100 AS percent;
        CREATE FUNCTION pg_temp.hashtextextended(text, bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 0';
        SET search_path = pg_temp, pg_catalog; SELECT interlock.in_rollout('address_book', 'bob@example.com')}), 'f', 'nor is it led astray by what stands in pg_temp');
    is(sql($db, q{SELECT concat(provolatile, proparallel, prosecdef) FROM pg_proc WHERE proname = 'in_rollout'}), 'sst', 'STABLE, PARALLEL SAFE, SECURITY DEFINER');
    is(sql($db, q{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
        SELECT count(*) FROM app.customers WHERE interlock.in_rollout('address_book', email)}), count_in($db), 'parallel workers say the same');
};

together 'what a call costs' => sub {
    sql($db, q{CREATE FUNCTION public.plain(a text, b text) RETURNS boolean LANGUAGE plpgsql STABLE AS 'BEGIN RETURN a < b; END'});
    my $took = sub {
        my ($call) = @_;
        my @times = map { my $begin = time; sql($db, "SELECT count(*) FROM app.customers WHERE $call"); time - $begin } 1 .. 3;
        return (sort { $a <=> $b } @times)[0] / 100000;
    };
    my ($asked, $plain) = ($took->(q{interlock.in_rollout('address_book', email)}), $took->(q{public.plain('address_book', email)}));
    note(sprintf 'in_rollout: %.1f us a call, %.1f times a plain function', $asked * 1e6, $asked / $plain);
    cmp_ok($asked, '>', 0, 'a call costs something');
};

together 'to the end, and back from behind it' => sub {
    move($db, '100%');
    is(count_in($db), 100000, 'all are in');
    is(is_in($db, 'bob@example.com'), 't', 'the last one too');
    like(runs_ok([ 'status', $plan ], 'status', { db => $db })->{out}, qr/waits: for nothing more, it is open\n.*\n?  next: interlock run address_book\n/, 'it is open');
    move($db, 1);
    exits(5, [ 'run', $plan ], undef, 'from 100 it goes back at once', { db => $db });
    is(position($db), '1 waiting', 'and the run waits there');
    move($db, $_) for 10, 50, 100;
    my $run = exits(5, [ 'run', $plan ], undef, 'at 100 run goes on', { db => $db });
    like($run->{out}, qr/waiting at safety period/, 'to the safety period');
    is(count_in($db), 100000, 'behind it all are in');
    my $reached = sql($db, 'SELECT reached_at FROM interlock.condition WHERE block = 2');

    exits(0, [ 'rollout', $plan, 10, '--evidence', 'incident 4711', '-n' ], qr/would go from 100 % to 10 %/, '-n', { db => $db });
    is(position($db), '2 waiting', 'changes nothing');
    my $holder = sql_session($db);
    sql($db, 'UPDATE interlock.run SET seen = clock_timestamp()');
    $holder->query('SELECT pg_advisory_lock(4803659, 1)');
    exits(6, [ 'rollout', $plan, 10, '--evidence', 'incident 4711' ], qr/is being run by/, 'while somebody runs it, it is left alone', { db => $db });
    $holder->quit;
    is(percent($db) . ' ' . position($db), '100 2 waiting', 'and nothing was changed');
    my $begin = time;
    my $back = runs_ok([ 'rollout', $plan, 10, '--evidence', 'incident 4711' ], 'an incident: one command', { db => $db });
    note(sprintf 'back in %.2f s', time - $begin);
    like($back->{out}, qr/is at 10 %, it was at 100 %; the run waits at it again/, 'says what it did');
    is(position($db), '1 waiting', 'the run is at the rollout again');
    cmp_ok(abs(count_in($db) - 10000), '<', 500, 'and the others are out');
    move($db, $_) for 50, 100;
    exits(5, [ 'run', $plan ], undef, 'run comes to the safety period again', { db => $db });
    isnt(sql($db, 'SELECT reached_at FROM interlock.condition WHERE block = 2'), $reached, 'which begins anew');

    my $log = runs_ok([ 'log', $plan ], 'log', { db => $db })->{out};
    like($log, qr/rollout +\S+  rollout "by customer": 100 % -> 10 %: incident 4711/, 'the journal has each move, by whom and why');
    is(scalar(() = $log =~ /rollout "by customer": [\d.]+ % -> [\d.]+ %/g), 11, 'all of them');

    sql($db, q{UPDATE interlock.condition SET due = now() - interval '1 s' WHERE block = 2});
    runs_ok([ 'run', $plan, '--yes' ], 'run to the end', { db => $db });
    is(is_in($db, 'bob@example.com'), 't', 'a plan that is done: all are in');
    exits(1, [ 'rollout', $plan, 10, '--evidence', 'x' ], qr/can't be moved: the run is behind it/, 'and it is not moved any more', { db => $db });
    is(is_in($db, 'bob@example.com'), 't', 'all stay in');
    exits(0, [ 'uninstall', '-n' ], qr/in_rollout\(\): an application that still asks it gets an error.*\n +rollout "by customer" of plan "address_book", 100 %/,
        'uninstall says that it goes', { db => $db });
};

alone 'undo' => sub {
    my $db = few();
    my $schema = schema_dump($db);
    to_the_rollout($db, 100);
    exits(5, [ 'run', $plan ], undef, 'as far as the safety period', { db => $db });
    like(runs_ok([ 'undo', $plan, '-n' ], 'undo -n', { db => $db })->{err}, qr/rollout "by customer" from 100 % to 0 %/, 'tells of the rollout');
    is(percent($db), 100, 'and changes nothing');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(position($db), '1 waiting', 'goes back to the rollout');
    is(count_in($db), 0, 'and nobody is in');
    is(column_type($db, 'app.customers', 'address'), 'text', 'what stands before it is still there');
    exits(5, [ 'run', $plan ], undef, 'run', { db => $db });
    move($db, $_) for 1, 10;
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo past it', { db => $db });
    is(count_in($db), 0, 'nobody is in');
    is(sql($db, 'SELECT count(*) FROM interlock.rollout'), 0, 'nothing is left of it');
    is(schema_dump($db), $schema, 'nor of the phase before it');
    my @events = split /\n/, sql($db, q{SELECT kind || ' ' || statement FROM interlock.event WHERE id >= (SELECT max(id) FROM interlock.event WHERE kind = 'rollout') ORDER BY id});
    like($events[0], qr/^rollout rollout "by customer": 10 % -> 0 %: taken back/, 'it went first');
    ok(@events > 1, 'before the column did');
    to_the_rollout($db, 1);
    cmp_ok(count_in($db), '>', 0, 'and forward again');

    exits(0, [ 'undo', $plan, '--to', 'by customer', '--yes' ], undef, 'undo as far as behind it', { db => $db });
    is(percent($db), 1, 'leaves it as it is');
};

alone 'behind a phase that has begun' => sub {
    my $db = few();
    my $plan = plan_file('switched', <<'LUA');
plan "switched" {
  title = "A rollout before a phase",
  rollout "by customer" { table = "app.customers", column = "email", percent = { 12.5, 100 } },
  phase "after" { add_column_if_missing { table = "app.customers", column = "a", type = "text" } },
  gate "all is well" { },
}
LUA
    exits(5, [ 'run', $plan ], undef, 'it may be the first block', { db => $db });
    runs_ok([ 'rollout', $plan, $_, '--evidence', 'x' ], "to $_", { db => $db }) for '12.50', 100;
    exits(5, [ 'run', $plan ], undef, 'run does the phase', { db => $db });
    exits(1, [ 'rollout', $plan, '12.5', '--evidence', 'x' ], qr/the run is behind it\n.*\n.*interlock undo switched/, 'then undo comes first', { db => $db });
    is(count_in($db, 'switched'), 10000, 'all stay in');
    runs_ok([ 'undo', $plan, '--to', 'by customer', '--yes' ], 'undo behind it', { db => $db });
    is(position($db), '1 waiting', 'leaves the run there');
    runs_ok([ 'rollout', $plan, '12.5', '--evidence', 'x' ], 'and now it goes back', { db => $db });
    is(position($db), '0 waiting', 'with the run');
    exits(5, [ 'run', $plan ], undef, 'which waits', { db => $db });
    is(column_type($db, 'app.customers', 'a'), '', 'and does nothing behind it');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo with nothing but a rollout', { db => $db });
    is(count_in($db, 'switched'), 0, 'lets nobody be in');
    is(sql($db, 'SELECT state FROM interlock.run'), 'undone', 'the run is undone');
    exits(1, [ 'rollout', $plan, '12.5', '--evidence', 'x' ], qr/is undone; there is nothing to move/, 'and moves nothing', { db => $db });
};

alone 'two in one plan' => sub {
    my $db = few();
    my $plan = plan_file('two', <<'LUA');
plan "two" {
  title = "First reads, then writes",
  rollout "reads" { table = "app.customers", column = "email", percent = { 10, 100 } },
  rollout "writes" { table = "app.customers", column = "email", percent = { 20, 100 } },
}
LUA
    my $in = sub { sql($db, "SELECT count(*) FROM app.customers WHERE interlock.in_rollout('two', email, '{}', $_[0])") };
    exits(5, [ 'run', $plan ], undef, 'run', { db => $db });
    exits(64, [ 'rollout', $plan, 10, '--evidence', 'x' ], qr/has 2 blocks of kind rollout\n.*"reads", "writes"/, 'it must be said which', { db => $db });
    exits(1, [ 'rollout', $plan, 20, 'writes', '--evidence', 'x' ], qr/the run has not come to it/, 'the second has to wait', { db => $db });
    runs_ok([ 'rollout', $plan, $_, 'reads', '--evidence', 'x' ], "reads $_", { db => $db }) for 10, 100;
    like(exits(5, [ 'run', $plan ], undef, 'run', { db => $db })->{out}, qr/rollout two 20 "writes"/, 'the second');
    is($in->('NULL'), 10000, 'without a label the first one counts, whatever the second does');
    is($in->(q{'writes'}), 0, 'each has its own');
    runs_ok([ 'rollout', $plan, 20, 'writes', '--evidence', 'x' ], 'writes 20', { db => $db });
    cmp_ok(abs($in->(q{'writes'}) - 2000), '<', 200, 'a fifth');
    exits(0, [ 'rollout', $plan, 10, 'reads', '--evidence', 'incident' ], undef, 'the first goes back', { db => $db });
    is($in->(q{'writes'}), 0, 'and takes the second with it');
    is(position($db), '0 waiting', 'the run is at the first');
    for ([ reads => 100 ], [ writes => 20 ], [ writes => 100 ])
    {
        runs_ok([ 'rollout', $plan, $_->[1], $_->[0], '--evidence', 'x' ], "@$_", { db => $db });
        interlock('run', $plan, { db => $db });
    }
    is(position($db), '2 done', 'a rollout may be the last block');
    is($in->(q{'writes'}), 10000, 'all are in');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo of a plan that is done', { db => $db });
    is($in->(q{'writes'}) . ' ' . $in->(q{'reads'}), '0 10000', 'takes the last one back');
};

alone 'two plans choose different customers' => sub {
    my $db = customers('many', 100000);
    my @plans = map { plan_file($_, qq{plan "$_" { title = "x", rollout "r" { table = "app.customers", column = "email", percent = { 10, 100 } } }}) } qw(one other);
    for (@plans)
    {
        exits(5, [ 'run', $_ ], undef, 'run', { db => $db });
        runs_ok([ 'rollout', $_, 10, '--evidence', 'x' ], 'to 10 %', { db => $db });
    }
    my $both = sql($db, q{SELECT count(*) FROM app.customers WHERE interlock.in_rollout('one', email) AND interlock.in_rollout('other', email)});
    cmp_ok(abs($both - 1000), '<', 5 * sqrt(100000 * 0.01 * 0.99), "$both of 100000 are in both, as chance would have it");
};

alone 'a plan with parameters' => sub {
    my $db = few();
    sql($db, "CREATE SCHEMA $_; CREATE TABLE $_.notes (id bigint PRIMARY KEY, body text)") for qw(acme zenith);
    my $plan = plan_file('notes', <<'LUA');
local tenant = param "tenant" { kind = "identifier" }
plan "notes" {
  title = "Notes of a tenant",
  rollout "by note" { table = sql([[ :tenant.notes ]], { tenant = tenant }), column = "id", percent = { 50, 100 } },
}
LUA
    exits(5, [ 'run', $plan, '--set', "tenant=$_" ], undef, "run of $_", { db => $db }) for qw(acme zenith);
    exits(64, [ 'rollout', 'notes', 50, '--evidence', 'x' ], qr/2 runs with different parameters/, 'it must be said whose', { db => $db });
    runs_ok([ 'rollout', $plan, 50, '--evidence', 'x', '--set', 'tenant=acme' ], 'acme', { db => $db });
    my $in = sub { sql($db, qq{SELECT count(*) FROM generate_series(1, 1000) n WHERE interlock.in_rollout('notes', n::text, '{"tenant": "$_[0]"}')}) };
    cmp_ok(abs($in->('acme') - 500), '<', 80, 'half of one');
    is($in->('zenith'), 0, 'nobody of the other');
    is(sql($db, q{SELECT count(*) FROM generate_series(1, 1000) n WHERE interlock.in_rollout('notes', n::text)}), 0, 'without parameters it is no such run');
    # As many as a house with 300 tenants has.
    sql($db, q{INSERT INTO interlock.run (plan, parameters, state, compiled, hash, tool) SELECT 'notes', jsonb_build_object('tenant', 't' || n), 'waiting', '{}', 'x', 'x'
        FROM generate_series(1, 300) n; INSERT INTO interlock.rollout SELECT id, 0, plan, parameters, 'by note', 100 FROM interlock.run WHERE hash = 'x'; ANALYZE interlock.rollout});
    is($in->('t300'), 1000, 'each tenant has its own');
};

alone 'amend' => sub {
    my $db = few();
    my $write = sub { plan_file('amended', qq{plan "amended" { title = "x", $_[0] phase "p" { add_column_if_missing { table = "app.customers", column = "z", type = "text" } } }}) };
    my $rollout = sub { qq{rollout "$_[0]" { table = "app.customers", column = "email", percent = { $_[1] } },} };
    my $amend = sub {
        my ($code, $said, $name) = @_;
        my $file = $_[3];
        my ($hash) = interlock('show', $file, '--json', { db => $db })->{out} =~ /"hash": ?"([0-9a-f]{64})"/;
        return exits($code, [ 'amend', $file, '--accept', $hash, '--yes' ], $said, $name, { db => $db });
    };
    my $plan = $write->($rollout->('r', '10, 100'));
    exits(5, [ 'run', $plan ], undef, 'run', { db => $db });
    runs_ok([ 'rollout', $plan, 10, '--evidence', 'x' ], '10 %', { db => $db });
    my $in = count_in($db, 'amended');
    $amend->(0, undef, 'other stops', $write->($rollout->('r', '5, 30, 100')));
    is(count_in($db, 'amended'), $in, 'who is in stays in');
    is(percent($db), 10, 'at 10 %');
    exits(1, [ 'rollout', $plan, 100, '--evidence', 'x' ], qr/go to 30 first/, 'the next stop is that of the new list', { db => $db });
    $amend->(7, qr/rollout "r" is at 10 %, and the edited plan has another block in its place\n.*interlock rollout amended 0 "r"/, 'a rollout is not taken away under those who are in',
        $write->($rollout->('s', '5, 30, 100')));
    is(count_in($db, 'amended'), $in, 'nothing was changed');
    $plan = $write->($rollout->('r', '5, 30, 100'));
    runs_ok([ 'rollout', $plan, 5, '--evidence', 'x' ], 'down to a stop of the new list', { db => $db });
    runs_ok([ 'rollout', $plan, 0, '--evidence', 'x' ], 'down to 0', { db => $db });
    $amend->(0, undef, 'then it may go', $write->(''));
    is(sql($db, 'SELECT count(*) FROM interlock.rollout'), 0, 'and is gone');
};

alone 'adopt' => sub {
    my $db = few();
    sql($db, 'ALTER TABLE app.customers ADD COLUMN address text; ALTER TABLE app.customers DROP COLUMN old_address');
    runs_ok([ 'adopt', $plan, '--yes' ], 'adopt', { db => $db });
    is(shop_says($db, q{SELECT interlock.in_rollout('address_book', 'bob@example.com')}), 't', 'all are in');
    exits(1, [ 'rollout', $plan, 10, '--evidence', 'x' ], qr/is adopted; there is nothing to move/, 'and stay in', { db => $db });
};

alone 'killed at every message' => sub {
    for my $case ([ 'up', 10, 10, '1 waiting', sub { move($_[0], 10); move($_[0], 1) } ],
        [ 'back from behind', 1, 1, '1 waiting', sub { move($_[0], $_) for 10, 50, 100; exits(5, [ 'run', $plan ], undef, 'run', { db => $_[0] }) } ])
    {
        my ($name, $to, $end, $position, $prepare) = @$case;
        my $db = world("killed $name", sub {
            sql($_[0], q{CREATE SCHEMA app; CREATE TABLE app.customers (id bigint PRIMARY KEY, email text, old_address text)});
            to_the_rollout($_[0], 1);
            $prepare->($_[0]);
        });
        my ($from, $count) = (percent($db), PostgreSQL::Test::Utils::tempdir() . '/count');
        my @command = ('rollout', 'address_book', $to, '--evidence', 'x');
        runs_ok(\@command, $name, { db => $db, env => { INTERLOCK_FAULT_COUNT => $count } });
        my $messages = PostgreSQL::Test::Utils::slurp_file($count) + 0;
        cmp_ok($messages, '>', 5, "$messages messages");
        for my $fault ('kill:1', map { "kill-after:$_" } 1 .. $messages)
        {
            my $copy = world("killed $name");
            interlock(@command, { db => $copy, env => { INTERLOCK_FAULT => $fault } });
            wait_until(sub { sql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE datname = '$copy'") eq '0' }) or diag('sessions are left');
            my ($now, $stands) = (percent($copy), position($copy));
            my $whole = $now == $from || $now == $to;
            my $good = $whole && sql($copy, 'SELECT count(*) FROM interlock.rollout o JOIN interlock.run r ON r.id = o.run WHERE o.percent < 100 AND r.next_block > o.block') eq '0'
              && interlock(@command, { db => $copy })->{exit} eq '0' && percent($copy) == $end && position($copy) eq $position;
            ok($good, "$name, $fault: before or after, and the same again ends it") or diag("$now % $stands, then " . percent($copy) . ' % ' . position($copy));
            drop_world($copy);
        }
    }
};

alone 'killed while a plan ends at its rollout' => sub {
    my $plan = plan_file('ends', <<'LUA');
plan "ends" {
  title = "A rollout is the last block",
  phase "expand" { sync_columns { table = "app.customers", forward = { address = "old_address" }, back = { old_address = "address" } } },
  rollout "by customer" { table = "app.customers", column = "email", percent = { 100 } },
}
LUA
    my $db = world('ends', sub {
        sql($_[0], q{CREATE SCHEMA app; CREATE TABLE app.customers (id bigint PRIMARY KEY, email text, old_address text, address text)});
        exits(5, [ 'run', $plan ], undef, 'run', { db => $_[0] });
        runs_ok([ 'rollout', $plan, 100, '--evidence', 'x' ], 'all at once', { db => $_[0] });
    });
    my $triggers = sub { sql($_[0], q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~interlock%'}) };
    cmp_ok($triggers->($db), '>', 0, 'two releases are kept alike');
    my $count = PostgreSQL::Test::Utils::tempdir() . '/count';
    runs_ok([ 'run', $plan ], 'run to the end', { db => $db, env => { INTERLOCK_FAULT_COUNT => $count } });
    my $messages = PostgreSQL::Test::Utils::slurp_file($count) + 0;
    for my $fault (map { "kill-after:$_" } 1 .. $messages)
    {
        my $copy = world('ends');
        interlock('run', $plan, { db => $copy, env => { INTERLOCK_FAULT => $fault } });
        wait_until(sub { sql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE datname = '$copy'") eq '0' }) or diag('sessions are left');
        my $good = interlock('run', $plan, { db => $copy })->{exit} eq '0' && position($copy) eq '2 done' && $triggers->($copy) eq '0'
          && sql($copy, 'SELECT count(*) FROM interlock.claim') eq '0';
        ok($good, "$fault: run again ends it, and takes away what was kept up");
        drop_world($copy);
    }
};

alone 'two at once' => sub {
    my $db = few();
    to_the_rollout($db, 50);
    for my $round (1 .. 12)
    {
        move($db, 100);
        my @both = map { in_background(@$_, { db => $db }) } [ 'run', $plan ], [ 'rollout', 'address_book', 50, '--evidence', 'incident' ];
        my ($run, $back) = map { $_->finish } $round % 2 ? @both : reverse @both;
        my $lost = sql($db, 'SELECT count(*) FROM interlock.rollout o JOIN interlock.run r ON r.id = o.run WHERE o.percent < 100 AND r.next_block > o.block');
        is($lost, 0, "round $round: the run is never behind a rollout that is not over");
        # Where the run was at work just behind it, it says so, and the same again does it.
        is(interlock('rollout', 'address_book', 50, '--evidence', 'incident', { db => $db })->{exit}, '0', 'back');
        is(position($db), '1 waiting', 'the run waits there');
    }
    my @up = map { in_background('rollout', 'address_book', 100, '--evidence', "by $_", { db => $db }) } 1 .. 4;
    is(join(' ', map { $_->finish->{exit} } @up), '0 0 0 0', 'four that want the same');
    is(sql($db, q{SELECT count(*) FROM interlock.event WHERE statement LIKE '%: by %'}), 1, 'are one move');

    my $application = sql_session($db);
    $application->query(q{PREPARE ask AS SELECT interlock.in_rollout('address_book', 'bob@example.com')});
    is($application->query('EXECUTE ask'), 't', 'an application that is connected all the while');
    move($db, 10);
    is($application->query('EXECUTE ask'), 'f', 'is told at once');
    $application->query('BEGIN ISOLATION LEVEL REPEATABLE READ; EXECUTE ask');
    move($db, $_) for 50, 100;
    is($application->query('EXECUTE ask'), 'f', 'but sees no change inside of one snapshot');
    $application->query('COMMIT');
    is($application->query('EXECUTE ask'), 't', 'only behind it');
    my $holds = sql_session($db);
    $holds->query('BEGIN; LOCK TABLE interlock.run, interlock.condition, interlock.step IN ACCESS EXCLUSIVE MODE');
    is($application->query('EXECUTE ask'), 't', 'it waits for nobody who works on the registry');
    $holds->quit;
    $application->quit;
};

alone 'what check finds' => sub {
    my $db = few();
    my $check = sub {
        my ($code, $rollout, $said, $name, $before) = @_;
        my $file = plan_file('checked', join "\n", 'plan "checked" { title = "x",', $before || '-- nothing before it', 'rollout "r" {', $rollout,
            'percent = { 50, 100 } } }');
        my $found = interlock('check', $file, { db => $db });
        is($found->{exit}, $code, $name);
        like("$found->{out}$found->{err}", $said, 'in these words');
    };
    $check->(4, qq{table = "app.clients",\n column = "email",}, qr/error\[missing-object\]: rollout "r" stands on table app\.clients, which is not there\n.*checked\.lua:4/, 'no such table');
    $check->(4, qq{table = "app.customers",\n column = "emial",}, qr/stands on column emial of app\.customers, which is not there\n.*checked\.lua:5(?s:.*)did you mean "email"/, 'no such column');
    $check->(0, q{table = "app.clients", column = "email",}, qr/ok/, 'a table that the plan makes',
        q{phase "expand" { create_table_if_missing { table = "app.clients", columns = "email text PRIMARY KEY" } },});
    $check->(0, q{table = "app.customers", column = "code",}, qr/ok/, 'a column that the plan makes',
        q{phase "expand" { add_column_if_missing { table = "app.customers", column = "code", type = "text" } },});
};

alone 'odd tables' => sub {
    my $db = world('odd rollout', <<'SQL');
CREATE SCHEMA "My App";
CREATE TABLE "My App"."Order Items" ("Customer Id" bigint, day date) PARTITION BY RANGE (day);
CREATE TABLE "My App".p1 PARTITION OF "My App"."Order Items" FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE "My App".p2 PARTITION OF "My App"."Order Items" FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
INSERT INTO "My App"."Order Items" SELECT n % 1000, DATE '2020-01-01' + n % 700 FROM generate_series(1, 200000) n;
INSERT INTO "My App"."Order Items" SELECT NULL, DATE '2020-01-01' FROM generate_series(1, 10);
CREATE VIEW "My App".v AS SELECT * FROM "My App"."Order Items";
SQL
    for my $case ([ q{'"My App"."Order Items"'}, qr/in now: about [\d.]+ % of the rows of "My App"."Order Items", [\d.]+ % of the values of "Customer Id", of a sample of \d+ rows/, 'partitions, many rows a key' ],
        [ q{'"My App".p1'}, qr/in now: (about|\d+ of)/, 'one of them' ], [ q{'"My App".v'}, qr/is at 10 %[^\n]*\n  next/, 'a view is not counted' ])
    {
        my ($table, $said, $name) = @$case;
        my $plan = plan_file('odd', "plan \"odd\" { title = 'x', rollout \"it's \$odd\" { table = $table, column = '\"Customer Id\"', percent = { 10, 100 } } }");
        my $run = exits(5, [ 'run', $plan ], undef, $name, { db => $db });
        like($run->{out}, qr/interlock rollout odd 10 'it'\\''s \$odd' --evidence TEXT/, 'a label that a shell would read otherwise');
        like(runs_ok([ 'rollout', $plan, 10, '--evidence', q{it's "quoted" % \ }], 'to 10 %', { db => $db })->{out}, $said, 'says how many');
        runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    }
};

alone 'who may use the schema' => sub {
    my $db = few();
    my $other = plan_file('without', q{plan "without" { title = "No rollout", phase "p" { add_column_if_missing { table = "app.customers", column = "w", type = "text" } } }});
    runs_ok([ 'run', $other ], 'a plan without a rollout', { db => $db });
    is(sql($db, q{SELECT has_schema_privilege('public', 'interlock', 'USAGE')}), 'f', 'leaves the schema closed');
    like(shop_says($db, q{SELECT interlock.in_rollout('address_book', 'x')}), qr/permission denied for schema interlock/, 'to all');
    sql($db, 'GRANT SELECT ON interlock.event TO readers');
    exits(3, [ 'run', $plan ], qr/not kept from others well enough for a rollout\n.*readers\n.*REVOKE ALL ON ALL TABLES IN SCHEMA interlock FROM readers/, 'a role that could then read a table', { db => $db });
    is(sql($db, q{SELECT has_schema_privilege('public', 'interlock', 'USAGE')}), 'f', 'keeps it closed');
    sql($db, 'REVOKE ALL ON ALL TABLES IN SCHEMA interlock FROM readers');
    exits(5, [ 'run', $plan ], undef, 'then run goes on', { db => $db });
    is(shop_says($db, q{SELECT interlock.in_rollout('address_book', 'x')}), 'f', 'and all may ask');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    exits(0, [ 'uninstall', '--yes' ], qr/interlock\.in_rollout\(\): an application that still asks it gets an error/, 'uninstall', { db => $db });
    like(shop_says($db, q{SELECT interlock.in_rollout('address_book', 'x')}), qr/schema "interlock" does not exist/, 'takes it away');
};

done_testing();
