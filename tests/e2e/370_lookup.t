# backfill by lookup: the values of another table, while an application writes the table that is filled and somebody else
# inserts, changes, moves and deletes what is looked up.  Every row ends with what is to be found, no statement fails or
# waits for long, and undo gives back what was there.
use strict;
use warnings;

use Interlock::Test;
use Interlock::Application;
use Interlock::Backfill;
use Test::More;
use Time::HiRes qw(sleep time);

my $rows = $ENV{BACKFILL_ROWS} || ($ENV{SAN} ? 3000 : 10000);
my $only = $ENV{CASE};

sub part { my ($name, $code) = @_; return !$only || $name =~ /$only/ ? subtest($name, $code) : 1 }

my @mails = map { "m$_\@x" } 1 .. 30;
my $choice = join '|', @mails[ 0 .. 11 ];

# Orders of people who are known by their addresses, some of which nobody has.
my $orders = <<"SQL";
CREATE SCHEMA app;
CREATE TABLE app.people (id bigint PRIMARY KEY, mail text, name text, CONSTRAINT people_mail UNIQUE (mail));
CREATE TABLE app.orders (id bigint PRIMARY KEY, mail text, n integer NOT NULL DEFAULT 0, code text UNIQUE, person bigint);
INSERT INTO app.people SELECT g * 1000, 'm' || g || '\@x' FROM generate_series(1, 9) g;
INSERT INTO app.orders SELECT g, CASE WHEN g % 11 = 0 THEN NULL ELSE 'm' || g % 12 + 1 || '\@x' END, 0, 'x' || g FROM generate_series(1, $rows) g;
SQL

# Somebody who writes people all the while, each change a transaction of its own, and notes how long the longest took.
my $churn = <<'SQL';
CREATE TABLE churn (going boolean, longest interval DEFAULT '0', times integer DEFAULT 0);
INSERT INTO churn VALUES (true);
CREATE PROCEDURE churn() LANGUAGE plpgsql AS $$
DECLARE
    mail1 text; mail2 text; begun timestamptz; longest interval := '0'; times integer := 0;
BEGIN
    WHILE (SELECT going FROM churn) LOOP
        mail1 := 'm' || 1 + (random() * 13)::integer || '@x';
        mail2 := 'm' || 1 + (random() * 13)::integer || '@x';
        begun := clock_timestamp();
        CASE (random() * 4)::integer
            WHEN 0 THEN INSERT INTO app.people VALUES (1000000 + (random() * 1e9)::bigint, mail1) ON CONFLICT (mail) DO NOTHING;
            WHEN 1 THEN DELETE FROM app.people WHERE mail = mail1;
            WHEN 2 THEN UPDATE app.people SET id = 1000000 + (random() * 1e9)::bigint WHERE mail = mail1;
            WHEN 3 THEN UPDATE app.people SET mail = mail2 WHERE mail = mail1 AND NOT EXISTS (SELECT FROM app.people WHERE mail = mail2);
            ELSE UPDATE app.people SET name = 'name ' || random() WHERE mail = mail1;
        END CASE;
        COMMIT;
        longest := greatest(longest, clock_timestamp() - begun);
        times := times + 1;
        PERFORM pg_sleep(0.02);
    END LOOP;
    EXECUTE 'UPDATE churn SET longest = $1, times = $2' USING longest, times;
END $$;
SQL

sub begin_churn
{
    my ($db) = @_;
    my $session = sql_session($db);
    $session->send_only('CALL churn();');
    return $session;
}

sub end_churn
{
    my ($db, $session) = @_;
    sql($db, 'UPDATE churn SET going = false');
    $session->answer;
    my ($ms, $times) = split /\|/, sql($db, 'SELECT extract(epoch FROM longest) * 1000, times FROM churn');
    diag(sprintf 'people: %d changes, the longest took %.0f ms', $times, $ms);
    cmp_ok($times, '>', 20, 'people changed meanwhile');
    cmp_ok($ms, '<', 700, 'and no change waited for long');
    $session->quit;
    return;
}

# What is not as it must be: rows whose person is not the one that their address has.
sub wrong
{
    my ($db) = @_;
    return sql($db, q{SELECT count(*) FROM app.orders o WHERE person IS DISTINCT FROM (SELECT id FROM app.people p WHERE p.mail = o.mail)});
}

my $lookup = q{person = lookup { table = "app.people", match = { mail = "mail" }, value = "id", missing = "%s" %s }};
sub lookup { my ($missing, $more) = @_; return 'table = "app.orders", set = { ' . sprintf($lookup, $missing, $more // '') . ' }' }

my %app = (table => 'app.orders', key => ['id=int'], columns => [ "mail=choice:$choice", 'n=counter!', 'code=unique' ]);
my %right = (filled => { person => '(SELECT id FROM app.people p WHERE p.mail = x.mail)' });

part 'people come, move and go while rows are written' => sub {
    my $db = world('orders', $orders . $churn);
    my $app = application(db => $db, %app);
    my $schema = schema_dump($db);
    my $session = begin_churn($db);
    my $plan = fill_plan('people', lookup('null'));
    my $run = filled_to_the_gate($plan, 'run', { db => $db });
    sleep 2;
    my $report = $app->stop;
    end_churn($db, $session);
    is_deeply([ application_errors($report) ], [], 'the application met no error') or diag($run->{err});
    waits_ok($report, 'nobody waited for long');
    runs_ok([ 'sync', '--all' ], 'what was noted is worked off', { db => $db });
    is(wrong($db), 0, 'every row has the person of its address');
    is_deeply([ $app->differences(%right) ], [], 'and nothing is lost');
    sql($db, q{UPDATE app.people SET id = -id; DELETE FROM app.people WHERE mail = 'm3@x'; UPDATE app.orders SET mail = 'm4@x' WHERE mail = 'm5@x'; INSERT INTO app.people VALUES (77, 'm12@x') ON CONFLICT DO NOTHING});
    cmp_ok(wrong($db), '>', 0, 'a change of theirs waits to be worked off');
    let_pass($plan, { db => $db });
    is(wrong($db), 0, 'the end of the plan does so first');
    is(our_triggers($db), 0, 'no trigger is left');
    is(sql($db, q{SELECT count(*) FROM pg_proc WHERE pronamespace = 'interlock'::regnamespace AND prorettype = 'trigger'::regtype}), 0, 'nor a function');
    is(sql($db, q{SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'interlock'::regnamespace AND relkind = 'r' AND relname ~ '^(looked|refill|wanted|created)_'}), '', 'nor a note');
    is(schema_dump($db), $schema, 'the schema is as it was');
    like(runs_ok([ 'run', $plan ], 'run again', { db => $db })->{out}, qr/nothing to do/, 'finds nothing to do');
};

part 'what the new release writes itself is kept' => sub {
    my $db = world('orders', $orders . $churn);
    my $app = application(db => $db, %app, given => ['person=int']);
    my $plan = fill_plan('kept', lookup('null'));
    filled_to_the_gate($plan, 'run', { db => $db });
    sleep 1;
    my $report = $app->stop;
    is_deeply([ application_errors($report) ], [], 'the application met no error');
    waits_ok($report, 'nobody waited for long');
    runs_ok([ 'sync', '--all' ], 'what was noted is worked off', { db => $db });
    is_deeply([ $app->differences(%right) ], [], 'what was given is there, and else what is looked up');
};

part 'undo while people and rows are written' => sub {
    my $db = world('orders', $orders . $churn);
    my $app = application(db => $db, %app, clients => 2, rate => 100);
    my $schema = schema_dump($db);
    my $session = begin_churn($db);
    my $plan = fill_plan('undone', lookup('null'));
    filled_to_the_gate($plan, 'run', { db => $db });
    sleep 1;
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db, seconds => 120 });
    my $report = $app->stop;
    end_churn($db, $session);
    is_deeply([ application_errors($report) ], [], 'the application met no error');
    waits_ok($report, 'nobody waited for long');
    is(sql($db, 'SELECT count(person) FROM app.orders'), 0, 'no value is left');
    is_deeply([ $app->differences ], [], 'and nothing is lost');
    is(schema_dump($db), $schema, 'the schema is as it was');
};

part 'people who are missing are created' => sub {
    my $world = $orders =~ s/bigint PRIMARY KEY, mail text, name/bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 5000000) PRIMARY KEY, mail text, name/r;
    my $db = world('creating', $world);
    my $app = application(db => $db, %app);
    my $schema = schema_dump($db);
    my $plan = fill_plan('created', lookup('create', q{, create = { name = "upper(mail)" }}));
    # Somebody who inserts what is created: waits for one short transaction at most, and gets 23505 then, never anything else.
    my $session = sql_session($db);
    $session->send_only(<<'SQL');
CREATE TABLE inserts (ms float);
DO $$DECLARE begun timestamptz; longest float := 0; BEGIN FOR i IN 1 .. 400 LOOP begun := clock_timestamp();
BEGIN INSERT INTO app.people (mail) VALUES ('m' || 9 + i % 6 || '@x'); EXCEPTION WHEN unique_violation THEN NULL; END; COMMIT;
longest := greatest(longest, extract(epoch FROM clock_timestamp() - begun) * 1000); PERFORM pg_sleep(0.004); END LOOP; INSERT INTO inserts VALUES (longest); END$$;
SQL
    my $run = filled_to_the_gate($plan, 'run', { db => $db });
    $session->answer;
    $session->quit;
    my $longest = sql($db, 'SELECT ms FROM inserts');
    diag(sprintf 'the longest INSERT of a person took %.0f ms', $longest);
    cmp_ok($longest, '<', 600, 'whoever inserts the same person does not wait for long');
    my $report = $app->stop;
    is_deeply([ application_errors($report) ], [], 'the application met no error');
    sql($db, q{INSERT INTO app.orders (id, mail) VALUES (-1, 'late@x')});
    is(sql($db, 'SELECT person IS NULL FROM app.orders WHERE id = -1'), 't', 'a person is not created by what the application writes');
    runs_ok([ 'sync', '--all' ], 'but when somebody looks after the run', { db => $db });
    is(wrong($db), 0, 'every row has the person of its address');
    is(sql($db, 'SELECT count(*) FROM app.orders WHERE mail IS NOT NULL AND person IS NULL'), 0, 'and there is one for each');
    is(sql($db, q{SELECT mail, name FROM app.people WHERE mail = 'late@x'}), 'late@x|LATE@X', 'with what the plan says');
    sql($db, q{CREATE TABLE app.letters (person bigint REFERENCES app.people); INSERT INTO app.letters SELECT id FROM app.people WHERE mail = 'm12@x'});
    sql($db, q{INSERT INTO app.orders (id, mail) VALUES (-2, 'later@x'), (-3, 'changed@x')});
    runs_ok([ 'sync', '--all' ], 'more are created', { db => $db });
    sql($db, q{UPDATE app.people SET name = 'by hand' WHERE mail = 'changed@x'});
    my $undo = runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(sql($db, 'SELECT count(person) FROM app.orders'), 0, 'empties the column');
    is(sql($db, q{SELECT string_agg(mail, ' ' ORDER BY mail) FROM app.people WHERE name IS NOT NULL}), sql($db, q{SELECT CASE WHEN name IS NULL THEN 'changed@x' ELSE 'changed@x m12@x' END FROM app.people WHERE mail = 'm12@x'}),
        'deletes who was created, but for those in use and who was changed');
    like($undo->{out} . $undo->{err}, qr/rows that were created in app.people stay, as they are in use: .*changed\@x/, 'and says which stay');
    sql($db, 'DROP TABLE app.letters; DROP TABLE inserts');
    is(schema_dump($db), $schema, 'the schema is as it was');
};

part 'rows without a match are an error' => sub {
    my $db = world('orders', $orders . $churn);
    my $schema = schema_dump($db);
    my $plan = fill_plan('strict', lookup('error'));
    my $before = our_triggers($db);
    my $failed = exits(3, [ 'run', $plan, '--yes' ], qr/rows have no match in app.people/, 'run', { db => $db });
    like($failed->{err}, qr/id = \d+/, 'names them');
    is(our_triggers($db), $before, 'and nothing was done');
    is(schema_dump($db), $schema, 'nothing at all');
    sql($db, q{DELETE FROM app.orders WHERE mail IS NULL; INSERT INTO app.people SELECT g * 1000, 'm' || g || '@x' FROM generate_series(10, 12) g});
    filled_to_the_gate($plan, 'with them it runs', { db => $db });
    is(wrong($db), 0, 'every row has the person of its address');
};

part 'guests are linked to accounts by a mapping table, twice, while guests go on' => sub {
    my $db = world('guests', <<"SQL");
CREATE TABLE accounts (id bigint PRIMARY KEY, email text NOT NULL UNIQUE);
CREATE TABLE guest_accounts (session text PRIMARY KEY, account bigint NOT NULL REFERENCES accounts, since timestamptz NOT NULL DEFAULT now());
CREATE TABLE media (id bigint PRIMARY KEY, session text, prompt text, n integer NOT NULL DEFAULT 0, account bigint REFERENCES accounts);
INSERT INTO accounts SELECT g, 'a' || g FROM generate_series(1, 20) g;
INSERT INTO guest_accounts SELECT 's' || g, 1 + g % 20 FROM generate_series(1, 6) g;
INSERT INTO media SELECT g, CASE WHEN g % 5 > 0 THEN 's' || 1 + g % 8 END, 'prompt ' || g FROM generate_series(1, $rows) g;
SQL
    my $guests = join '|', map { "s$_" } 1 .. 8;
    my $app = application(db => $db, table => 'media', key => ['id=int'], columns => [ "session=choice:$guests", 'prompt=text', 'n=counter!' ]);
    my $schema = schema_dump($db);
    my %linked = (filled => { account => '(SELECT account FROM guest_accounts g WHERE g.session = x.session)' });
    my $options = 'table = "media", set = { account = lookup { table = "guest_accounts", match = { session = "session" }, value = "account", missing = "null" } }';
    my $plan = fill_plan('guests', $options);
    filled_to_the_gate($plan, 'run', { db => $db });
    # A guest signs up, another one is told to belong to somebody else, a third closes the account.
    sql($db, q{INSERT INTO guest_accounts (session, account) VALUES ('s7', 7); UPDATE guest_accounts SET account = 19 WHERE session = 's2'; DELETE FROM guest_accounts WHERE session = 's3'});
    sleep 1;
    runs_ok([ 'sync', '--all' ], 'what was noted is worked off', { db => $db });
    my $report = $app->stop;
    is_deeply([ application_errors($report) ], [], 'no guest met an error');
    waits_ok($report, 'no guest waited for long');
    let_pass($plan, { db => $db });
    is_deeply([ $app->differences(%linked) ], [], 'each row has the account of its guest');
    is(schema_dump($db), $schema, 'the schema is as it was');
    my $before = updates_of($db, 'media');
    filled_to_the_gate(fill_plan('guests_again', $options), 'the same once more', { db => $db });
    is(updates_of($db, 'media'), $before, 'changes nothing');
};

part 'drop_sync ends it, and undo of that begins again' => sub {
    my $db = world('orders', $orders . $churn);
    my $schema = schema_dump($db);
    my $fill = 'phase "fill" { backfill { ' . lookup('null') . ' } }';
    my $plan = plan_file('ended', <<"LUA");
plan "ended" {
  title = "Ends early",
  $fill,
  gate "compared" { text = "x" },
  phase "end" { drop_sync { table = "app.orders", column = "person", loses = "the new release writes it" } },
  gate "over" { text = "x" },
}
LUA
    filled_to_the_gate($plan, 'run', { db => $db });
    sql($db, q{UPDATE app.people SET id = id + 1 WHERE mail = 'm1@x'});
    runs_ok([ 'gate', 'pass', $plan, 'compared', '--evidence', 'x' ], 'the gate opens', { db => $db });
    exits(5, [ 'run', $plan, '--yes' ], undef, 'it ends', { db => $db });
    is(our_triggers($db), 0, 'no trigger is left, on either table');
    is(wrong($db), 0, 'what was noted before is worked off');
    sql($db, q{UPDATE app.people SET id = id + 1 WHERE mail = 'm2@x'});
    runs_ok([ 'sync', '--all' ], 'a look at the run', { db => $db });
    cmp_ok(wrong($db), '>', 0, 'nothing follows any more');
    runs_ok([ 'undo', $plan, '--to', 'compared', '--yes' ], 'undo of it', { db => $db });
    is(our_triggers($db), 6, 'the triggers are there again');
    sql($db, q{UPDATE app.people SET id = id + 1 WHERE mail = 'm4@x'; INSERT INTO app.orders (id, mail) VALUES (-1, 'm4@x')});
    runs_ok([ 'sync', '--all' ], 'a look at the run', { db => $db });
    is(sql($db, q{SELECT count(*) FROM app.orders o JOIN app.people p USING (mail) WHERE mail = 'm4@x' AND person IS DISTINCT FROM p.id}), 0, 'and it follows');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo of all', { db => $db });
    is(schema_dump($db), $schema, 'the schema is as it was');
};

# key types, names and shapes: { name, setup, options, wrong => SQL that counts rows that are not right, change => SQL }.
sub fits
{
    my (%case) = @_;
    part $case{name} => sub {
        my $db = world($case{name} =~ s/\W+/_/gr, $case{setup});
        my $schema = schema_dump($db);
        my $plan = fill_plan('fits', $case{options});
        filled_to_the_gate($plan, 'run', { db => $db });
        is(sql($db, $case{wrong}), 0, 'every row has its value');
        cmp_ok(sql($db, $case{filled}), '>', 0, 'some have one');
        sql($db, $case{change});
        runs_ok([ 'sync', '--all' ], 'changes are worked off', { db => $db });
        is(sql($db, $case{wrong}), 0, 'and every row has its value');
        runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
        is(sql($db, $case{filled}), 0, 'takes back all') unless $case{stays};
        is(schema_dump($db), $schema, 'and the schema is as it was');
    };
    return;
}

fits(
    name => 'a composite match, uuid, quoted names, another schema',
    setup => <<'SQL',
CREATE SCHEMA "App Data"; CREATE SCHEMA "Their ""Data""";
CREATE TABLE "Their ""Data"""."Some Keys" ("Key" uuid, "select" integer, "The Value" text, PRIMARY KEY ("Key", "select"));
CREATE TABLE "App Data"."Order ""Items""" ("Item Id" integer, part text, "Key" uuid, "select" integer, "Value" varchar(40), PRIMARY KEY (part, "Item Id"));
INSERT INTO "Their ""Data"""."Some Keys" SELECT md5(g::text)::uuid, g % 3, CASE WHEN g % 5 > 0 THEN 'value ' || g END FROM generate_series(1, 50) g;
INSERT INTO "App Data"."Order ""Items""" SELECT g, 'p' || g % 2, md5((g % 60)::text)::uuid, CASE WHEN g % 7 > 0 THEN g % 60 % 3 END FROM generate_series(1, 500) g;
SQL
    options => q{table = [["App Data"."Order ""Items"""]], set = { ['"Value"'] = lookup { table = [["Their ""Data"""."Some Keys"]],
      match = { ['"Key"'] = [["Key"]], ['"select"'] = [["select"]] }, value = '"The Value"', missing = "null" } }},
    wrong => q{SELECT count(*) FROM "App Data"."Order ""Items""" o WHERE "Value" IS DISTINCT FROM (SELECT "The Value" FROM "Their ""Data"""."Some Keys" k WHERE k."Key" = o."Key" AND k."select" = o."select")},
    filled => q{SELECT count("Value") FROM "App Data"."Order ""Items"""},
    change => q{UPDATE "Their ""Data"""."Some Keys" SET "The Value" = 'new ' || coalesce("The Value", '-') WHERE "select" = 1; DELETE FROM "Their ""Data"""."Some Keys" WHERE "select" = 2;
      UPDATE "App Data"."Order ""Items""" SET "Item Id" = -"Item Id", part = 'moved' WHERE "select" = 1});

fits(
    name => 'citext on their side, text on ours',
    setup => <<'SQL',
CREATE EXTENSION citext;
CREATE TABLE users (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email citext UNIQUE);
CREATE TABLE posts (id bigint PRIMARY KEY, email text, author bigint);
INSERT INTO users (email) SELECT 'User' || g FROM generate_series(1, 20) g;
INSERT INTO posts SELECT g, CASE g % 3 WHEN 0 THEN 'USER' WHEN 1 THEN 'user' ELSE 'User' END || g % 25 FROM generate_series(1, 300) g;
SQL
    options => q{table = "posts", set = { author = lookup { table = "users", match = { email = "email" }, value = "id", missing = "create" } }},
    wrong => q{SELECT count(*) FROM posts p WHERE author IS DISTINCT FROM (SELECT id FROM users u WHERE u.email = p.email::citext) OR author IS NULL},
    filled => q{SELECT count(author) FROM posts},
    change => q{INSERT INTO posts VALUES (1001, 'uSER3'), (1002, 'uSER30'), (1003, 'UseR30'); UPDATE posts SET email = 'UsEr40' WHERE id = 1});

fits(
    name => 'a nondeterministic collation',
    setup => <<'SQL',
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE users (id integer PRIMARY KEY, email text COLLATE nocase UNIQUE);
CREATE TABLE posts (id bigint PRIMARY KEY, email text COLLATE "C", author integer);
INSERT INTO users SELECT g, 'User' || g FROM generate_series(1, 20) g;
INSERT INTO posts SELECT g, CASE g % 3 WHEN 0 THEN 'USER' WHEN 1 THEN 'user' ELSE 'User' END || g % 25 FROM generate_series(1, 300) g;
SQL
    options => q{table = "posts", set = { author = lookup { table = "users", match = { email = "email" }, value = "id", missing = "null" } }},
    wrong => q{SELECT count(*) FROM posts p WHERE author IS DISTINCT FROM (SELECT id FROM users u WHERE u.email = p.email COLLATE nocase)},
    filled => q{SELECT count(author) FROM posts},
    change => q{INSERT INTO users VALUES (24, 'uSER24'); UPDATE users SET email = 'uSeR23' WHERE id = 3; INSERT INTO posts VALUES (1001, 'uSER4')});

fits(
    name => 'the table itself',
    setup => <<'SQL',
CREATE TABLE pages (id bigint PRIMARY KEY, path text UNIQUE, parent_path text, parent bigint);
INSERT INTO pages SELECT g, '/' || g, CASE WHEN g > 1 THEN '/' || g / 2 END FROM generate_series(1, 300) g;
SQL
    options => q{table = "pages", set = { parent = lookup { table = "pages", match = { path = "parent_path" }, value = "id", missing = "null" } }},
    wrong => q{SELECT count(*) FROM pages p WHERE parent IS DISTINCT FROM (SELECT id FROM pages q WHERE q.path = p.parent_path)},
    filled => q{SELECT count(parent) FROM pages},
    change => q{INSERT INTO pages VALUES (1001, '/self', '/self'), (1002, '/child', '/later'), (1003, '/later', NULL); UPDATE pages SET id = -id WHERE id < 10; DELETE FROM pages WHERE id = 20});

fits(
    name => 'where, generated columns and partitions',
    setup => <<'SQL',
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE);
CREATE TABLE posts (id integer, kind text, mail text, key text GENERATED ALWAYS AS (lower(mail)) STORED, author numeric, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
CREATE TABLE posts_a PARTITION OF posts FOR VALUES IN ('a');
CREATE TABLE posts_b PARTITION OF posts FOR VALUES IN ('b');
INSERT INTO users SELECT g, 'user' || g FROM generate_series(1, 20) g;
INSERT INTO posts (id, kind, mail, author) SELECT g, CASE WHEN g % 2 = 0 THEN 'a' ELSE 'b' END, 'User' || g % 30, CASE WHEN g % 4 = 0 THEN 0 END FROM generate_series(1, 300) g;
SQL
    options => q{table = "posts", where = "kind = 'a' AND id > 10", set = { author = lookup { table = "users", match = { email = "key" }, value = "id", missing = "null" } }},
    wrong => q{SELECT count(*) FROM posts p, LATERAL (SELECT max(id) FROM users u WHERE u.email = p.key) f(id) WHERE CASE WHEN kind = 'a' AND p.id > 10
      THEN author IS DISTINCT FROM f.id AND (f.id IS NOT NULL OR author <> 0) ELSE author <> 0 END},
    filled => q{SELECT count(author) FROM posts WHERE author > 0},
    stays => 1,
    change => q{UPDATE users SET id = 100 WHERE id = 16; UPDATE posts SET mail = 'USER2' WHERE id < 30; DELETE FROM users WHERE id = 4; INSERT INTO users VALUES (28, 'user28'); UPDATE posts SET kind = 'b', id = id + 1000 WHERE id = 200; TRUNCATE users});

part 'it says what is in the way' => sub {
    my $db = world('ways', <<'SQL');
CREATE SCHEMA app;
CREATE TABLE app.people (id bigint PRIMARY KEY, mail text UNIQUE DEFERRABLE, name text NOT NULL, short text UNIQUE, half text);
CREATE UNIQUE INDEX ON app.people (half) WHERE half > '';
CREATE VIEW app.everybody AS SELECT * FROM app.people;
CREATE TABLE app.orders (id bigint PRIMARY KEY, mail text, small integer, person bigint);
CREATE TABLE app.bare (mail text, person bigint);
SQL
    my %cases = (
        'no table app.peeple' => [ 'app.peeple', 'short = "mail"', 'id', 'null' ],
        'no column "Mail" in app.people \(there is mail\)' => [ 'app.people', q{['"Mail"'] = "mail"}, 'id', 'null' ],
        'app.people has no unique index on exactly \(mail\)' => [ 'app.people', 'mail = "mail"', 'id', 'create' ],
        'app.people has no unique index on exactly \(half\)' => [ 'app.people', 'half = "mail"', 'id', 'null' ],
        'app.everybody is a view' => [ 'app.everybody', 'short = "mail"', 'id', 'null' ],
        'a row of app.people can not be created without id, name' => [ 'app.people', 'short = "mail"', 'id', 'create' ],
        'id is bigint, and is matched with text' => [ 'app.people', 'id = "mail"', 'id', 'null' ],
        'the value is bigint, and small is integer' => [ 'app.people', 'short = "mail"', 'id', 'null', 'app.orders', 'small' ],
        'app.bare has no primary key' => [ 'app.people', 'short = "mail"', 'id', 'null', 'app.bare' ],
        'it calls timeofday|another value each time' => [ 'app.people', 'short = "timeofday()"', 'id', 'null' ],
        'the lookup reads person itself' => [ 'app.orders', 'person = "small"', 'id', 'null' ],
    );
    for my $says (sort keys %cases)
    {
        my ($table, $match, $value, $missing, $ours, $column) = @{ $cases{$says} };
        my $plan = fill_plan('way', sprintf 'table = "%s", set = { %s = lookup { table = "%s", match = { %s }, value = "%s", missing = "%s" } }',
            $ours // 'app.orders', $column // 'person', $table, $match, $value, $missing);
        my $result = exits(4, [ 'check', $plan ], undef, $says, { db => $db });
        like($result->{out} . $result->{err}, qr/$says/, $says);
    }
};

done_testing();
