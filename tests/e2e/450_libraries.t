# Libraries of others: brought by git, pinned, compared and documented; what a hostile repository can't do.
use strict;
use warnings;

use File::Path qw(make_path);
use File::Temp ();
use Interlock::Test;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = File::Temp::tempdir(CLEANUP => 1);
my %git = (GIT_AUTHOR_NAME => 'a', GIT_AUTHOR_EMAIL => 'a@example.com', GIT_COMMITTER_NAME => 'a', GIT_COMMITTER_EMAIL => 'a@example.com',
    GIT_CONFIG_NOSYSTEM => 1, HOME => $folder, TMPDIR => "$folder/tmp");
make_path("$folder/tmp");
local @ENV{ keys %git } = values %git;

sub put
{
    my ($path, $text) = @_;
    make_path($path =~ s{/[^/]*$}{}r);
    unlink $path;
    open my $file, '>:raw', $path or die "cannot write $path: $!";
    print $file $text;
    close $file or die;
    return;
}

sub git
{
    my ($repository, @words) = @_;
    my $out = '';
    IPC::Run::run([ 'git', '-C', $repository, @words ], '<', \'', '>', \$out, '2>&1') or die "git @words: $out";
    return $out;
}

# A repository with these files, committed under a tag.
sub repository
{
    my ($name, $tag, %files) = @_;
    my $path = "$folder/$name";
    make_path($path);
    git($path, 'init', '-q', '-b', 'main') if !-e "$path/.git";
    put("$path/$_", $files{$_}) for keys %files;
    git($path, 'add', '-A');
    git($path, 'commit', '-q', '--allow-empty', '-m', $tag);
    git($path, 'tag', $tag);
    return $path;
}

# An empty repository of plans; the options to run the program there.
sub plans
{
    my ($name, %files) = @_;
    my $path = "$folder/plans-$name";
    put("$path/interlock.conf", '');
    put("$path/$_", $files{$_}) for keys %files;
    return { dir => $path };
}

sub slurp { return PostgreSQL::Test::Utils::slurp_file($_[0]) }

# Every file below a folder with its text.
sub tree
{
    my ($path) = @_;
    my $out = '';
    IPC::Run::run([ 'find', $path, '-type', 'f', '-print', '-exec', 'sha256sum', '{}', ';' ], '>', \$out);
    return join "\n", sort split /\n/, $out;
}

my $text_1 = <<'LUA';
-- A text key becomes the id of a row.
local function to_id(given)
  local o = options(given, {
    table  = "table",
    column = { "column", help = "the new column" },
    to     = { "table", help = "the table that it refers to" },
    batch  = { "integer", default = 500, min = 1 },
  })
  return fragment {
    add_column_if_missing { table = o.table, column = o.column, type = "bigint" },
    add_foreign_key { table = o.table, column = o.column, references = o.to },
  }
end
return { to_id = to_id }
LUA
my $plan = <<'LUA';
local keys = require "keys.text"
plan "posts" {
  title = "Posts have an image",
  phase "expand" { keys.to_id { table = "posts", column = "image_id", to = "storage" } },
}
LUA
my $other = qq{plan "other" { title = "t", phase "expand" { add_column_if_missing { table = "posts", column = "note", type = "text" } } }\n};
my $source = repository('keys', 'v1', 'text.lua' => $text_1, 'LICENSE' => "PostgreSQL\n", 'tests/text_test.lua' => 'nothing', 'Other-Name.lua' => 'return 1');

subtest 'add, list, verify, doc' => sub {
    my $at = plans('add', 'plans/posts.lua' => $plan);
    exits(4, [ 'check', '--offline', 'posts' ], undef, 'a library that is not there', { %$at, out => qr/cannot read the library "keys\.text"/ });
    like(runs_ok([ 'lib', 'add', 'keys', $source, 'v1', '-n' ], 'a dry run', $at)->{err}, qr/nothing was written/, 'writes nothing');
    ok(!-e "$at->{dir}/vendor" && !-e "$at->{dir}/interlock.lock", 'nothing at all');
    my $add = runs_ok([ 'lib', 'add', 'keys', $source, 'v1' ], 'add', $at);
    like($add->{err}, qr/2 other entries of the repository left out, as Other-Name\.lua/, 'says what it left out');
    is(join(' ', sort map { s{.*/}{}r } glob "$at->{dir}/vendor/keys/*"), 'LICENSE text.lua', 'its code and its licence are copied');
    is(slurp("$at->{dir}/vendor/keys/text.lua"), $text_1, 'as they are');
    my $pin = JSON::PP::decode_json(slurp("$at->{dir}/interlock.lock"))->{libraries}{keys};
    is($pin->{commit}, git($source, 'rev-parse', 'v1') =~ s/\n//r, 'with the commit');
    my $sums = '';
    IPC::Run::run([ 'sh', '-c', "cd '$at->{dir}/vendor/keys' && LC_ALL=C sha256sum * | sha256sum | cut -c1-64" ], '>', \$sums);
    is("$pin->{tree}\n", $sums, 'the hash of the tree is what sha256sum makes of it');
    runs_ok([ 'check', '--offline', 'posts' ], 'the plan can use it', $at);
    like(runs_ok([ 'lib', 'list' ], 'list', $at)->{out}, qr/^keys +v1 +\w{10} +2 files +\Q$source\E$/m, 'names it');
    like(runs_ok([ 'lib', 'verify' ], 'verify', $at)->{out}, qr/1 library as pinned/, 'holds');
    my $doc = runs_ok([ 'lib', 'doc', 'keys' ], 'doc', $at)->{out};
    is($doc, <<'TEXT', 'tells the options');
require "keys.text"
  to_id { ... }
    batch            integer, else 500
    column           column, required
                       the new column
    table            table, required
    to               table, required
                       the table that it refers to
TEXT
    like(runs_ok([ 'lib', 'doc', 'std.orphans' ], 'doc of the standard library', $at)->{out}, qr/quarantine_then_reference \{ \.\.\. \}\n +foreign_keys +list of any, required/, 'too');
    exits(1, [ 'lib', 'doc', 'std' ], qr/help: std comes with interlock: interlock help std names its files/, 'std alone', $at);
    exits(1, [ 'lib', 'doc', 'keyz' ], qr/did you mean "keys"/, 'a wrong name', $at);
    exits(1, [ 'lib', 'add', 'keys', $source, 'v1' ], qr/is there already, at v1 .*\n.*lib update keys REVISION/, 'add again', $at);
    exits(1, [ 'lib', 'update', 'keys', 'v9' ], qr/no revision "v9"/, 'a revision that is not there', $at);
    exits(1, [ 'lib', 'add', 'gone', "$folder/gone" ], qr/cannot fetch .*\n.*git: /, 'a repository that is not there', $at);
    exits(64, [ 'lib', 'add', $_, $source ], qr/no name for a library/, "the name $_") for 'std', 'Keys', '../x', 'a.b';
    exits(64, [ 'lib', 'add', 'x', 'https://me:secret@example.com/x.git' ], qr/holds a password/, 'a password is not written down', $at);
    runs_ok([ 'lib', 'add', 'again', "file://$source", 'main' ], 'by a URL and a branch', $at);
    runs_ok([ 'lib', 'remove', 'again', '-n' ], 'remove, dry', $at);
    ok(-e "$at->{dir}/vendor/again/text.lua", 'removes nothing');
    runs_ok([ 'lib', 'remove', 'again' ], 'remove', $at);
    ok(!-e "$at->{dir}/vendor/again", 'takes it away');
    runs_ok([ 'lib', 'verify' ], 'and its pin', $at);
};

subtest 'a changed file is refused by every command' => sub {
    my $db = world('libraries', 'CREATE TABLE storage (id bigint PRIMARY KEY); CREATE TABLE posts (id bigint PRIMARY KEY)');
    my $at = plans('changed', 'plans/posts.lua' => $plan, 'plans/other.lua' => $other);
    my $with = { %$at, db => $db };
    runs_ok([ 'lib', 'add', 'keys', $source, 'v1' ], 'add', $at);
    runs_ok([ 'run', 'posts', '--to', 'expand' ], 'run', $with);
    my $file = "$at->{dir}/vendor/keys/text.lua";
    put($file, $text_1 . "-- changed\n");
    my @said = (qr{vendor/keys/text\.lua was changed: it is not what interlock\.lock pins}, qr/git checkout vendor.*lib update keys/);
    for my $command ([qw(check --offline posts)], [qw(check posts)], [qw(check)], [qw(show posts)], [qw(preview posts)], [qw(run posts)], [qw(run posts -n)], [qw(adopt posts)],
        [qw(amend posts --accept), 'a' x 64], [qw(verify posts)], [qw(undo posts --yes)], [qw(status posts)], [qw(lib verify)], [qw(lib diff keys v1)], [qw(lib doc keys)], [qw(lib update keys v1)], [qw(lib remove keys)])
    {
        my $result = interlock(@$command, $with);
        my $all = $result->{out} . $result->{err};
        # undo, verify and status go by what the registry has, or read the file and refuse it: nothing in between
        if ($result->{exit} == 0) { unlike($all, qr/changed/, "@$command: works from the registry"); like($command->[0], qr/^(undo|status|verify)$/, "@$command: and may"); next }
        is($result->{exit}, 4, "@$command: is refused") or diag($all);
        like($all, $_, "@$command: says why") for @said;
    }
    put($file, $text_1);
    runs_ok([ 'lib', 'verify' ], 'as it was', $at);
    runs_ok([ 'check', '--offline', 'other' ], 'other plans', $at);
    put("$at->{dir}/vendor/keys/more.lua", 'return 1');
    exits(4, [ 'lib', 'verify' ], undef, 'a file more', { %$at, out => qr{vendor/keys/more\.lua is not in interlock\.lock} });
    put("$at->{dir}/plans/more.lua", qq{require "keys.more"\n$other});
    exits(4, [ 'check', '--offline', 'more' ], undef, 'is not read either', { %$at, out => qr{vendor/keys/more\.lua is not in interlock\.lock} });
    unlink "$at->{dir}/vendor/keys/more.lua", "$at->{dir}/plans/more.lua", $file;
    exits(4, [ 'lib', 'verify' ], undef, 'a file less', { %$at, out => qr{text\.lua is missing} });
    symlink '/etc/hostname', $file;
    exits(4, [ 'lib', 'verify' ], undef, 'a link', { %$at, out => qr{text\.lua is not an ordinary file} });
    unlink $file;
    runs_ok([ 'lib', 'update', 'keys' ], 'update brings back what is missing', $at);
    put("$at->{dir}/vendor/mine/x.lua", 'return 1');
    put("$at->{dir}/plans/mine.lua", qq{require "mine.x"\n$other});
    exits(4, [ 'lib', 'verify' ], undef, 'a folder that nobody pinned', { %$at, out => qr{vendor/mine belongs to no library} });
    exits(4, [ 'check', '--offline', 'mine' ], undef, 'is not used', { %$at, out => qr{library "mine" is not pinned} });
    for my $lock ('', '<<<<<<< HEAD', '{}', '{"format": 2, "libraries": {}}', slurp("$at->{dir}/interlock.lock") =~ s/("tree": ")./${1}g/r, slurp("$at->{dir}/interlock.lock") =~ s/text\.lua/..\/text.lua/r)
    {
        put("$at->{dir}/interlock.lock", $lock);
        exits(4, [ 'check', '--offline', 'posts' ], undef, 'a lock that is none', { %$at, out => qr/interlock\.lock is of no use.*\n(?:.*\n)*.*git checkout interlock\.lock/ });
        exits(1, [ 'lib', 'verify' ], qr/interlock\.lock is of no use/, 'to lib as well', $at);
    }
    drop_world($db);
};

subtest 'a harmful change is seen by lib diff alone' => sub {
    my $at = plans('diff', 'plans/posts.lua' => $plan, 'plans/other.lua' => $other);
    runs_ok([ 'lib', 'add', 'keys', $source, 'v1' ], 'add', $at);
    # comments, names and layout change, and amid them what somebody should have seen
    my $harmful = $text_1 =~ s/^-- A text.*/-- Faster now./r;
    $harmful =~ s/local function to_id\(given\)/local function convert(given)/;
    $harmful =~ s/to_id = to_id/to_id = convert/;
    $harmful =~ s/references = o.to \}/references = o.to, on_delete = "cascade" }/;
    $harmful =~ s/^(  return fragment \{\n)/$1    drop_column_if_exists { table = o.table, column = "image_key", loses = "it is not needed" },\n/m;
    repository('keys', 'v2', 'text.lua' => $harmful);
    repository('keys', 'v1.1', 'text.lua' => $text_1 =~ s/^-- A text.*/-- Only words differ./r);
    my $before = tree($at->{dir});
    my $diff = runs_ok([ 'lib', 'diff', 'keys', 'v2' ], 'diff', $at)->{out};
    is($diff =~ s/plan \w+\.\.\.\w+ -> \w+\.\.\.\w+/plan H/r =~ s/\(\w{10}\)/(C)/gr, <<'TEXT', 'shows what would be run, and nothing else');
plans/posts.lua  plan H
    ...
      title = "Posts have an image",

      phase "expand" {
  +     -- destructive: drop column image_key of public.posts
  +     drop_column_if_exists { column = "image_key", loses = "it is not needed", table = "posts" },
        -- additive: add column image_id bigint to public.posts
        add_column_if_missing { column = "image_id", table = "posts", type = "bigint" },
  -     -- additive: add to public.posts FOREIGN KEY (image_id) REFERENCES public.storage
  -     add_foreign_key { column = "image_id", references = "storage", table = "posts" },
  +     -- additive: add to public.posts FOREIGN KEY (image_id) REFERENCES public.storage ON DELETE CASCADE
  +     add_foreign_key {
  +       column = "image_id",
  +       on_delete = "cascade",
  +       references = "storage",
  +       table = "posts",
  +     },
      },
    }
keys v1 (C) -> v2 (C): 1 of 2 plans change
TEXT
    is(tree($at->{dir}), $before, 'and writes nothing');
    exits(7, [ 'lib', 'diff', 'keys', 'v2', '--exit-code' ], undef, 'for a pipeline', $at);
    like(runs_ok([ 'lib', 'diff', 'keys', 'v1.1', '--exit-code' ], 'where only words differ', $at)->{out}, qr/: 0 of 2 plans change$/m, 'no plan changes');
    my @lines = json_lines(runs_ok([ 'lib', 'diff', 'keys', 'v2', '--json' ], 'as JSON', $at)->{out});
    is_deeply([ map { $_->{file} } grep { $_->{type} eq 'plan' && $_->{changed} } @lines ], ['plans/posts.lua'], 'names the plan');
    my $show = sub { return JSON::PP::decode_json(runs_ok([ 'show', 'posts', '--json' ], 'show', $at)->{out})->{hash} };
    my $hash = $show->();
    runs_ok([ 'lib', 'update', 'keys', 'v1.1' ], 'update', $at);
    is($show->(), $hash, 'the plan is what it was');
    is((grep { $_->{type} eq 'plan' } @lines)[0]{before}, $hash, 'which diff had said');
    runs_ok([ 'lib', 'update', 'keys', 'v2' ], 'update to the harmful one', $at);
    is($show->(), (grep { $_->{type} eq 'plan' } @lines)[0]{after}, 'the plan is what diff had said');
    repository('keys', 'v3', 'text.lua' => $text_1 =~ s/to_id = to_id/renamed = to_id/r);
    exits(4, [ 'lib', 'diff', 'keys', 'v3' ], undef, 'a version that breaks a plan', { %$at, out => qr/plans\/posts\.lua  does not compile with the other version/ });
};

subtest 'versions that contradict each other' => sub {
    my $base = repository('base', 'v1', 'x.lua' => 'return { n = 1 }');
    my $made = plans('made');
    runs_ok([ 'lib', 'add', 'base', $base, 'v1' ], 'a library is made with another one', $made);
    my $lock_1 = slurp("$made->{dir}/interlock.lock");
    repository('base', 'v2', 'x.lua' => 'return { n = 2 }');
    runs_ok([ 'lib', 'update', 'base', 'v2' ], 'and later with a newer one', $made);
    my $lock_2 = slurp("$made->{dir}/interlock.lock");
    my $upper = repository('upper', 'v1', 'y.lua' => 'return { f = function() return require "base.x" end }', 'interlock.lock' => $lock_1);
    repository('upper', 'v2', 'interlock.lock' => $lock_2);

    my $at = plans('conflict', 'plans/other.lua' => $other);
    exits(4, [ 'lib', 'add', 'upper', $upper, 'v1' ], qr/needs the library "base" at v1.*\n.*lib add base \Q$base\E v1 first/, 'what it needs is not there', $at);
    runs_ok([ 'lib', 'add', 'base', $base, 'v2' ], 'another version of it', $at);
    my $before = tree($at->{dir});
    exits(4, [ 'lib', 'add', 'upper', $upper, 'v1' ], qr/"upper" at v1 needs "base" at v1, and here it is pinned at v2.*\n.*lib update base v1/, 'is a conflict', $at);
    is(tree($at->{dir}), $before, 'nothing is written');
    runs_ok([ 'lib', 'add', 'upper', $upper, 'v2' ], 'the version that fits', $at);
    exits(4, [ 'lib', 'update', 'base', 'v1' ], qr/"upper" at v2 needs "base" at v2, not at v1/, 'the other way round', $at);
    exits(4, [ 'lib', 'diff', 'base', 'v1' ], qr/"upper" at v2 needs "base" at v2, not at v1/, 'for diff as well', $at);
    runs_ok([ 'lib', 'verify' ], 'all is as pinned', $at);
};

subtest 'a hostile repository' => sub {
    my $at = plans('hostile', 'plans/other.lua' => $other);
    my $refused = sub {
        my ($name, $pattern, $repository) = @_;
        my $before = tree($folder . '/plans-hostile');
        exits(4, [ 'lib', 'add', 'bad', $repository ], $pattern, $name, $at);
        is(tree($folder . '/plans-hostile'), $before, "$name: nothing is written");
    };
    my $links = repository('links', 'v1', 'good.lua' => 'return {}');
    symlink '/etc/passwd', "$links/evil.lua";
    repository('links', 'v2');
    $refused->('a link out of the tree', qr/evil\.lua is a symbolic link/, $links);
    unlink "$links/evil.lua";
    symlink '/etc/passwd', "$links/README";
    symlink '/etc', "$links/sub";
    repository('links', 'v3');
    runs_ok([ 'lib', 'add', 'links', $links ], 'links that are no code', $at);
    is(join(' ', map { s{.*/}{}r } glob "$at->{dir}/vendor/links/*"), 'good.lua', 'are left out');

    $refused->('a folder by the name of a file', qr/x\.lua is a folder/, repository('folder', 'v1', 'x.lua/y' => ''));
    $refused->('a file that is too large', qr/x\.lua is longer than 1 MiB/, repository('huge', 'v1', 'x.lua' => '-- ' . 'x' x (2 << 20)));
    runs_ok([ 'lib', 'add', 'large', repository('large', 'v1', 'x.lua' => 'return {}', 'film.bin' => 'x' x (8 << 20)) ], 'a large file that is no code', $at);
    ok(!-e "$at->{dir}/vendor/large/film.bin", 'is left out');
    $refused->('more files than anybody reads', qr/more files than 200/, repository('many', 'v1', map { ("f$_.lua" => 'return {}') } 1 .. 201));
    $refused->('no code at all', qr/no file name\.lua at its top/, repository('none', 'v1', 'lua/x.lua' => 'return {}'));
    $refused->('a file that is no Lua', qr/syntax|near|expected|refused: x\.lua does not load/, repository('prose', 'v1', 'x.lua' => "Dear reader,\n"));
    $refused->('compiled Lua', qr/compiled Lua, not a text/, repository('compiled', 'v1', 'x.lua' => "\x1bLuaT\0\x19\x93"));
    $refused->('a zero byte', qr/holds a zero byte/, repository('zero', 'v1', 'x.lua' => "return {} --\0\n"));
    $refused->('a loop', qr/did not finish/, repository('loop', 'v1', 'x.lua' => 'while true do end'));
    $refused->('a reach for the machine', qr/"os" is a part of Lua that plans do not have/, repository('os', 'v1', 'x.lua' => 'os.execute("touch /tmp/x")'));
    my $hash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'; # of nothing, as the tree of no files
    my $lies = sub { return qq({"format": 1, "libraries": {"$_[0]": {"source": "s", "revision": "$_[1]", "commit": "c", "tree": "$hash", "files": {}, "needs": $_[2]}}}) };
    my $n = 0;
    for my $lock ('{"format": 1, "libraries": {"../x": {}}}', '{"format": 1, "libraries": {"x": 7}}', $lies->('x', '\u001b[31mred', '{}'), $lies->('x', 'v1', '[]'),
        $lies->('x', 'v1', '{"y": {}}'), $lies->('x', 'v1', '{"y": {"source": 1, "revision": "v1", "tree": null}}'), $lies->('std', 'v1', '{}'))
    {
        $refused->("a lock that lies, $n", qr/its interlock\.lock: /, repository('liar' . $n++, 'v1', 'x.lua' => 'return {}', 'interlock.lock' => $lock));
    }
    $refused->('one that is only strange', qr/needs the library "x" at v1/, repository('liar', 'v1', 'x.lua' => 'return {}', 'interlock.lock' => $lies->('x', 'v1', '{}')));

    # names that git would not make: an entry "../escaped.lua", written into the tree by hand
    my $dots = repository('dots', 'v1', 'x.lua' => 'return {}');
    my $blob = git($dots, 'rev-parse', 'HEAD:x.lua') =~ s/\n//r;
    my $object = '';
    for my $name ('../escaped.lua', '..', "a\nb.lua")
    {
        my $raw = join '', map { "100644 $_\0" . pack('H*', $blob) } sort $name, 'x.lua';
        IPC::Run::run([ 'git', '-C', $dots, 'hash-object', '-t', 'tree', '-w', '--literally', '--stdin' ], '<', \$raw, '>', \$object) or die;
        my $commit = git($dots, 'commit-tree', '-m', 'x', $object =~ s/\n//r) =~ s/\n//r;
        git($dots, 'update-ref', 'refs/heads/odd', $commit);
        my $result = interlock('lib', 'add', 'dots', $dots, 'odd', $at);
        note("$result->{exit} $result->{err}");
        ok($result->{exit} == 0 || $result->{exit} == 1, "a file called $name" =~ s/\n/\\n/r);
        ok(!-e "$at->{dir}/vendor/escaped.lua" && !-e "$at->{dir}/escaped.lua", 'goes nowhere');
        is(join(' ', map { s{.*/}{}r } glob "$at->{dir}/vendor/dots/*"), $result->{exit} ? '' : 'x.lua', 'only what is a library is taken');
        interlock('lib', 'remove', 'dots', $at);
    }
    for my $strange ("--upload-pack=touch $folder/touched", "ext::sh -c touch% $folder/touched", '-c')
    {
        my $result = interlock('lib', 'add', 'odd', '--', $strange, $at);
        isnt($result->{exit}, 0, "a source called $strange");
    }
    ok(!-e "$folder/touched", 'runs nothing');
    exits(1, [ 'lib', 'add', 'odd', $links, '--', "--output=$folder/touched" ], qr/no revision/, 'nor does a revision', $at);
    ok(!-e "$folder/touched", 'runs nothing');
    put("$links/.git/hooks/post-checkout", "#!/bin/sh\ntouch $folder/touched\n");
    chmod 0755, "$links/.git/hooks/post-checkout";
    runs_ok([ 'lib', 'update', 'links' ], 'a repository with hooks', $at);
    ok(!-e "$folder/touched", 'runs none');
};

subtest 'a full disk, a folder that can not be written' => sub {
    plan skip_all => 'root may write everywhere' if $> == 0;
    my $at = plans('readonly', 'plans/posts.lua' => $plan);
    runs_ok([ 'lib', 'add', 'keys', $source, 'v1' ], 'add', $at);
    chmod 0555, "$at->{dir}/vendor";
    exits(1, [ 'lib', 'update', 'keys', 'v1.1' ], qr/cannot write .*vendor/, 'the folder is read-only', $at);
    chmod 0755, "$at->{dir}/vendor";
    runs_ok([ 'lib', 'verify' ], 'the old version is whole', $at);
    exits(1, [ 'lib', 'add', 'more', $source ], qr/cannot run git.*\n.*install the git program/, 'without git', { %$at, env => { PATH => "$folder/nothing" } });
};

is(join(' ', grep { /interlock-lib/ } glob "$folder/tmp/*"), '', 'no temporary folder is left');

done_testing();
