# backfill in place, while an application writes the table and keeps a second account of what it wrote: every row right,
# none lost, doubled or stale, no error, and nobody waits for long.
use strict;
use warnings;

use Interlock::Test;
use Interlock::Application;
use Interlock::Backfill;
use Test::More;
use Time::HiRes qw(sleep);

my $rows = $ENV{BACKFILL_ROWS} || ($ENV{SAN} ? 3000 : 10000);
my $only = $ENV{CASE};

# One backfill under load: { name, setup => SQL of a table with :rows rows, table, key, columns, given, options of the
# backfill, filled => what it must give }.  The application writes before, during and after; rows are compared
# when run returns, while it still writes, and again at the end.
sub fills
{
    my (%case) = @_;
    return if $only && $case{name} !~ /$only/;
    subtest $case{name} => sub {
        my $world = substr $case{name} =~ s/\W+/_/gr, 0, 40;
        my $db = world($world, $case{setup} =~ s/:rows/$rows/gr);
        my $app = application(db => $db, map { $_ => $case{$_} } grep { exists $case{$_} } qw(table key columns given upsert hot think clients));
        my $schema = schema_dump($db);
        my $plan = fill_plan($world, qq{table = [[$case{table}]], $case{options}});
        my $run = filled_to_the_gate($plan, 'run', { db => $db });
        my @compare = (filled => $case{filled}, $case{applies} ? (applies => $case{applies}) : ());
        is_deeply([ $app->differences(@compare) ], [], 'when run returns every row is right');
        cmp_ok(our_triggers($db), '>', 0, 'the triggers stay until the plan is done');
        sleep 1;
        my $report = $app->stop;
        is_deeply([ application_errors($report) ], [], 'the application met no error') or diag($run->{err});
        is_deeply([ $app->differences(@compare) ], [], 'all that was written since is right too');
        waits_ok($report, "$case{name}: nobody waited for long");
        ok($report->{serialization_failures} < $report->{transactions} / 4, 'REPEATABLE READ was possible');
        let_pass($plan, { db => $db });
        is(our_triggers($db), 0, 'no trigger is left');
        is(our_functions($db), 0, 'nor a function');
        is(schema_dump($db), $schema, 'the schema is as it was');
        is_deeply([ $app->differences(@compare) ], [], 'nothing was written at the end');
        like(runs_ok([ 'run', $plan ], 'run again', { db => $db })->{out}, qr/nothing to do/, 'finds nothing to do');
    };
    return;
}

fills(
    name => 'plain table',
    setup => <<'SQL',
CREATE TABLE orders (id bigint PRIMARY KEY, name text, amount integer, n integer NOT NULL DEFAULT 0, code text UNIQUE, c text);
CREATE INDEX ON orders (name);
CREATE INDEX ON orders (n);
INSERT INTO orders SELECT g, 'Order ' || g, g, 0, 'x' || g, CASE WHEN g % 50 = 0 THEN 'given before' END FROM generate_series(1, :rows * 2) g;
ANALYZE orders;
SQL
    table => 'orders', key => ['id=int'], columns => [ 'name=text', 'amount=int', 'n=counter!', 'code=unique' ], given => ['c=text'],
    options => q{set = { c = "upper(coalesce(name, '-')) || ' ' || n" }},
    filled => { c => q{upper(coalesce(name, '-')) || ' ' || n} });

fills(
    name => 'hot rows and transactions that stay open',
    setup => <<'SQL',
CREATE TABLE orders (id integer PRIMARY KEY, name text, n integer NOT NULL DEFAULT 0, code text UNIQUE, c bigint) WITH (fillfactor = 70);
INSERT INTO orders SELECT g, 'Order ' || g, 0, 'x' || g FROM generate_series(1, :rows) g;
SQL
    table => 'orders', key => ['id=int'], columns => [ 'name=text', 'n=counter!', 'code=unique' ], given => ['c=int'], hot => 30, think => 80,
    options => q{set = { c = "length(name) * 1000000 + n" }},
    filled => { c => 'length(name) * 1000000 + n' });

fills(
    name => 'text key and two columns',
    setup => <<'SQL',
CREATE TABLE things (key text COLLATE "C" PRIMARY KEY, name text, n integer DEFAULT 0, a text, b numeric(12, 2));
INSERT INTO things SELECT md5(g::text), 'Thing ' || g, g FROM generate_series(1, :rows) g;
ANALYZE things;
SQL
    table => 'things', key => ['key=text'], columns => [ 'name=text', 'n=counter!' ], given => ['a=text'],
    options => q{set = { a = "key || coalesce(name, '')", b = "n / 7.0" }},
    filled => { a => q{key || coalesce(name, '')}, b => '(n / 7.0)::numeric(12, 2)' });

fills(
    name => 'uuid key and toasted values',
    setup => <<'SQL',
CREATE TABLE files (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), body text, doc json, size bigint, kind text);
ALTER TABLE files ALTER body SET STORAGE EXTERNAL;
INSERT INTO files (body, doc) SELECT repeat(md5(g::text), CASE WHEN g % 500 = 0 THEN 31250 WHEN g % 10 = 0 THEN 100 ELSE 1 END), json_build_object('n', g) FROM generate_series(1, :rows / 2) g;
SQL
    table => 'files', key => ['id=uuid'], columns => [ 'body=toast', 'doc=json' ], given => ['kind=text'],
    options => q{set = { size = "octet_length(body)", kind = "coalesce(doc ->> 'n', 'none')" }},
    filled => { size => 'octet_length(body)', kind => q{coalesce(doc ->> 'n', 'none')} });

fills(
    name => 'composite key in another order of columns',
    setup => <<'SQL',
CREATE TABLE stock (note text, region text NOT NULL, gone integer, item integer NOT NULL, n integer DEFAULT 0, c text, PRIMARY KEY (item, region));
ALTER TABLE stock DROP COLUMN gone;
INSERT INTO stock SELECT 'note ' || g, CASE g % 3 WHEN 0 THEN 'eu' WHEN 1 THEN 'us' ELSE 'it''s' END, g / 2, 0 FROM generate_series(1, :rows) g ON CONFLICT DO NOTHING;
SQL
    table => 'stock', key => [ 'region=choice:eu|us|it\'s', 'item=int' ], columns => [ 'note=text', 'n=counter!' ], given => ['c=text'],
    options => q{set = { c = "region || '/' || item || '/' || n" }},
    filled => { c => q{region || '/' || item || '/' || n} });

fills(
    name => 'no key',
    setup => <<'SQL',
CREATE TABLE events (id bigint, name text, n integer DEFAULT 0, c text);
CREATE INDEX ON events (id);
INSERT INTO events SELECT g, 'event ' || g, 0 FROM generate_series(1, :rows) g;
SQL
    table => 'events', key => ['id=int'], columns => [ 'name=text', 'n=counter!' ], given => ['c=text'], upsert => 0,
    options => q{set = { c = "coalesce(name, '-') || n" }},
    filled => { c => q{coalesce(name, '-') || n} });

fills(
    name => 'partitions that rows move between',
    setup => <<'SQL',
CREATE TABLE sales (id integer NOT NULL, region text NOT NULL, name text, n integer DEFAULT 0, c text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE sales_eu PARTITION OF sales FOR VALUES IN ('eu');
CREATE TABLE sales_us PARTITION OF sales FOR VALUES IN ('us') PARTITION BY HASH (id);
CREATE TABLE sales_us_0 PARTITION OF sales_us FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE sales_us_1 (c text, id integer NOT NULL, n integer, name text, extra integer, region text NOT NULL);
ALTER TABLE sales_us_1 DROP COLUMN extra;
ALTER TABLE sales_us ATTACH PARTITION sales_us_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE sales_else PARTITION OF sales DEFAULT;
INSERT INTO sales SELECT g, CASE g % 4 WHEN 0 THEN 'eu' WHEN 1 THEN 'jp' ELSE 'us' END, 'sale ' || g, 0 FROM generate_series(1, :rows) g;
SQL
    table => 'sales', key => [ 'id=int', 'region=choice:eu|us|jp' ], columns => [ 'name=text', 'n=counter!' ], given => ['c=text'],
    options => q{set = { c = "region || coalesce(name, '') || n" }},
    filled => { c => q{region || coalesce(name, '') || n} });

my $long = 'a column whose name has as many bytes as PostgreSQL lets it hav';
fills(
    name => 'quoted names',
    setup => <<"SQL",
CREATE SCHEMA "App Data";
CREATE TABLE "App Data"."Order ""Items""" ("Item Id" bigint PRIMARY KEY, "Item" text, "select" integer DEFAULT 0, "$long" text);
INSERT INTO "App Data"."Order ""Items""" SELECT g, 'Item ' || g, 0 FROM generate_series(1, :rows) g;
SQL
    table => '"App Data"."Order ""Items"""', key => ['"Item Id"=int'], columns => [ '"Item"=text', '"select"=counter!' ], given => [qq{"$long"=text}],
    options => qq{set = { ['"$long"'] = [["Item" || "select"]] }},
    filled => { qq{"$long"} => q{"Item" || "select"} });

fills(
    name => 'generated columns, enums, domains, arrays and deferrable constraints',
    setup => <<'SQL',
CREATE TYPE size AS ENUM ('small', 'large', 'very large');
CREATE DOMAIN positive AS integer CHECK (VALUE > -2147483648);
CREATE TABLE parts (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, name text, n positive DEFAULT 1,
  shown text GENERATED ALWAYS AS (upper(name) || '!') STORED, size size, tags text[], extra jsonb DEFAULT '{}',
  code text UNIQUE DEFERRABLE INITIALLY DEFERRED, label text, sizes size[], parent bigint);
INSERT INTO parts (name, size, tags, code) SELECT 'part ' || g, 'large', ARRAY['x', g::text], 'x' || g FROM generate_series(1, :rows) g;
SQL
    table => 'parts', key => ['id=int'], columns => [ 'name=text', 'n=counter!', 'size=choice:small|large|very large', 'code=unique', 'extra=json' ], upsert => 0,
    options => q{set = { label = "coalesce(shown, 'none') || coalesce(size::text, '')", sizes = "ARRAY[size, 'small']" }},
    filled => { label => q{coalesce(shown, 'none') || coalesce(size::text, '')}, sizes => q{ARRAY[size, 'small']} });

fills(
    name => 'a generated column that is not stored',
    setup => <<'SQL',
CREATE TABLE labels (id bigint PRIMARY KEY, name text, n integer DEFAULT 0, shown text GENERATED ALWAYS AS (upper(name) || n), c text);
INSERT INTO labels SELECT g, 'label ' || g, 0 FROM generate_series(1, :rows) g;
SQL
    table => 'labels', key => ['id=int'], columns => [ 'name=text', 'n=counter!' ], given => ['c=text'],
    options => q{set = { c = "coalesce(shown, 'none')" }},
    filled => { c => q{coalesce(shown, 'none')} }) if sql('postgres', 'SHOW server_version_num') >= 180000;

fills(
    name => 'a condition, and rows that never meet it',
    setup => <<'SQL',
CREATE TABLE letters (id bigint PRIMARY KEY, kind text NOT NULL, name text, n integer DEFAULT 0, c text);
INSERT INTO letters SELECT g, CASE WHEN g % 3 = 0 THEN 'open' ELSE 'closed' END, 'letter ' || g, 0 FROM generate_series(1, :rows) g;
SQL
    table => 'letters', key => ['id=int'], columns => [ 'kind=choice:open|closed|lost!', 'name=text', 'n=counter!' ],
    options => q{set = { c = "coalesce(name, '-') || n" }, where = "kind = 'open'"},
    filled => { c => q{coalesce(name, '-') || n} }, applies => q{kind = 'open'});

fills(
    name => 'an expression that is NULL for some rows',
    setup => <<'SQL',
CREATE UNLOGGED TABLE notes (id bigint PRIMARY KEY, name text, n integer DEFAULT 0, c text);
INSERT INTO notes SELECT g, CASE WHEN g % 2 = 0 THEN 'note ' || g END, g FROM generate_series(1, :rows) g;
SQL
    table => 'notes', key => ['id=int'], columns => [ 'name=text', 'n=counter!' ], given => ['c=text'],
    options => q{set = { c = "name || nullif(n % 5, 0)" }},
    filled => { c => 'name || nullif(n % 5, 0)' });

done_testing();
