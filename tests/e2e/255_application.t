# The application of the tests notices what it is there to notice: rows that are lost, doubled, stale or not filled,
# statements that fail, and waits.
use strict;
use warnings;

use Interlock::Test;
use Interlock::Application;
use Test::More;
use Time::HiRes qw(sleep);

my $world = <<'SQL';
CREATE TABLE orders (id bigint PRIMARY KEY, name text, n integer NOT NULL DEFAULT 0, code text UNIQUE, c text);
INSERT INTO orders SELECT g, 'Order ' || g, 0, 'x' || g FROM generate_series(1, 2000) g;
CREATE TABLE loose (id bigint, name text);
INSERT INTO loose SELECT g, 'x' FROM generate_series(1, 200) g;
SQL
my %orders = (table => 'orders', key => ['id=int'], columns => [ 'name=text', 'n=counter!', 'code=unique' ], given => ['c=text']);

subtest 'left alone' => sub {
    my $db = world('application', $world);
    my $app = application(db => $db, %orders, hot => 20);
    sleep 2;
    is_deeply([ $app->differences ], [], 'while it writes, table and account are equal');
    my $report = $app->stop;
    is_deeply([ application_errors($report) ], [], 'nothing fails');
    cmp_ok($report->{operations}{$_}, '>', 0, "it did $_") for qw(insert upsert update update_one delete change_key swap check);
    is($report->{blocked_ms}, 0, 'it waited for nobody who is watched');
    is_deeply([ $app->differences ], [], 'nor are there differences at the end');
    my ($changed, $given) = split /\|/, sql($db, 'SELECT count(*) FILTER (WHERE n > 100), count(c) FROM orders');
    cmp_ok($changed, '>', 0, 'counters were counted up');
    cmp_ok($given, '>', 0, 'the new release wrote its column');
};

subtest 'what it finds' => sub {
    my $db = world('application');
    my $app = application(db => $db, %orders, columns => [ 'name=text', 'n=counter!' ], clients => 2);
    $app->stop;
    for my $case (
        [ 'DELETE FROM orders WHERE id = (SELECT min(id) FROM orders)', qr/^lost: 1 rows, \d+$/ ],
        [ q{INSERT INTO orders (id) VALUES (-1)}, qr/^from nowhere: 1 rows, -1$/ ],
        [ 'UPDATE orders SET n = n - 1 WHERE id = (SELECT max(id) FROM orders)', qr/^stale: 1 rows, \d+$/ ],
        [ 'UPDATE orders SET name = NULL WHERE id = (SELECT max(id) FROM orders WHERE name IS NOT NULL)', qr/^stale: 1 rows, \d+$/ ])
    {
        my ($change, $found) = @$case;
        sql($db, $change);
        like(join("\n", $app->differences), $found, $change);
        sql($db, 'TRUNCATE orders; INSERT INTO orders (id, name, n, c) SELECT id, name, n, c FROM account.rows');
        is_deeply([ $app->differences ], [], 'and none when it is as it was');
    }
    sql($db, 'UPDATE orders SET c = upper(name) WHERE c IS NULL');
    my @filled = (filled => { c => 'upper(name)' });
    is_deeply([ $app->differences(@filled) ], [], 'a column that was filled');
    sql($db, 'UPDATE orders SET c = $$x$$ WHERE id = (SELECT min(id) FROM account.rows WHERE c IS NULL AND name IS NOT NULL)');
    like(join("\n", $app->differences(@filled)), qr/^not what c must be: 1 rows, \d+: x, wanted /, 'another value');
    sql($db, 'UPDATE orders SET c = upper(name) WHERE c = $$x$$ OR id IN (SELECT id FROM account.rows WHERE c IS NOT NULL)');
    sql($db, 'UPDATE account.rows SET c = $$given by hand$$ WHERE id = (SELECT max(id) FROM account.rows WHERE name IS NOT NULL)');
    like(join("\n", $app->differences(@filled)), qr/^not what c must be: \d+ rows, \d+: .*, wanted given by /, 'one that was given');

    $app = application(db => $db, table => 'loose', key => ['id=int'], columns => ['name=text'], upsert => 0, clients => 2);
    $app->stop;
    sql($db, 'INSERT INTO loose SELECT * FROM loose WHERE id = (SELECT min(id) FROM loose)');
    like(join("\n", $app->differences), qr/^doubled: 1 rows, \d+$/, 'a row that is there twice');
};

subtest 'while it writes' => sub {
    my $db = world('application');
    my $app = application(db => $db, %orders);
    sql($db, 'BEGIN; LOCK TABLE orders; DELETE FROM orders WHERE id % 3 = 0; COMMIT');
    sleep 1;
    like(join("\n", application_errors($app->stop)), qr/client \d, \d+ times: /, 'it misses rows itself');

    $app = application(db => $db, %orders);
    sql($db, 'ALTER TABLE orders ADD CHECK (n < 0) NOT VALID');
    sleep 1;
    like(join("\n", application_errors($app->stop)), qr/client \d, \d+ times 23514: /, 'it tells which statements failed');
    sql($db, 'ALTER TABLE orders DROP CONSTRAINT orders_n_check');

    $app = application(db => $db, %orders);
    my $holder = sql_session($db, 'interlock:like');
    $holder->query('BEGIN; LOCK TABLE orders IN EXCLUSIVE MODE');
    sleep 1;
    $holder->query('COMMIT');
    my $report = $app->stop;
    is_deeply([ application_errors($report) ], [], 'a wait is no error');
    cmp_ok($report->{blocked_ms}, '>', 800, 'but it is measured');
    cmp_ok(longest_wait($report), '>=', $report->{blocked_ms} - 50, 'in two ways');
    like($report->{blocked_by}, qr/^interlock:like: LOCK TABLE orders/, 'with who was in the way');
    $holder->quit;
};

subtest 'another shape' => sub {
    my $db = world('application');
    my %shape = (%orders, given => [], columns => [ 'name=text', 'n=counter!' ],
        new => [ 'n=hundreds:({}::integer) * 100', 'name=title:lower({})' ]);
    my $app = application(db => $db, %shape);
    my $holder = sql_session($db);
    # What a swap does: in one moment the table has other columns.
    for my $to ('new', 'old')
    {
        sleep 0.5;
        $holder->query($to eq 'new'
            ? 'BEGIN; ALTER TABLE orders ADD hundreds integer NOT NULL DEFAULT 0, ADD title text; UPDATE orders SET hundreds = n * 100, title = lower(name); ALTER TABLE orders DROP n, DROP name; COMMIT'
            : 'BEGIN; ALTER TABLE orders ADD n integer NOT NULL DEFAULT 0, ADD name text; UPDATE orders SET n = hundreds / 100, name = title; ALTER TABLE orders DROP hundreds, DROP title; UPDATE account.rows SET name = lower(name); COMMIT');
        is_deeply([ $app->differences(shape => $to) ], [], "the application follows to the $to one");
    }
    sleep 0.5;
    my $report = $app->stop;
    is_deeply([ application_errors($report) ], [], 'no statement fails');
    cmp_ok($report->{shape_changes}, '>=', 12, 'but those that told it');
    is_deeply([ $app->differences ], [], 'and nothing is lost');
    $holder->quit;
};

subtest 'a server that crashes' => sub {
    my $db = world('application');
    my $app = application(db => $db, %orders, reconnect => 1);
    sleep 0.5;
    server()->stop('immediate');
    server()->start;
    sleep 1;
    is_deeply([ $app->differences ], [], 'table and account are equal');
    my $report = $app->stop;
    cmp_ok($report->{reconnects}, '>=', 6, 'every client connects again');
    is_deeply([ application_errors($report) ], [], 'that is no error');
    is_deeply([ $app->differences ], [], 'and they are equal at the end');
};

done_testing();
