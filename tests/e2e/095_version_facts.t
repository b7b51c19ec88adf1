# What only some versions of PostgreSQL have, met by the primitives: run on each server, every part says from which
# version on it is true (see Interlock::Servers).
use strict;
use warnings;

use Interlock::Test;
use Test::More;

my $plans = 0;
my $version = int(sql('postgres', 'SHOW server_version_num') / 10000);

sub plan_of
{
    my (@steps) = @_;
    my $name = 'facts_' . ++$plans;
    return plan_file($name, qq(plan "$name" { title = "Steps of a test", phase "work" {\n) . join(",\n", @steps) . "\n} }\n");
}

sub fresh { my ($setup) = @_; return world('facts_world_' . ++$plans, $setup) }

# A part of this test, for the versions from `from` to before `below`.
sub part
{
    my ($from, $below, $what, $body) = @_;
    return subtest $what => sub { plan skip_all => 'for other versions' if $version < $from || $version >= $below; $body->() };
}
sub since { my ($from, $what, $body) = @_; return part($from, 1000, $what, $body) }

sub there_and_back
{
    my ($db, $what, @steps) = @_;
    my ($plan, $other) = (plan_of(@steps), plan_of(@steps));
    my ($schema, $rows) = (schema_dump($db), table_rows($db));
    runs_ok([ 'run', $plan, '--yes' ], "$what: run", { db => $db })->{exit} eq '0' or return;
    my $there = schema_dump($db);
    isnt($there . table_rows($db), $schema . $rows, "$what: something has changed");
    runs_ok([ 'run', $other, '--yes' ], "$what: another plan with the same step", { db => $db });
    is(schema_dump($db), $there, "$what: finds it done");
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], "$what: undo", { db => $db });
    is(schema_dump($db), $schema, "$what: the schema is what it was");
    is(table_rows($db), $rows, "$what: and so are the rows");
    return;
}

# check and run refuse with that, and nothing is touched.
sub refused
{
    my ($db, $what, $pattern, @steps) = @_;
    my ($plan, $schema) = (plan_of(@steps), schema_dump($db));
    exits(4, [ 'check', $plan ], undef, "$what: check refuses", { db => $db, out => $pattern });
    exits(4, [ 'run', $plan, '--yes' ], undef, "$what: run too", { db => $db });
    is(schema_dump($db), $schema, "$what: nothing is touched");
    return;
}

my $users = <<'SQL';
CREATE SCHEMA app;
CREATE TABLE app.users (id bigint PRIMARY KEY, email text, age integer NOT NULL);
INSERT INTO app.users SELECT n, 'u' || n, n FROM generate_series(1, 100) n;
SQL

#
# 18: constraints that are not enforced
#

since 18, 'NOT ENFORCED' => sub {
    my $db = fresh(<<"SQL");
$users
CREATE TABLE app.orders (id bigint PRIMARY KEY, user_id bigint, total bigint,
  CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES app.users NOT ENFORCED, CONSTRAINT orders_total_check CHECK (total > 0) NOT ENFORCED);
INSERT INTO app.orders SELECT n, n, n FROM generate_series(1, 100) n;
SQL
    my $key = 'add_foreign_key { table = "app.orders", column = "user_id", references = "app.users" }';
    refused($db, 'add_foreign_key', qr/found: +constraint orders_user_id_fkey FOREIGN KEY \(user_id\) REFERENCES app\.users\(id\) NOT ENFORCED$/m, $key);
    unlike(interlock('doctor', { db => $db })->{out}, qr/NOT VALID/, 'doctor has no constraints to be validated');
    refused($db, 'add_column_if_missing', qr/expected: .*FOREIGN KEY \(user_id\) REFERENCES app\.users\n.*found: .*NOT ENFORCED$|found: .*NOT ENFORCED$/ms,
        'add_column_if_missing { table = "app.orders", column = "user_id", type = "bigint", references = "app.users" }');
    refused($db, 'add_check', qr/found: +constraint orders_total_check CHECK \(\(total > 0\)\) NOT ENFORCED$/m, 'add_check { table = "app.orders", check = "total > 0" }');
    there_and_back($db, 'add_foreign_key by another name', $key =~ s/ \}/, name = "enforced" }/r);
    there_and_back($db, 'add_check by another name', 'add_check { table = "app.orders", check = "total > 0", name = "enforced" }');
    there_and_back($db, "drop_constraint_if_exists of $_", qq{drop_constraint_if_exists { table = "app.orders", constraint = "$_", loses = "nothing" }})
      for 'orders_user_id_fkey', 'orders_total_check';
    there_and_back($db, 'rename_table', 'rename_table { table = "app.orders", to = "purchases" }');
    there_and_back($db, 'drop_table_if_exists', 'drop_table_if_exists { table = "app.orders", archive = "9 days", loses = "nothing" }');
};

#
# 18: virtual generated columns
#

my $virtual = <<"SQL";
$users
ALTER TABLE app.users ADD COLUMN twice integer GENERATED ALWAYS AS (age * 2) VIRTUAL;
COMMENT ON COLUMN app.users.twice IS 'of the age';
SQL

since 18, 'virtual columns: what they can' => sub {
    my $db = fresh($virtual);
    there_and_back($db, 'set_not_null', 'set_not_null { table = "app.users", column = "twice" }');
    there_and_back($db, 'add_check', 'add_check { table = "app.users", check = "twice > 0" }');
    there_and_back($db, 'rename_column', 'rename_column { table = "app.users", column = "twice", to = "doubled" }');
    there_and_back($db, 'rename_column of what it is made of', 'rename_column { table = "app.users", column = "age", to = "years" }');
    there_and_back($db, 'comment_on', 'comment_on { object = "column app.users.twice", comment = "twice the age" }');
    there_and_back($db, 'grant', 'grant { privileges = "select", on = "app.users", columns = "twice", to = "pg_monitor" }');
    there_and_back($db, 'create_view', 'create_view { view = "app.doubled", query = "SELECT id, twice FROM app.users" }');
    there_and_back($db, 'change_type', 'change_type { table = "app.users", column = "twice", type = "bigint" }');
    there_and_back($db, 'change_type of another column', 'change_type { table = "app.users", column = "email", type = "varchar" }');
    there_and_back($db, 'add_column_if_missing beside it', 'add_column_if_missing { table = "app.users", column = "nick", type = "text", default = "\'-\'" }');
    there_and_back($db, 'create_index_if_missing beside it', 'create_index_if_missing { table = "app.users", columns = "email", include = "age" }');
    there_and_back($db, 'add_unique beside it', 'add_unique { table = "app.users", columns = "email" }');
    there_and_back($db, 'insert_rows', 'insert_rows { into = "app.users", columns = "id, age", select = "SELECT 1000, 50" }');
    there_and_back($db, 'rename_table', 'rename_table { table = "app.users", to = "people", keep_view = true }');
    there_and_back($db, 'drop_table_if_exists', 'drop_table_if_exists { table = "app.users", archive = "9 days", loses = "nothing" }');
    runs_ok([ 'run', plan_of('expect_column { table = "app.users", column = "twice", type = "integer" }',
        'expect_equal { name = "all", left = "SELECT count(*) FROM app.users WHERE twice = age * 2", right = "SELECT 100" }'), '--yes' ], 'expectations hold', { db => $db });
    sql($db, 'ALTER TABLE app.users ALTER twice SET NOT NULL');
    there_and_back($db, 'drop_not_null', 'drop_not_null { table = "app.users", column = "twice" }');
    sql($db, 'ALTER TABLE app.users ADD CONSTRAINT positive CHECK (twice > 0)');
    there_and_back($db, 'drop_constraint_if_exists', 'drop_constraint_if_exists { table = "app.users", constraint = "positive", loses = "nothing" }');
    sql($db, 'ALTER TABLE app.users DROP CONSTRAINT positive');
    there_and_back($db, 'drop_column_if_exists', 'drop_column_if_exists { table = "app.users", column = "twice", archive = "9 days", loses = "nothing" }');
    is(sql($db, 'SELECT twice FROM app.users WHERE id = 7'), '14', 'and it is computed again');
};

since 18, 'virtual columns: what they cannot' => sub {
    my $db = fresh($virtual);
    my $found = qr/found: +(?:column )?twice integer GENERATED ALWAYS AS \(\(age \* 2\)\) VIRTUAL$/m;
    refused($db, 'create_index_if_missing', $found, 'create_index_if_missing { table = "app.users", columns = "twice" }');
    refused($db, 'create_index_if_missing, include', $found, 'create_index_if_missing { table = "app.users", columns = "email", include = "twice" }');
    refused($db, 'add_unique', $found, 'add_unique { table = "app.users", columns = "email, twice" }');
    refused($db, 'add_foreign_key', $found, 'add_foreign_key { table = "app.users", column = "twice", references = "app.users" }');
    refused($db, 'add_column_if_missing', $found, 'add_column_if_missing { table = "app.users", column = "twice", type = "integer" }');
    refused($db, 'set_default', $found, 'set_default { table = "app.users", column = "twice", default = "1" }');
    refused($db, 'drop_default', qr/column twice of app\.users has no default: it is a generated column/, 'drop_default { table = "app.users", column = "twice" }');
    refused($db, 'insert_rows', qr/column twice of app\.users is computed by the server/, 'insert_rows { into = "app.users", columns = "id, age, twice", select = "SELECT 1000, 1, 2" }');
    refused($db, 'create_table_if_missing', $found, 'create_table_if_missing { table = "app.users", columns = "id bigint PRIMARY KEY, email text, age integer NOT NULL, twice integer" }');
    refused($db, 'drop_column_if_exists of what it is made of', qr/column age is used by .*column twice/, 'drop_column_if_exists { table = "app.users", column = "age", loses = "nothing" }');
    refused($db, 'change_type of what it is made of', qr/impossible while these use it: .*column twice/, 'change_type { table = "app.users", column = "age", type = "bigint" }');
};

#
# 18: NOT NULL has names
#

since 18, 'NOT NULL with a name, or not validated' => sub {
    my $nick = "ALTER TABLE app.users ADD COLUMN nick text CONSTRAINT has_nick NOT NULL DEFAULT '-'";
    my $motto = 'ALTER TABLE app.users ADD COLUMN motto text; ALTER TABLE app.users ADD CONSTRAINT has_motto NOT NULL motto NOT VALID';
    there_and_back(fresh("$users $nick"), 'drop_column_if_exists, with a name', 'drop_column_if_exists { table = "app.users", column = "nick", archive = "9 days", loses = "nothing" }');
    there_and_back(fresh("$users $motto"), 'drop_column_if_exists, not validated', 'drop_column_if_exists { table = "app.users", column = "motto", archive = "9 days", loses = "nothing" }');
    my $db = fresh("$users $nick; $motto");
    refused($db, 'drop_constraint_if_exists', qr/constraint has_nick of app\.users is the NOT NULL of column nick/, 'drop_constraint_if_exists { table = "app.users", constraint = "has_nick", loses = "nothing" }');
    my $set = plan_of('set_not_null { table = "app.users", column = "motto" }');
    exits(3, [ 'run', $set, '--yes' ], qr/rows with NULL in motto/, 'set_not_null finds the rows that were never looked at', { db => $db });
    sql($db, q{UPDATE app.users SET motto = 'x'});
    my $sent = (grep { $_->{type} eq 'step' } json_lines(interlock('preview', $set, '--json', { db => $db })->{out}))[0]{sql};
    is_deeply($sent, ['ALTER TABLE app.users VALIDATE CONSTRAINT has_motto'], 'set_not_null finishes it');
    runs_ok([ 'run', $set, '--yes' ], 'run', { db => $db });
    is(sql($db, q{SELECT string_agg(conname, ' ') FROM pg_constraint WHERE conname = 'has_motto' AND convalidated}), 'has_motto', 'under its own name');
    there_and_back($db, 'rename_column', 'rename_column { table = "app.users", column = "nick", to = "alias" }');
    there_and_back($db, 'rename_table', 'rename_table { table = "app.users", to = "people" }');
    there_and_back($db, 'drop_not_null', 'drop_not_null { table = "app.users", column = "nick" }');

    my $family = fresh(<<'SQL');
CREATE TABLE parent (id bigint, x integer);
CREATE TABLE child () INHERITS (parent);
CREATE TABLE other () INHERITS (parent);
ALTER TABLE child ADD CONSTRAINT mine NOT NULL x;
ALTER TABLE other ADD CONSTRAINT later NOT NULL x NOT VALID;
INSERT INTO child VALUES (1, 1);
SQL
    there_and_back($family, 'set_not_null above others', 'set_not_null { table = "parent", column = "x" }');
};

#
# 18: keys without overlaps
#

since 18, 'temporal keys' => sub {
    my $db = fresh(<<'SQL');
CREATE EXTENSION btree_gist;
CREATE TABLE rooms (room integer, valid daterange, note text, CONSTRAINT rooms_room_valid_key UNIQUE (room, valid WITHOUT OVERLAPS));
CREATE TABLE stays (room integer, valid daterange, note text, PRIMARY KEY (room, valid WITHOUT OVERLAPS),
  CONSTRAINT stays_room_valid_fkey FOREIGN KEY (room, PERIOD valid) REFERENCES rooms (room, PERIOD valid));
INSERT INTO rooms VALUES (1, '[2024-01-01,2025-01-01)', 'a'), (1, '[2025-01-01,2026-01-01)', 'b');
INSERT INTO stays VALUES (1, '[2024-02-01,2024-03-01)', 'x');
SQL
    refused($db, 'add_unique', qr/expected: +constraint rooms_room_valid_key UNIQUE \(room, valid\).*found: +constraint rooms_room_valid_key UNIQUE \(room, valid WITHOUT OVERLAPS\)|found: +constraint rooms_room_valid_key UNIQUE \(room, valid WITHOUT OVERLAPS\)/s,
        'add_unique { table = "rooms", columns = "room, valid" }');
    there_and_back($db, 'add_unique by another name', 'add_unique { table = "rooms", columns = "room, valid", name = "both" }');
    my $key = 'add_foreign_key { table = "stays", columns = "room, valid", references = "rooms(room, valid)" }';
    refused($db, 'add_foreign_key of the same name', qr/found: +constraint stays_room_valid_fkey FOREIGN KEY \(room, PERIOD valid\)/, $key);
    refused($db, 'add_foreign_key', qr/found: +nothing makes room, valid of public\.rooms unique \(public\.rooms_room_valid_key is WITHOUT OVERLAPS\)/, $key =~ s/ \}$/, name = "another" }/r);
    refused($db, 'drop_constraint_if_exists of what is referred to', qr/stays_room_valid_fkey/, 'drop_constraint_if_exists { table = "rooms", constraint = "rooms_room_valid_key", loses = "nothing" }');
    there_and_back($db, 'drop_constraint_if_exists of the foreign key', 'drop_constraint_if_exists { table = "stays", constraint = "stays_room_valid_fkey", loses = "nothing" }');
    there_and_back($db, 'insert_rows', q{insert_rows { into = "stays", select = "SELECT 1, daterange('2025-02-01', '2025-03-01'), 'y'" }});
    there_and_back($db, 'drop_column_if_exists, archived by that key', 'drop_column_if_exists { table = "stays", column = "note", archive = "9 days", loses = "nothing" }');
    there_and_back($db, 'drop_table_if_exists', 'drop_table_if_exists { table = "stays", archive = "9 days", loses = "nothing" }');
    there_and_back($db, 'rename_column', 'rename_column { table = "rooms", column = "valid", to = "during" }');
    sql($db, 'DROP TABLE stays');
    my $gone = plan_of('drop_constraint_if_exists { table = "rooms", constraint = "rooms_room_valid_key", loses = "nothing" }');
    like(runs_ok([ 'preview', $gone ], 'preview', { db => $db })->{out}, qr/no way back: PostgreSQL knows no way to add it while readers and writers go on/, 'one that goes is said to have no way back');
    runs_ok([ 'run', $gone, '--yes' ], 'and goes', { db => $db });
    exits(3, [ 'undo', $gone, '--to', 'start', '--yes' ], qr/constraint rooms_room_valid_key of public\.rooms is gone/, 'for good', { db => $db });
};

since 18, 'a foreign key of a partitioned table, not validated at first' => sub {
    my $db = fresh("$users CREATE TABLE app.visits (user_id bigint, at date) PARTITION BY RANGE (at); CREATE TABLE app.visits_1 PARTITION OF app.visits DEFAULT; INSERT INTO app.visits VALUES (1, '2024-01-01')");
    there_and_back($db, 'add_foreign_key', 'add_foreign_key { table = "app.visits", column = "user_id", references = "app.users" }');
};

#
# 17
#

since 17, 'MAINTAIN' => sub {
    my $db = fresh("$users CREATE ROLE facts_all;");
    there_and_back($db, 'maintain alone', 'grant { privileges = "maintain", on = "app.users", to = "pg_monitor" }');
    there_and_back($db, 'with the grant option', 'grant { privileges = { "select", "maintain" }, on = "app.users", to = "facts_all", with_grant_option = true }');
    sql($db, 'GRANT SELECT, MAINTAIN ON app.users TO facts_all');
    there_and_back($db, 'all of them, where some are there', 'grant { privileges = "all", on = "app.users", to = "facts_all" }');
    my $dropped = plan_of('drop_table_if_exists { table = "app.users", archive = "9 days", loses = "nothing" }');
    my $schema = schema_dump($db);
    runs_ok([ $_, $dropped, $_ eq 'undo' ? ('--to', 'start') : (), '--yes' ], "$_ of drop_table_if_exists", { db => $db }) for 'run', 'undo';
    is(schema_dump($db), $schema, 'brings it back with its grants');
};

part 14, 17, 'MAINTAIN before there was any' => sub {
    my $db = fresh($users);
    refused($db, 'grant', qr/this server, PostgreSQL $version, has no privilege maintain/, 'grant { privileges = { "select", "maintain" }, on = "app.users", to = "pg_monitor" }');
    there_and_back($db, 'all is what there is', 'grant { privileges = "all", on = "app.users", to = "pg_monitor" }');
};

since 17, 'transaction_timeout ends nothing of ours' => sub {
    my $db = fresh("$users CREATE FUNCTION app.slow(t text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.03); RETURN t; END'");
    sql($db, qq{ALTER DATABASE "$db" SET transaction_timeout = '1500ms'});
    my $plan = plan_of('add_check { table = "app.users", check = "app.slow(email) IS NOT NULL" }', 'create_index_if_missing { table = "app.users", columns = "app.slow(email)" }');
    runs_ok([ 'run', $plan, '--yes' ], 'a run whose statements take longer', { db => $db });
};

since 17, 'domains that say NOT NULL as a constraint' => sub {
    my $db = fresh("$users CREATE DOMAIN app.nick AS text CONSTRAINT filled NOT NULL; CREATE DOMAIN app.motto AS text");
    refused($db, 'add_column_if_missing', qr/domain/, 'add_column_if_missing { table = "app.users", column = "nick", type = "app.nick" }');
    there_and_back($db, 'a domain without one', 'add_column_if_missing { table = "app.users", column = "motto", type = "app.motto" }');
    there_and_back($db, 'drop_type_if_exists', 'drop_type_if_exists { type = "app.nick", loses = "nothing" }');
};

since 17, 'an identity column of a partitioned table' => sub {
    my $db = fresh('CREATE TABLE visits (id bigint GENERATED ALWAYS AS IDENTITY, at date, note text) PARTITION BY RANGE (at); CREATE TABLE visits_1 PARTITION OF visits DEFAULT');
    refused($db, 'set_default', qr/found: +column id bigint GENERATED ALWAYS AS IDENTITY NOT NULL/, 'set_default { table = "visits", column = "id", default = "1" }');
    there_and_back($db, 'add_column_if_missing', 'add_column_if_missing { table = "visits", column = "n", type = "integer" }');
    there_and_back($db, 'rename_column', 'rename_column { table = "visits", column = "id", to = "number" }');
};

#
# 16
#

since 16, 'a member of the owner that does not inherit its rights' => sub {
    my $db = fresh("CREATE ROLE facts_owner; CREATE ROLE facts_setter LOGIN; CREATE ROLE facts_heir LOGIN; GRANT facts_owner TO facts_setter WITH INHERIT FALSE, SET TRUE;
 GRANT facts_owner TO facts_heir WITH INHERIT TRUE, SET FALSE; $users ALTER SCHEMA app OWNER TO facts_owner; ALTER TABLE app.users OWNER TO facts_owner;
 GRANT ALL ON SCHEMA app TO facts_setter, facts_heir; GRANT ALL ON app.users TO facts_setter");
    sql($db, qq{GRANT CREATE ON DATABASE "$db" TO facts_setter, facts_heir});
    my @steps = ('set_not_null { table = "app.users", column = "email" }', 'add_column_if_missing { table = "app.users", column = "nick", type = "text" }',
        'create_index_if_missing { table = "app.users", columns = "email" }', 'drop_table_if_exists { table = "app.users", archive = "9 days", loses = "nothing" }');
    for my $step (@steps)
    {
        my ($name) = $step =~ /^(\w+)/;
        exits(4, [ 'check', plan_of($step) ], undef, "$name is refused", { db => $db, env => { PGUSER => 'facts_setter' }, out => qr/app\.users belongs to role "facts_owner"/ });
    }
    exits(4, [ 'check', plan_of('grant { privileges = "select", on = "app.users", to = "pg_monitor" }') ], undef, 'grant is refused',
        { db => $db, env => { PGUSER => 'facts_setter' }, out => qr/role "facts_setter" may not grant select on app\.users/ });
    runs_ok([ 'run', plan_of($steps[0]), '--yes' ], 'who inherits them may', { db => $db, env => { PGUSER => 'facts_heir' } });
    runs_ok([ 'run', plan_of('grant { privileges = "select", on = "app.users", to = "pg_monitor" }'), '--yes' ], 'and grant too', { db => $db, env => { PGUSER => 'facts_heir' } });
};

#
# 15, and what 14 lacks
#

since 15, 'a foreign key that sets some columns NULL' => sub {
    my $db = fresh(<<'SQL');
CREATE TABLE orgs (tenant integer, id integer, PRIMARY KEY (tenant, id));
CREATE TABLE users (tenant integer NOT NULL, org integer, CONSTRAINT users_tenant_org_fkey FOREIGN KEY (tenant, org) REFERENCES orgs ON DELETE SET NULL (org));
SQL
    my $key = 'add_foreign_key { table = "users", columns = "tenant, org", references = "orgs", on_delete = "set null" }';
    refused($db, 'add_foreign_key', qr/found: .*ON DELETE SET NULL \(org\)$/m, $key);
    there_and_back($db, 'drop_constraint_if_exists', 'drop_constraint_if_exists { table = "users", constraint = "users_tenant_org_fkey", loses = "nothing" }');
};

since 15, 'NULLS NOT DISTINCT, security_invoker' => sub {
    my $db = fresh($users);
    there_and_back($db, 'add_unique', 'add_unique { table = "app.users", columns = "email", nulls_not_distinct = true }');
    there_and_back($db, 'create_view', 'create_view { view = "app.v", query = "SELECT id FROM app.users", security_invoker = true }');
    sql($db, 'ALTER TABLE app.users ADD UNIQUE NULLS NOT DISTINCT (email); CREATE VIEW app.v WITH (security_invoker) AS SELECT id FROM app.users');
    refused($db, 'add_unique of other NULLs', qr/found: .*NULLS NOT DISTINCT/, 'add_unique { table = "app.users", columns = "email" }');
    there_and_back($db, 'drop_constraint_if_exists', 'drop_constraint_if_exists { table = "app.users", constraint = "users_email_key", loses = "nothing" }');
    there_and_back($db, 'drop_view_if_exists', 'drop_view_if_exists { view = "app.v", loses = "nothing" }');
    there_and_back($db, 'replace_view keeps it', 'replace_view { view = "app.v", query = "SELECT id FROM app.users WHERE age > 1" }');
};

part 14, 15, 'NULLS NOT DISTINCT, security_invoker before there were any' => sub {
    my $db = fresh($users);
    refused($db, 'add_unique', qr/PostgreSQL 15 or newer, for nulls_not_distinct/, 'add_unique { table = "app.users", columns = "email", nulls_not_distinct = true }');
    refused($db, 'create_view', qr/security_invoker is for PostgreSQL 15 and newer, this server is 14/, 'create_view { view = "app.v", query = "SELECT id FROM app.users", security_invoker = true }');
    there_and_back($db, 'create_view without', 'create_view { view = "app.v", query = "SELECT id FROM app.users", security_invoker = false }');
};

subtest 'a generated column that is stored' => sub {
    my $db = fresh("$users ALTER TABLE app.users ADD COLUMN twice integer GENERATED ALWAYS AS (age * 2) STORED");
    refused($db, 'drop_column_if_exists of what it is made of', qr/column age is used by .*column twice/, 'drop_column_if_exists { table = "app.users", column = "age", loses = "nothing" }');
    there_and_back($db, 'create_index_if_missing', 'create_index_if_missing { table = "app.users", columns = "twice" }');
    there_and_back($db, 'rename_column', 'rename_column { table = "app.users", column = "twice", to = "doubled" }');
    my $plan = plan_of('drop_column_if_exists { table = "app.users", column = "twice", archive = "9 days", loses = "nothing" }');
    runs_ok([ 'run', $plan, '--yes' ], 'drop_column_if_exists', { db => $db });
    exits(3, [ 'undo', $plan, '--to', 'start', '--yes' ], qr/was generated: adding it again would rewrite the table/, 'has no way back', { db => $db });
};

subtest 'new schemas and the schema public, whose rights 15 changed' => sub {
    my $db = fresh('CREATE ROLE facts_maker LOGIN');
    sql($db, qq{GRANT CREATE ON DATABASE "$db" TO facts_maker});
    my $plan = plan_of('create_table_if_missing { table = "public.notes", columns = "id bigint PRIMARY KEY" }');
    my %as_maker = (db => $db, env => { PGUSER => 'facts_maker' });
    if ($version >= 15) { exits(4, [ 'check', $plan ], undef, 'who may create nothing there is told', { %as_maker, out => qr/facts_maker.* public/ }) }
    else { runs_ok([ 'run', $plan, '--yes' ], 'everybody may create in it', \%as_maker) }
    runs_ok([ 'run', plan_of('create_schema_if_missing { schema = "own" }', 'create_table_if_missing { table = "own.notes", columns = "id bigint PRIMARY KEY" }'), '--yes' ],
        'in a schema of its own it may', \%as_maker);
};

subtest 'sandbox: the servers of a folder' => sub {
    plan skip_all => 'this is the machine\'s own server' unless $ENV{INTERLOCK_SERVER};
    my $sandbox = interlock('sandbox', '--bindir', "$ENV{INTERLOCK_SERVERS}/$ENV{INTERLOCK_SERVER}/bin", '--', 'psql', '-XAtc', 'SHOW server_version');
    like($sandbox->{out}, qr/^$ENV{INTERLOCK_SERVER}\b/, 'come up') or diag($sandbox->{err});
};

done_testing();
