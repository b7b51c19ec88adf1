# import_rows: an export with everything that goes wrong in exports, in counts that add up; imported twice, cut short,
# taken back; what files there are and how they are refused; and which column a value ends in.
use strict;
use warnings;

use Interlock::Test;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

# A subtest; CASE=words runs those alone whose name has them.
sub part { my ($name, $code) = @_; return !$ENV{CASE} || $name =~ /$ENV{CASE}/ ? subtest($name, $code) : 1 }

# Writes a file beside the plans.
sub data_file
{
    my ($name, @lines) = @_;
    my $path = project() . "/plans/$name";
    open my $file, '>:raw', $path or die "$path: $!";
    print $file join '', @lines;
    close $file or die "$path: $!";
    return $path;
}

# Notes the names that were given, so that each plan has one of its own.
my $plans = 0;

# A plan with one import, as options.
sub imports
{
    my ($options, $name) = @_;
    $name ||= 'import_' . ++$plans;
    return plan_file($name, qq{plan "$name" {\n  title = "Imports",\n  phase "fill" {\n    import_rows { $options },\n  },\n}\n});
}

sub result_of
{
    my ($db, $plan) = @_;
    my ($name) = $plan =~ m{([^/]+)\.lua$};
    return sql($db, "SELECT s.result FROM interlock.step s JOIN interlock.run r ON r.id = s.run WHERE r.plan = '$name' AND r.state <> 'undone'");
}

# The lines that were rejected by the newest run, as "line reason".
sub rejected
{
    my ($db) = @_;
    my $table = sql($db, q{SELECT relname FROM pg_class WHERE relname ~ '^rejected_' ORDER BY (regexp_match(relname, '[0-9]+'))[1]::int DESC LIMIT 1});
    return [ split /\n/, sql($db, "SELECT line || ' ' || replace(reason, E'\\n', ' ') FROM interlock.$table ORDER BY line") ];
}

sub left
{
    my ($db) = @_;
    return sql($db, q{SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'interlock'::regnamespace AND relkind = 'r' AND relname ~ '^(import|rejected|inserted)_'})
      . sql($db, q{SELECT string_agg(proname, ' ') FROM pg_proc WHERE proname ~ '^import_'});
}

# ---- The scenario ----

my $world = <<'SQL';
CREATE TYPE media_type AS ENUM ('image', 'video');
CREATE TABLE "User" (id uuid PRIMARY KEY, email text NOT NULL);
INSERT INTO "User" SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'user' || n FROM generate_series(1, 100) n;
CREATE TABLE "GeneratedMedia" (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "userId" uuid REFERENCES "User" ON DELETE CASCADE, session_id varchar(64),
  type media_type NOT NULL, url text NOT NULL, prompt text, model varchar(100), settings json, "createdAt" timestamptz NOT NULL DEFAULT '2025-01-01',
  CONSTRAINT media_has_an_owner CHECK ("userId" IS NOT NULL OR session_id IS NOT NULL));
CREATE INDEX ON "GeneratedMedia" ("userId", "createdAt" DESC);
CREATE INDEX ON "GeneratedMedia" (session_id);
INSERT INTO "GeneratedMedia" (id, session_id, type, url) SELECT ('aaaaaaaa-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'before', 'image', 'u' FROM generate_series(1, 50) n;
SQL

my $lines = $ENV{SAN} ? 5000 : 50000;

# How a line is of no use, by its number in a thousand; and what is said of it.
my %broken = (
    17  => [ sub { qq({"id": "$_[0]", "type": "ima) }, qr/^invalid input syntax for type json/ ],
    117 => [ sub { media($_[0], type => '"audio"') }, qr/^kind: invalid input value for enum media_type: "audio"$/ ],
    217 => [ sub { media($_[0], session_id => '"' . 'x' x 65 . '"') }, qr/^session_id: value too long for type character varying\(64\)$/ ],
    317 => [ sub { media($_[0], session_id => 'null') }, qr/violates check constraint "media_has_an_owner"$/ ],
    417 => [ sub { media($_[0], userId => '"99999999-0000-0000-0000-000000000000"') }, qr/violates foreign key constraint .* is not present in table "User"\.$/ ],
    517 => [ sub { media($_[0], prompt => qq("caf\xe9")) }, qr/^byte \d+ is not UTF-8$/ ],
    617 => [ sub { qq(["$_[0]"]) }, qr/^this is not a JSON object$/ ],
    717 => [ sub { media($_[0], prompt => '"a\\u0000b"') }, qr/\\u0000 cannot be converted to text/ ],
    817 => [ sub { media('nobody') }, qr/^id: invalid input syntax for type uuid: "nobody"$/ ],
    917 => [ sub { '{"kind": "image", "url": "x"}' }, qr/^it has no "id", which tells whether its row is there already$/ ],
);

sub uuid { return sprintf '%s-0000-0000-0000-%012d', @_ }

sub media
{
    my ($id, %other) = @_;
    my %fields = (id => qq("$id"), kind => '"image"', url => '"https://example.com/a.png"', session_id => '"guest"', prompt => '"a \"cat\" — caf\u00e9"',
        settings => '{"b": 1,  "a": [1.50, null]}', device => '"phone"');
    $fields{kind} = delete $other{type} if $other{type};
    %fields = (%fields, %other);
    return '{' . join(', ', map { qq("$_": $fields{$_}) } sort keys %fields) . '}';
}

# The export; what should become of it: by line, and how many are there already.
my (@export, %wanted);
my $there = 0;
for my $n (1 .. $lines)
{
    my $broken = $broken{ $n % 1000 };
    my $id = $n % 100 == 33 ? uuid('bbbbbbbb', $n - 1)      # a line twice
      : $n % 1000 == 44     ? uuid('aaaaaaaa', 1 + $n / 1000)    # a row that was there before
      :                       uuid('bbbbbbbb', $n);
    push @export, $broken ? $broken->[0]->($id) : $n % 2 ? media($id) : media($id, userId => '"' . uuid('00000000', 1 + $n % 100) . '"', session_id => 'null');
    $wanted{$n} = $broken->[1] if $broken;
    $there++ if $n % 100 == 33 || $n % 1000 == 44;
}
data_file('export.jsonl', map { "$_\n" } @export);
my $bad = keys %wanted;
my $good = $lines - $bad - $there;
my $columns = q{columns = { id = "id", ['"userId"'] = "userId", session_id = "session_id", type = "kind", url = "url", prompt = "prompt", settings = "settings" }};
# The beginning of it, for what need not be large.
my $few = 8000 > $lines ? $lines : 8000;
data_file('beginning.jsonl', map { "$_\n" } @export[ 0 .. $few - 1 ]);
my $export = qq{into = '"GeneratedMedia"', file = "export.jsonl", format = "jsonl", $columns, ignore = { "device" }};
my $beginning = $export =~ s/export\.jsonl/beginning.jsonl/r;

part 'an export with everything' => sub {
    my $db = world('media', $world);
    my $before = table_rows($db);
    my $plan = imports("$export, rejects = $bad", 'export');
    like(runs_ok([ 'preview', $plan ], 'preview', { db => $db })->{out}, qr/$lines lines, [\d.]+ \w+/, 'preview says how many lines');
    ok(!registry_exists($db), 'and loads none');

    my $guest = sql_session($db, 'guest');
    my $run = in_background('run', $plan, { db => $db, seconds => 300 });
    my ($slowest, $written) = (0, 0);
    while ($run->running)
    {
        my $begin = Time::HiRes::time();
        $guest->query(q{INSERT INTO "GeneratedMedia" (session_id, type, url) VALUES ('meanwhile', 'video', 'v')});
        my $took = Time::HiRes::time() - $begin;
        $slowest = $took if $took > $slowest;
        $written++;
        sleep 0.01;
    }
    $guest->quit;
    my $result = $run->finish;
    is($result->{exit}, '0', 'run') or diag("$result->{out}$result->{err}");
    cmp_ok($slowest, '<', 2, sprintf 'a guest that wrote %d times meanwhile never waited long (%.0f ms)', $written, 1000 * $slowest);
    like(result_of($db, $plan), qr/^$lines read: $good inserted, $there already there, $bad rejected \(SELECT \* FROM interlock\.rejected_1_1\)$/, 'the counts add up');
    like($result->{out}, qr/$lines read: $good inserted/, 'and are told');
    like(interlock('status', $plan, '--json', { db => $db })->{out}, qr/$lines read: $good inserted/, 'status has them, too');
    is(sql($db, q{SELECT count(*) FROM "GeneratedMedia" WHERE session_id IS DISTINCT FROM 'meanwhile'}), 50 + $good, 'so many rows are there');

    my %told = map { /^(\d+) (.*)$/s ? ($1 => $2) : () } @{ rejected($db) };
    my @wrong = grep { ($told{$_} // '') !~ $wanted{$_} } sort { $a <=> $b } keys %wanted;
    ok(!@wrong, 'each line of no use is kept with its reason') or diag(map { "$_: " . ($told{$_} // 'nothing') . "\n" } grep { defined } @wrong[ 0 .. 9 ]);
    is_deeply([ grep { !$wanted{$_} } keys %told ], [], 'and no other');
    is(sql($db, 'SELECT text FROM interlock.rejected_1_1 WHERE line = 117'), $export[116], 'as it stands in the file');
    is(sql($db, sprintf q{SELECT concat_ws('|', "userId", session_id, type, prompt, settings, model, "createdAt"::date) FROM "GeneratedMedia" WHERE id = '%s'}, uuid('bbbbbbbb', 1)),
        'guest|image|a "cat" — café|{"b": 1,  "a": [1.50, null]}|2025-01-01', 'a row is what its line says, and the rest its defaults');
    is(left($db), 'inserted_1_1 rejected_1_1', 'what was only needed meanwhile is gone');

    my $rows = table_rows($db);
    runs_ok([ 'run', $plan ], 'run twice', { db => $db });
    is(table_rows($db), $rows, 'inserts once');
    my $other = imports("$export, rejects = $bad", 'export_again');
    my $twice = runs_ok([ 'run', $other ], 'another plan with the same file', { db => $db, seconds => 300 });
    is(table_rows($db), $rows, 'changes nothing');
    my $all = $good + $there;
    like(result_of($db, $other), qr/^$lines read: 0 inserted, $all already there, $bad rejected/, 'and says so');
    runs_ok([ 'undo', $other, '--yes' ], 'undo of that', { db => $db });
    is(table_rows($db), $rows, 'takes nothing away');

    sql($db, q{DELETE FROM "GeneratedMedia" WHERE session_id = 'meanwhile'});
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db, seconds => 300 });
    is(table_rows($db), $before, 'takes back exactly what it inserted');
    is(left($db), '', 'and leaves nothing');
    drop_world($db);
};

part 'no line of no use is allowed' => sub {
    my $db = world('media', $world);
    my $before = table_rows($db);
    my $plan = imports($beginning, 'strict');
    my $bad = $few / 100;
    my $run = exits(3, [ 'run', $plan ], qr/strict\.lua:4.* = line 17: invalid input/s, 'it fails', { db => $db, seconds => 300 });
    like($run->{err}, qr/$bad lines of the file are of no use \(interlock\.rejected_1_1\), 0 allowed; no row was inserted/, 'and says why');
    like($run->{err}, qr/= line 117: kind: invalid input value.*and @{[ $bad - 10 ]} more\b/s, 'with the first of them');
    like($run->{err}, qr/SELECT \* FROM interlock\.rejected_1_1 ORDER BY line .*interlock undo strict/, 'and where the others are');
    is(table_rows($db), $before, 'nothing is inserted');
    is(sql($db, 'SELECT count(*) FROM interlock.rejected_1_1'), $bad, 'they can be looked at');
    exits(3, [ 'run', $plan ], qr/$bad lines of the file are of no use/, 'again it says the same', { db => $db });
    data_file('mended.jsonl', map { "$export[$_ - 1]\n" } grep { !$wanted{$_} } 1 .. 2000);
    imports($beginning =~ s/beginning/mended/r, 'strict');
    exits(7, [ 'run', $plan ], qr/is not the one that is under way/, 'another file is another plan', { db => $db });
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(left($db), '', 'leaves nothing');
    runs_ok([ 'run', $plan ], 'and the mended file goes in', { db => $db });
    like(result_of($db, $plan), qr/^1980 read: 1958 inserted, 22 already there, 0 rejected$/, 'all of it');
    drop_world($db);
};

part 'cut short' => sub {
    my $bad = $few / 100;
    my $plan = imports("$beginning, rejects = $bad", 'cut');
    my $db = world('media', $world);
    runs_ok([ 'run', $plan ], 'undisturbed', { db => $db, seconds => 300 });
    my ($rows, $told) = (table_rows($db), result_of($db, $plan));
    like($told, qr/^$few read: \d+ inserted, \d+ already there, $bad rejected/, 'it is told');
    my $lines_rejected = sql($db, 'SELECT md5(string_agg(r::text, chr(10) ORDER BY line)) FROM interlock.rejected_1_1 r');
    drop_world($db);
    for my $when (map { [ split ] } 'load 1', 'load 2', 'try 1', 'try 5', 'insert 1', 'insert 4')
    {
        my ($method, $batches) = @$when;
        $db = killed_when($plan, $method, $batches);
        runs_ok([ 'run', $plan ], 'it goes on', { db => $db, seconds => 300 });
        is(table_rows($db), $rows, 'the same rows');
        is(sql($db, 'SELECT md5(string_agg(r::text, chr(10) ORDER BY line)) FROM interlock.rejected_1_1 r'), $lines_rejected, 'the same lines rejected');
        is(result_of($db, $plan), $told, 'the same counts');
        is(sql($db, q{SELECT count(DISTINCT (method, lo)) - count(*) FROM interlock.chunk}), 0, 'no batch was done twice');
        is(left($db), 'inserted_1_1 rejected_1_1', 'nothing is left behind');
        drop_world($db);
    }
    # Connections that are cut, in the middle of COPY too: it connects again, or is run again.
    $db = world('media', $world);
    my ($cut, $attempts, $last) = (0, 0);
    while ($attempts++ < 20 && (!$last || $last->{exit} ne '0'))
    {
        my $run = in_background('run', $plan, { db => $db, seconds => 300 });
        for (; $run->running; sleep rand 0.4)
        {
            $cut += sql($db, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '$db' AND application_name LIKE 'interlock:%'") if $cut < 20;
        }
        $last = $run->finish;
        last if $last->{exit} !~ /^[026]$/;
    }
    is($last->{exit}, '0', "$cut connections were cut, in $attempts attempts") or diag($last->{err});
    is(table_rows($db), $rows, 'the same rows');
    is(result_of($db, $plan), $told, 'the same counts');
    drop_world($db);
    $db = killed_when($plan, 'insert', 3);
    runs_ok([ 'undo', $plan, '--yes' ], 'undo of a half', { db => $db, seconds => 300 });
    is(sql($db, q{SELECT count(*) FROM "GeneratedMedia"}), 50, 'takes it back');
    is(left($db), '', 'all of it');
    drop_world($db);
};

# A database in which a run was killed once it had done so many batches of that kind; one that was too fast is tried
# again.
sub killed_when
{
    my ($plan, $method, $batches) = @_;
    for my $attempt (1 .. 10)
    {
        my $db = world('media', $world);
        my $look = sql_session($db, 'look');
        my $run = in_background('run', $plan, { db => $db, seconds => 300 });
        my $there = wait_until(sub { $look->query(q{SELECT to_regclass('interlock.chunk') IS NOT NULL}) =~ /t/ }, 60);
        wait_until(sub { $look->query("SELECT count(*) >= $batches FROM interlock.chunk WHERE method = '$method'") =~ /t/ }, 60) if $there;
        my $end = $run->signal('KILL')->finish;
        $look->quit;
        wait_until(sub { sql($db, "SELECT count(*) FROM pg_stat_activity WHERE datname = '$db' AND application_name LIKE 'interlock:%'") == 0 }, 10);
        if ($end->{signal} == 9 || $attempt == 10)
        {
            is($end->{signal}, 9, "killed after batch $batches of those that $method");
            return $db;
        }
        drop_world($db);
    }
    return;
}

part 'a file that changes' => sub {
    my $db = world('media', $world);
    my $before = table_rows($db);
    my @some = map { media(uuid('cccccccc', $_)) . "\n" } 1 .. 30;
    my $path = data_file('changes.jsonl', @some);
    my $plan = imports($beginning =~ s/beginning/changes/r, 'changes');
    my $file = project() . '/messages';
    my $other = world('media', $world);
    runs_ok([ 'run', $plan ], 'undisturbed', { db => $other, env => { INTERLOCK_FAULT_COUNT => $file } });
    my ($messages) = PostgreSQL::Test::Utils::slurp_file($file) =~ /(\d+)/;
    drop_world($other);

    # Changed when it is compiled and approved, before it is read.
    my $run = in_background('run', $plan, { db => $db, env => { INTERLOCK_FAULT => 'stop:' . int($messages / 3) } });
    ok(wait_until(sub { $run->stopped || !$run->running }, 20) && $run->stopped, 'stopped before it reads the file');
    data_file('changes.jsonl', @some, media(uuid('cccccccc', 99)) . "\n");
    my $result = $run->signal('CONT')->finish;
    is($result->{exit}, '7', 'it is refused');
    like($result->{err}, qr/the file is not the one that the plan was compiled with.*changes\.lua:4.*interlock undo changes/s, 'plainly');
    is(table_rows($db), $before, 'and nothing is inserted');
    is(sql($db, 'SELECT count(*) FROM interlock.import_1_1'), 0, 'nor loaded');
    exits(7, [ 'run', $plan ], qr/is not the one that is under way/, 'the next run finds another plan', { db => $db });
    data_file('changes.jsonl', @some);
    runs_ok([ 'run', $plan ], 'with the file as it was it goes on', { db => $db });
    like(result_of($db, $plan), qr/^30 read: 30 inserted, 0 already there, 0 rejected$/, 'to the end');

    # The plan's own folder may be another one the next time.
    system('cp', '-r', project() . '/plans', project() . '/elsewhere') == 0 or die 'cp failed';
    unlink $path;
    exits(4, [ 'run', $plan ], qr/cannot read "changes\.jsonl".*changes\.lua:4/s, 'a file that is gone', { db => $db });
    runs_ok([ 'status', 'changes' ], 'status needs no file', { db => $db });
    runs_ok([ 'undo', 'changes', '--yes' ], 'nor does undo', { db => $db });
    is(table_rows($db), $before, 'which takes it back');
    runs_ok([ 'run', project() . '/elsewhere/changes.lua' ], 'a copy of both in another folder is the same plan', { db => $db });
    is(sql($db, q{SELECT count(*) FROM "GeneratedMedia"}), 80, 'and is read there');
    drop_world($db);
};

# ---- Files ----

part 'files that are refused' => sub {
    my $folder = project();
    data_file('fine.jsonl', "{}\n");
    mkdir "$folder/plans/folder";
    my $outside = PostgreSQL::Test::Utils::tempdir();
    PostgreSQL::Test::Utils::append_to_file("$outside/secret.jsonl", "{}\n");
    symlink "$outside/secret.jsonl", "$folder/plans/link.jsonl";
    symlink $outside, "$folder/plans/away";
    symlink "$folder/plans/fine.jsonl", "$folder/plans/inside.jsonl";
    system('mkfifo', "$folder/plans/pipe") == 0 or die 'mkfifo failed';
    data_file('closed.jsonl', "{}\n");
    chmod 0, "$folder/plans/closed.jsonl";
    my %why = (
        'nothing.jsonl' => qr/No such file or directory/, 'folder' => qr/it is a folder/, 'pipe' => qr/it is not an ordinary file/,
        'closed.jsonl' => qr/Permission denied/, "$outside/secret.jsonl" => qr/the path is absolute/, '/etc/passwd' => qr/the path is absolute/,
        'link.jsonl' => qr/outside of the plan's root/, 'away/secret.jsonl' => qr/outside of the plan's root/,
        '../../../../../../../../../../etc/passwd' => qr/outside of the plan's root/, '' => qr/it has no name/,
    );
    for my $file (sort keys %why)
    {
        my $plan = imports(qq{into = "t", file = "$file", format = "jsonl"}, 'refused');
        exits(4, [ 'check', '--offline', $plan ], undef, "\"$file\"", { out => qr/cannot read "\Q$file\E", the "file" of import_rows: .*$why{$file}.*refused\.lua:4/s });
    }
    runs_ok([ 'check', '--offline', imports(qq{into = "t", file = "$_", format = "jsonl"}, 'taken') ], "\"$_\" is read") for 'inside.jsonl', './fine.jsonl', 'folder/../fine.jsonl', '../plans/fine.jsonl';
    exits(4, [ 'check', '--offline', imports(qq{into = "t", format = "jsonl", file = { path = "x", real = "/etc/passwd", sha256 = "x" }}, 'sly') ],
        undef, 'a table instead of a name', { out => qr/must be the name of a file/ });
};

# Imports a file into a fresh table, and says what became of it.
my $table = q{CREATE TABLE t (id integer PRIMARY KEY, name text DEFAULT 'nobody', note varchar(5), tags text[], more jsonb)};

sub into_table
{
    my ($name, $format, $content, $options) = @_;
    my $db = world('table', $table);
    my $file = "content_$plans.$format";
    data_file($file, $content);
    my $plan = imports(qq{into = "t", file = "$file", format = "$format", rejects = 100} . ($options ? ", $options" : ''));
    my $run = interlock('run', $plan, { db => $db, seconds => 120 });
    my $rows = sql($db, q{SELECT string_agg(concat_ws('|', id, coalesce(name, 'NULL'), coalesce(note, 'NULL'), tags, more), E'\n' ORDER BY id) FROM t});
    my $seen = { run => $run, rows => $rows, rejected => $run->{exit} eq '0' ? rejected($db) : [] };
    $seen->{result} = $run->{exit} eq '0' ? result_of($db, $plan) : '';
    drop_world($db);
    diag("$run->{out}$run->{err}") if $run->{exit} ne '0' && !$name;
    return $seen;
}

part 'what lines are made of' => sub {
    my $bom = "\xef\xbb\xbf";
    my $long = qq({"id": 3, "name": ") . 'x' x (9 << 20) . qq("}\n);
    my $seen = into_table('', 'jsonl', qq($bom\{"id": 1, "name": "a"}\r\n\r\n   \n{"id": 2}\n$long) . qq({"id": 4, "na\0me": 1}\n{"id": 5, "name": null, "note": "ééééé", "tags": ["a", "b,c"], "more": "text"}));
    is($seen->{rows}, "1|a|NULL\n2|nobody|NULL\n5|NULL|ééééé|{a,\"b,c\"}|\"text\"", 'JSON lines: mark, CRLF, empty lines, no last line end, defaults');
    is_deeply($seen->{rejected}, [ '5 it is longer than 8 MB', '6 byte 14 is a NUL, which no text may hold' ], 'and what cannot be read');
    is($seen->{result} =~ s/ \(.*//r, '5 read: 3 inserted, 0 already there, 2 rejected', 'counted');

    $seen = into_table('', 'csv', qq($bom) . qq(id,name,note,tags,more\r\n1,"a, ""b""\nc",,"{x,""y z""}","{""k"": 1}"\r\n\r\n2,,"",,\n3,x\n4,y,toolong,,\nfive,,,,\n6,\\N,x,,[1]\n7,plain,x,,oops\n8,z,x,\\.,\n));
    is($seen->{rows}, qq(1|a, "b"\nc|NULL|{x,"y z"}|{"k": 1}\n2|NULL|\n6|\\N|x|[1]), 'CSV: quotes, lines in values, NULL and the empty text, arrays, JSON');
    is_deeply([ map { s/:.*\K: .*//r } @{ $seen->{rejected} } ],
        [ '6 it has 2 values, the first line has 5 names', '7 note: value too long for type character varying(5)', '8 id: invalid input syntax for type integer',
          '10 more: invalid input syntax for type json', '11 tags: malformed array literal: "\."' ], 'and what is wrong in which line');

    is(into_table('', 'jsonl', '')->{result}, '0 read: 0 inserted, 0 already there, 0 rejected', 'an empty file of JSON lines');
    is(into_table('', 'csv', "id,name\n")->{result}, '0 read: 0 inserted, 0 already there, 0 rejected', 'a CSV file of names alone');
    my %fails = (
        'an empty CSV file' => [ '', qr/the file is empty: a CSV file begins with the names/ ],
        'a name twice' => [ "id,id\n1,2\n", qr/has the name "id" twice/ ],
        'no name' => [ "id,,note\n1,2,3\n", qr/has no name for column 2/ ],
        'a quote that is never closed' => [ qq(id,name\n1,a\n2,"b\n3,c\n), qr/line 3 has a quote that is never closed/ ],
        'UTF-16' => [ "\xff\xfei\0d\0\n\0", qr/encoded in UTF-16.*iconv/s ],
        'a field that is for no column' => [ "id,nam\n1,a\n", qr/fields that are for no column: "nam" \(line 2\)/ ],
    );
    for my $name (sort keys %fails)
    {
        $seen = into_table($name, 'csv', $fails{$name}[0]);
        is($seen->{run}{exit}, '3', $name);
        like($seen->{run}{err}, qr/import_\d+\.lua:4/, 'says where');
        like($seen->{run}{err}, $fails{$name}[1], 'and why');
        is($seen->{rows}, '', 'and nothing is inserted');
    }
    is(into_table('', 'csv', "id,nam,x\n1,a,b\n", 'columns = { id = "id", name = "nam" }, ignore = "x"')->{rows}, '1|a|NULL', 'fields by another name, and one that is ignored');
};

part 'what tables are made of' => sub {
    my $db = world('tables', <<'SQL');
CREATE DOMAIN short AS varchar(3) CHECK (value <> 'no');
CREATE DOMAIN given AS text NOT NULL DEFAULT 'by domain';
CREATE TABLE "Order Items" ("Item Id" integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, "key" text UNIQUE, s short, g given, fixed char(3), b bit(3), n numeric(4, 1),
  twice integer GENERATED ALWAYS AS ("Item Id" * 2) STORED, il_lo integer, stray integer, made timestamptz NOT NULL DEFAULT now());
CREATE TABLE later (id integer PRIMARY KEY DEFERRABLE);
CREATE TABLE keyless (id integer);
CREATE TABLE parts (id integer PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE FUNCTION say_no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.id = 13 THEN RAISE 'not thirteen'; END IF; RETURN CASE WHEN new.id = 14 THEN NULL ELSE new END; END $$;
CREATE TABLE picky (id integer PRIMARY KEY, parent integer REFERENCES picky DEFERRABLE INITIALLY DEFERRED);
CREATE TRIGGER no BEFORE INSERT ON picky FOR EACH ROW EXECUTE FUNCTION say_no();
DO $$ BEGIN EXECUTE (SELECT 'CREATE TABLE wide (id integer PRIMARY KEY, ' || string_agg('c' || n || ' integer', ', ') || ')' FROM generate_series(1, 130) n); END $$;
SQL
    data_file('items.jsonl', map { "$_\n" } '{"key": "a", "s": "abc", "fixed": "abc", "b": "101", "n": 1.25, "il_lo": 1, "stray": 2}', '{"key": "b", "s": "abcd"}', '{"key": "c", "s": "no"}',
        '{"key": "d", "fixed": "abcd"}', '{"key": "e", "b": "1010"}', '{"key": "f", "n": 12345}', '{"key": "g", "g": null}', '{"key": null}', '{"key": "a"}');
    my $plan = imports(q{into = '"Order Items"', file = "items.jsonl", format = "jsonl", rejects = 10, columns = { "key", "s", "g", "fixed", "b", "n", "il_lo", "stray" }});
    runs_ok([ 'run', $plan ], 'domains, lengths, names', { db => $db });
    is(sql($db, q{SELECT concat_ws('|', "Item Id" > 0, key, s, g, fixed, b, n, il_lo, stray) FROM "Order Items"}), 't|a|abc|by domain|abc|101|1.3|1|2', 'nothing is cut, the rest is default');
    like(join("\n", @{ rejected($db) }), qr/^2 s: value too long.*^3 value for domain short violates.*^4 fixed: value too long.*^5 b: bit string.*^6 n: numeric field overflow.*^7 domain given.*^8 it has no "key"/ms, 'each for its own reason');

    data_file('numbers.csv', "id\n", map { "$_\n" } 1, 5, 12, 13, 14, 1);
    $plan = imports(q{into = "parts", file = "numbers.csv", format = "csv", rejects = 9});
    runs_ok([ 'run', $plan ], 'a partitioned table', { db => $db });
    is(sql($db, 'SELECT string_agg(id::text, \' \' ORDER BY id) FROM parts'), '1 5', 'rows that have a partition');
    like(rejected($db)->[0], qr/^4 no partition of relation "parts" found for row/, 'the others have their reason');

    data_file('family.jsonl', map { qq({"id": $_->[0], "parent": $_->[1]}\n) } [ 1, 'null' ], [ 2, 1 ], [ 13, 1 ], [ 14, 1 ], [ 15, 99 ], [ 1, 'null' ]);
    $plan = imports(q{into = "picky", file = "family.jsonl", format = "jsonl", rejects = 9});
    runs_ok([ 'run', $plan ], 'triggers, and constraints that are deferred', { db => $db });
    is(result_of($db, $plan) =~ s/ \(.*//r, '6 read: 2 inserted, 2 already there, 2 rejected', 'a row that a trigger left out is not inserted');
    like(join("\n", @{ rejected($db) }), qr/^3 not thirteen\n5 .*violates foreign key constraint/, 'what they say is the reason');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });

    # Whether a row of the same file is there shows only when it is inserted.
    $plan = imports(q{into = "picky", file = "family.jsonl", format = "jsonl", rejects = 1}, 'orphan');
    exits(3, [ 'run', $plan ], qr/2 lines could not be inserted \(interlock\.rejected_\d+_1\), 1 allowed; some .* and 2 rows are inserted.*line 5: .*interlock undo orphan/s,
        'one that becomes of no use late', { db => $db });
    runs_ok([ 'undo', $plan, '--yes' ], 'undo of it', { db => $db });
    is(sql($db, 'SELECT count(*) FROM picky'), 0, 'takes back what was inserted');

    $plan = imports(q{into = "picky", file = "family.jsonl", format = "jsonl", rejects = 9, on_conflict = "error"});
    runs_ok([ 'run', $plan ], 'on_conflict = "error"', { db => $db });
    like(join("\n", @{ rejected($db) }), qr/^6 duplicate key value violates unique constraint "picky_pkey": Key \(id\)=\(1\) already exists/m, 'a row that is there is rejected');

    data_file('wide.jsonl', '{"id": 1, ' . join(', ', map { qq("c$_": $_) } 1 .. 130) . "}\n", qq({"id": 2, "c130": "x"}\n));
    $plan = imports(q{into = "wide", file = "wide.jsonl", format = "jsonl", rejects = 1});
    runs_ok([ 'run', $plan ], 'a hundred and thirty columns', { db => $db });
    is(sql($db, 'SELECT concat_ws(\' \', id, c1, c40, c41, c130) FROM wide'), '1 1 40 41 130', 'each in its place');
    is_deeply(rejected($db), [ '2 c130: invalid input syntax for type integer: "x"' ], 'and named');

    my %refused = (
        q{into = "later", file = "numbers.csv", format = "csv"} => qr/has no primary key, and no unique key/,
        q{into = "keyless", file = "numbers.csv", format = "csv"} => qr/has no primary key/,
        q{into = '"Order Items"', file = "items.jsonl", format = "jsonl", columns = { "s", "n" }} => qr/the columns that the file fills are no unique key of public\."Order Items"/,
        q{into = '"Order Items"', file = "items.jsonl", format = "jsonl", columns = { "key", "twice" }} => qr/column twice of public\."Order Items" is computed by the server/,
        q{into = '"Order Items"', file = "items.jsonl", format = "jsonl", columns = { "key", "keys" }} => qr/no column keys in public\."Order Items" \(there is key\)/,
        q{into = "nothing", file = "numbers.csv", format = "csv"} => qr/no table public\.nothing/,
    );
    exits(4, [ 'check', imports($_, 'no') ], undef, $_, { db => $db, out => $refused{$_} }) for sort keys %refused;
    drop_world($db);
};

part 'kept for a while' => sub {
    my $db = world('table', $table);
    data_file('one.csv', "id\n1\nx\n");
    my $plan = imports(q{into = "t", file = "one.csv", format = "csv", rejects = 1, archive = "1 ms"}, 'short');
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    is(left($db), 'inserted_1_1 rejected_1_1', 'rows and lines are known');
    runs_ok([ 'sync' ], 'sync', { db => $db });
    is(left($db), '', 'until their time is over');
    exits(3, [ 'undo', $plan, '--yes' ], qr/had kept for undo is gone/, 'then there is no way back', { db => $db });
    is(sql($db, 'SELECT count(*) FROM t'), 1, 'and the row stays');
    drop_world($db);
};

part 'memory' => sub {
    plan skip_all => 'sanitizers need memory of their own' if $ENV{SAN};
    data_file('large.jsonl', map { qq({"id": $_, "name": ") . 'x' x 4000 . qq("}\n) } 1 .. 10000);
    my $plan = imports(q{into = "t", file = "large.jsonl", format = "jsonl"}, 'large');
    my $db = world('table', $table);
    my $process = in_background('run', $plan, { db => $db, seconds => 120 });
    my $peak;
    for (; $process->running; sleep 0.05) { $peak = $process->peak // $peak }
    is($process->finish->{exit}, '0', '40 MB are imported');
    cmp_ok($peak // 1000, '<', 20, sprintf 'in less than 20 MB (%.1f)', $peak // 1000);
};

done_testing();
