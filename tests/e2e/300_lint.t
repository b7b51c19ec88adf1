# lint: what it says word for word (tests/lint/NAME.sql and .txt), the examples of its pages, its forms, its exit codes.
# "-- given: SQL" in a file is the world of it, "-- options: …" more of the command line; UPDATE_MESSAGES=1 writes the texts anew.
use strict;
use warnings;

use File::Temp ();
use Interlock::ImageUrls;
use Interlock::Test;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = top() . '/tests/lint';

sub slurp { return PostgreSQL::Test::Utils::slurp_file($_[0]) }

sub write_file
{
    my ($path, $text) = @_;
    open my $file, '>', $path or die "cannot write $path: $!";
    print $file $text;
    close $file or die "cannot write $path: $!";
    return $path;
}

sub rules_of
{
    my ($result, $least) = @_;
    my %rank = (note => 0, warning => 1, error => 2);
    my @found = grep { $_->{type} eq 'diagnostic' && $rank{ $_->{severity} } >= $least } json_lines($result->{out});
    return join ' ', sort keys %{ { map { $_->{rule} => 1 } @found } };
}

subtest 'texts' => sub {
    for my $path (sort glob "$folder/*.sql")
    {
        my ($name) = $path =~ m{([^/]+)\.sql$};
        my $text = slurp($path);
        my @given = $text =~ /^-- given: (.*)$/mg;
        my @options = map { split ' ' } $text =~ /^-- options: (.*)$/mg;
        my %options = (dir => $folder);
        $options{db} = world("lint_$name", join(";\n", @given)) if @given;
        my $result = interlock('lint', @options, (@given ? () : '--offline'), "$name.sql", \%options);
        my $said = $result->{out} . $result->{err} . "exit code $result->{exit}\n";
        $said =~ s/^\Q$options{db}\E on .*\n//mg if @given;
        write_file("$folder/$name.txt", $said) if $ENV{UPDATE_MESSAGES};
        is($said, -e "$folder/$name.txt" ? slurp("$folder/$name.txt") : '', $name);
    }
};

# The strings of the tables of pages, from the compiler's own preprocessor.
sub pages
{
    my @pages;
    for my $file (sort glob top() . '/src/hazard/hazards_of_*.c')
    {
        my $text = qx{cc -E -P -I'@{[top()]}/src' '$file'};
        while ($text =~ /\{\s*\.id = "([^"]+)"(.*?)\},(?=\s*\{\s*\.id)/gs)
        {
            my ($id, $rest) = ($1, $2);
            my %page = (id => $id, level => $rest =~ /LEVEL_CATALOGUE/ ? 'catalogue' : 'offline');
            while ($rest =~ /\.(\w+) =\s*((?:"(?:\\.|[^"\\])*"\s*)+)/g)
            {
                my ($field, $strings) = ($1, $2);
                my $value = join '', $strings =~ /"((?:\\.|[^"\\])*)"/g;
                $value =~ s/\\(.)/$1 eq 'n' ? "\n" : $1/ge;
                $page{$field} = $value;
            }
            push @pages, \%page;
        }
    }
    return @pages;
}

# Only a statement that runs can be a good example; a bad one may be one that PostgreSQL refuses.
subtest 'examples' => sub {
    my @pages = pages();
    cmp_ok(scalar @pages, '>', 70, 'the pages are found');
    my $offline = sub { return interlock('lint', '--json', '--offline', '--assume-large', '-', { stdin => $_[0] }) };
    my ($db, $n) = (world('examples', 'SELECT 1'), 0);
    for my $page (@pages)
    {
        my $rule = $page->{id};
        my $said = runs_ok([ 'help', $rule ], "$rule has a page")->{out};
        next unless $page->{bad};
        my $begin = $rule eq 'missing-lock-timeout' ? '' : "SET lock_timeout = '2s';\n";
        my $schema = 'w' . $n++;
        sql($db, "CREATE SCHEMA $schema; SET search_path = $schema; " . ($page->{setup} // ''));
        my $catalogue = sub {
            return interlock('lint', '--json', '--assume-large', '-',
                { db => $db, stdin => $_[0], env => { PGOPTIONS => "-c search_path=$schema" } });
        };
        my $told = $catalogue->("$begin$page->{bad}");
        is(rules_of($told, 1) || rules_of($told, 0), $rule, "$rule: the bad example is told, and nothing else");
        like(rules_of($offline->("$begin$page->{bad}"), 0), qr/(?:^| )\Q$rule\E(?: |$)/, "$rule: offline, too")
          if $page->{level} eq 'offline';
        if ($page->{good})
        {
            is(rules_of($catalogue->("$begin$page->{good}"), 1), '', "$rule: the good example is not")
              unless $rule eq 'unused-ignore';
            unlike(rules_of($catalogue->("$begin$page->{good}"), 0), qr/(?:^| )\Q$rule\E(?: |$)/, "$rule: nor noted");
            is(sql_fails($db, "SET search_path = $schema; $page->{good}"), undef, "$rule: the good example runs")
              unless $page->{good} =~ /CONCURRENTLY|^VACUUM/m;
        }
    }
};

# What the generated migrations are told.
subtest 'the migrations of the video app' => sub {
    my $db = image_urls_world();
    my $name = '0025_add_image_urls_to_messages.sql';
    my $file = top() . "/examples/image-urls/$name";
    my $dir = File::Temp::tempdir(CLEANUP => 1);

    write_file("$dir/$name", slurp($file));
    write_file("$dir/0026_user_ids.sql", <<'SQL');
ALTER TABLE "bazaar-vid_account" DROP CONSTRAINT "bazaar-vid_account_userId_bazaar-vid_user_id_fk";
ALTER TABLE "bazaar-vid_session" DROP CONSTRAINT "bazaar-vid_session_userId_bazaar-vid_user_id_fk";
ALTER TABLE "bazaar-vid_project" DROP CONSTRAINT "bazaar-vid_project_userId_bazaar-vid_user_id_fk";
ALTER TABLE "bazaar-vid_user" ALTER COLUMN "id" TYPE uuid USING id::uuid;
SQL
    my $said = exits(4, [ 'lint', $name ], undef, 'the generated one is refused', { db => $db, dir => $dir })->{out};
    like($said, qr/3 unrelated changes are mixed in one file/, 'three changes are mixed');
    like($said, qr/the file's name promises only "add image urls to messages"/, 'the name promises the first');
    like($said, qr/dropping "designBrief" of "bazaar-vid_animation_design_brief" loses [\d,]+ values/, 'the values are counted');
    my $count = sql($db, 'SELECT count("designBrief") FROM "bazaar-vid_animation_design_brief"');
    like($said =~ tr/,//dr, qr/loses $count values/, "they are $count");
    like($said, qr/TYPE varchar\(255\) of "id" changes nothing here/, 'the type is what it was');
    like($said, qr/where the column is of another type, it may write .* anew/, 'and what it would cost elsewhere');

    $said = exits(4, [ 'lint', '0026_user_ids.sql' ], undef, 'the disaster is refused', { db => $db, dir => $dir })->{out};
    like($said, qr/TYPE uuid of "id" rewrites/, 'the table is written anew');
    for my $other (qw(account session project))
    {
        like($said, qr/"bazaar-vid_$other"\."?userId"? refers to it/, "$other refers to it, though its key is dropped before");
    }
    my $users = sql($db, 'SELECT count(*) FROM "bazaar-vid_user"');
    like($said =~ tr/,//dr, qr/$users of $users values of "bazaar-vid_user"\.id are no UUIDs/, 'no value is a UUID');
};

subtest 'forms' => sub {
    my $dir = File::Temp::tempdir(CLEANUP => 1);
    write_file("$dir/bad.sql", "SET lock_timeout = '1s';\n\nDROP TABLE users;\n");
    write_file("$dir/good.sql", "SET lock_timeout = '1s';\nALTER TABLE users ADD COLUMN nick text;\n");
    my $run = sub {
        my ($form, $code) = @_;
        return exits($code, [ 'lint', '--offline', '--format', $form, 'bad.sql', 'good.sql' ], qr/^$/, $form, { dir => $dir })->{out};
    };
    my $sarif = JSON::PP::decode_json($run->('sarif', 4));
    is($sarif->{version}, '2.1.0', 'SARIF of that version');
    my $result = $sarif->{runs}[0]{results}[0];
    is($result->{ruleId}, 'drop-table', 'its rule');
    is($result->{level}, 'error', 'its level');
    is($result->{locations}[0]{physicalLocation}{region}{startLine}, 3, 'its line');
    is($sarif->{runs}[0]{tool}{driver}{rules}[0]{id}, 'drop-table', 'the rule is described');
    like($run->('github', 4), qr/^::error file=bad\.sql,line=3,title=drop-table::dropping users loses its rows/m, 'GitHub');
    my $gitlab = JSON::PP::decode_json($run->('gitlab', 4));
    is($gitlab->[0]{location}{lines}{begin}, 3, 'GitLab counts lines from 1');
    is($gitlab->[0]{severity}, 'critical', 'its severity');
    like($gitlab->[0]{fingerprint}, qr/^[0-9a-f]{64}$/, 'its fingerprint');
    my $tap = $run->('tap', 4);
    like($tap, qr/^1\.\.2\nnot ok 1 - bad\.sql\n/, 'TAP: one test fails');
    like($tap, qr/^ok 2 - good\.sql$/m, 'the other does not');
    my @lines = json_lines($run->('json', 4));
    is($lines[0]{type}, 'version', 'JSON begins with the version');
    is((grep { $_->{type} eq 'diagnostic' } @lines)[0]{rule}, 'drop-table', 'and has the finding');
    exits(64, [ 'lint', '--offline', '--format', 'sarf', 'bad.sql' ], qr/did you mean "sarif"/, 'a misspelt form', { dir => $dir });
};

subtest 'exit codes' => sub {
    my $dir = File::Temp::tempdir(CLEANUP => 1);
    write_file("$dir/warned.sql", "DROP INDEX users_name;\n");
    write_file("$dir/fine.sql", "SELECT 1;\n");
    exits(0, [ 'lint', '--offline', 'fine.sql' ], qr/^$/, 'nothing found', { dir => $dir, out => qr/^fine\.sql: ok, checked offline$/ });
    exits(0, [ 'lint', '--offline', 'warned.sql' ], qr/^$/, 'a warning', { dir => $dir, out => qr/warning\[drop-index-blocking\]/ });
    exits(4, [ 'lint', '--offline', '--strict', 'warned.sql' ], undef, 'a warning, with --strict', { dir => $dir });
    exits(1, [ 'lint', '--offline', 'nothing.sql' ], qr/cannot read "nothing\.sql"/, 'no such file', { dir => $dir });
    exits(64, [ 'lint', '--offline' ], qr/needs more/, 'no file', { dir => $dir });
    exits(64, [ 'lint', '--offline', '--server-version', '7', 'fine.sql' ], qr/not a version/, 'no such version', { dir => $dir });
    exits(2, [ 'lint', '-h', '/nowhere', 'fine.sql' ], undef, 'a named server that does not answer', { dir => $dir });
};

subtest 'SQL inside a plan' => sub {
    my $db = world('inside', 'CREATE TABLE users (id integer PRIMARY KEY, email text, age integer); CREATE TABLE small (id integer PRIMARY KEY, n integer)');
    sql($db, q{INSERT INTO users SELECT n, repeat('x', 900), n FROM generate_series(1, 20000) n; ANALYZE users});
    my $plan = plan_file('inside', <<'LUA');
plan "inside" {
  title = "What no primitive does",
  phase "types" {
    sql_step { sql = "ALTER TABLE small ALTER COLUMN n TYPE bigint", undo = "ALTER TABLE small ALTER COLUMN n TYPE integer" },
    sql_step { sql = "ALTER TABLE users ALTER COLUMN age TYPE bigint", undo = false },
  },
  phase "rules" {
    sql_step {
      sql = [[
        -- all ids are small
        ALTER TABLE users ADD CONSTRAINT ids CHECK (id < 1000000);
      ]],
      undo = "ALTER TABLE users DROP CONSTRAINT ids",
    },
  },
}
LUA
    my $check = runs_ok([ 'check', $plan ], 'is no error: who wrote it out may want just that', { db => $db });
    like($check->{out}, qr/^warning\[add-check-scan\].*users.*\n  --> .*inside\.lua:11$/m, 'what reads a large table under a lock is told at its line');
    like($check->{out}, qr/^warning\[alter-type-rewrite\].*users.*\n  --> .*inside\.lua:5$/m, 'what writes one anew, too');
    unlike($check->{out}, qr/warning.*small|lock-timeout/, 'but not of a small one, nor what run sees to');
    exits(4, [ 'check', '--strict', $plan ], undef, 'an error where all must be fine', { db => $db });
    unlike(runs_ok([ 'check', '--offline', $plan ], 'without a database', {})->{out}, qr/warning/, 'nobody knows how large they are');
    drop_world($db);
};

subtest 'texts that bring a parser down' => sub {
    my $deep = "SELECT 1" . "+1" x 200_000 . ";\nDROP TABLE users;\n";
    my $result = interlock('lint', '--offline', '--json', '-', { stdin => $deep });
    my @found = grep { $_->{type} eq 'diagnostic' } json_lines($result->{out});
    is((grep { $_->{rule} eq 'cannot-check' } @found)[0]{line}, 1, 'what can not be read is told');
    is((grep { $_->{rule} eq 'drop-table' } @found)[0]{line}, 2, 'and the rest is read');
    is($result->{exit}, 4, 'it is never called fine');
};
done_testing();
