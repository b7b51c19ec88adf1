# What the program writes about itself: man pages, completion, a repository to begin with, a plan to begin with.
# All of it comes out of the tables of commands, options and primitives, so nothing may be missing from any.
use strict;
use warnings;

use File::Copy qw(copy);
use File::Path qw(make_path);
use File::Temp ();
use Interlock::Crash;
use Interlock::Test;
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my %primitives = primitives();
my @commands = sort map { m{/cmd_(\w+)\.c$} ? $1 =~ tr/_/-/r : () } glob top() . '/src/cli/cmd_*.c';
my @topics = slurp(top() . '/src/cli/help_topics.c') =~ /^\t\{"([a-z-]+)", "/mg;
my @libraries = map { m{/(\w+)\.lua$} ? "std.$1" : () } glob top() . '/lua/std/*.lua';
my $program = $ENV{INTERLOCK} || top() . '/build/interlock';

sub slurp { return PostgreSQL::Test::Utils::slurp_file($_[0]) }

sub write_file { my ($path, $text) = @_; unlink $path; PostgreSQL::Test::Utils::append_to_file($path, $text); return }

sub have { my ($name) = @_; return grep { -x "$_/$name" } split /:/, $ENV{PATH} }

sub output_of
{
    my @command = @_;
    my ($out, $err) = ('', '');
    IPC::Run::run(\@command, '<', \'', '>', \$out, '2>', \$err);
    return ($out, $err);
}

sub new_folder
{
    my $folder = File::Temp::tempdir(CLEANUP => 1);
    chmod 0755, $folder;
    return $folder;
}

subtest 'man pages' => sub {
    my $folder = new_folder();
    runs_ok([ 'help', '--man', "$folder/man" ], 'they are written');
    ok(-s "$folder/man/man1/interlock-$_.1", "one for the command $_") for @commands;
    for my $name (sort keys %primitives)
    {
        my $page = slurp("$folder/man/man7/interlock-$name.7") =~ s/\\-/-/gr;
        my @missing = grep { $page !~ /^\.B \Q$_\E\b/m } @{ $primitives{$name}{options} };
        ok(!@missing, "one for the primitive $name") or diag("without @missing");
    }
    ok(-s "$folder/man/man7/interlock-$_.7", "one for the library $_") for @libraries;
    my @pages = glob "$folder/man/man*/*";
    my @bad = grep { slurp($_) !~ /\A\.TH "INTERLOCK\S* "\d" "" "interlock \S+" "Interlock"\n\.SH NAME\ninterlock\S* \\- \S/ } @pages;
    ok(!@bad, 'each says what it is about') or diag("not @bad");
    SKIP: {
        skip 'there is no man here', 1 unless have('man');
        local $ENV{MANWIDTH} = 100;
        my %said = map { $_ => (output_of('man', '--warnings=w', '-l', $_))[1] } @pages;
        my @warned = grep { $said{$_} ne '' } sort keys %said;
        ok(!@warned, 'man has nothing to say against them') or diag("$warned[0]: $said{$warned[0]}");
    }
};

subtest 'one HTML page' => sub {
    my $page = runs_ok([ 'help', '--html' ], 'it is written')->{out};
    my %sections = map { $_ => 1 } $page =~ /<section id="([^"]+)">/g;
    my @missing = grep { !$sections{$_} } @commands, @libraries, keys %primitives;
    ok(!@missing, 'with each command and primitive') or diag("without @missing");
    my @dangling = grep { !$sections{$_} } $page =~ /<a href="#([^"]+)">/g;
    ok(!@dangling, 'each link leads to a section') or diag("@dangling");
    my %open;
    for ($page =~ m{<(/?\w+)}g) { m{^/(.*)} ? $open{$1}-- : $open{$_}++ }
    delete @open{qw(meta DOCTYPE)};
    is_deeply([ grep { $open{$_} } sort keys %open ], [], 'what is opened is closed');
    unlike($page, qr/(?:src|href)="(?!#)/, 'it needs nothing else');
};

subtest 'pages for the terminal' => sub {
    like(interlock('help')->{out}, qr/^  \Q$_\E\b/m, "the overview has the command $_") for @commands;
    for my $page (@topics, @commands, 'std', @libraries, sort keys %primitives)
    {
        my $text = runs_ok([ 'help', $page ], "help $page")->{out};
        my @wide = grep { length > 100 } map { utf8::decode(my $line = $_); $line } split /\n/, $text;
        ok(!@wide, "$page is no wider than a terminal") or diag("@wide");
    }
    my $wrong = interlock('help', 'add_colum_if_missing');
    is($wrong->{exit}, 64, 'a page that is not there');
    like($wrong->{err}, qr/did you mean "add_column_if_missing"/, 'is guessed');
};

subtest 'the standard library' => sub {
    ok(@libraries > 0, 'there is one');
    for my $name (@libraries)
    {
        my $page = runs_ok([ 'help', $name ], "help $name")->{out};
        my $source = slurp(top() . '/lua/' . $name =~ tr{.}{/}r . '.lua');
        my @functions = $source =~ /^(?:local )?function ([\w.]+)\(\w+\)\n(?:(?!end).*\n)*?  local \w+ = options\(/mg;
        ok(@functions && !(grep { $page !~ /^\Q$_\E \{ \.\.\. \}\n/m } @functions), 'says what each function does') or diag($page);
        my ($rows) = join '', $source =~ /options\(\w+, \{\n(.*?)^  \}\)/msg;
        my @options = $rows =~ /^ {4}(\w+) += /mg;
        my @bare = grep { $page !~ /^  \Q$_\E +(?:\w+ )+ *(?:required)? *(?:\n +)?\S/m } @options;
        ok(@options && !@bare, 'and each option') or diag("not @bare");
        my @undocumented = grep { !/help = |choices = / } grep { /\S/ } split /^(?= {4}\w)/m, $rows;
        is_deeply(\@undocumented, [], 'in words');
    }
    is(interlock('help', 'std.kees')->{err} =~ /did you mean "std\.keys"/ ? 1 : 0, 1, 'a name that is none is guessed');
};

subtest 'completion' => sub {
    my $folder = new_folder();
    mkdir "$folder/plans";
    PostgreSQL::Test::Utils::append_to_file("$folder/plans/orders.lua", '');
    for my $shell (qw(bash zsh fish))
    {
        my $script = runs_ok([ 'completion', $shell ], $shell)->{out};
        PostgreSQL::Test::Utils::append_to_file("$folder/$shell", $script);
        SKIP: {
            skip "there is no $shell here", 1 unless have($shell);
            is((output_of($shell, '-n', "$folder/$shell"))[1], '', "$shell reads it");
        }
    }
    my %wanted = (
        'interlock appr'                     => 'approve',
        'interlock run or'                   => 'orders',
        'interlock run --take'               => '--take-over',
        'interlock --set a=b stat'           => 'status',
        'interlock new x --from add_foreign' => 'add_foreign_key',
        'interlock help exit'                => 'exit-codes',
        'interlock help std.k'               => 'std.keys',
        'interlock gate p'                   => 'pass',
        'interlock completion f'             => 'fish',
    );
    for my $line (sort keys %wanted)
    {
        my ($out) = output_of('bash', '-c', "cd '$folder'; . ./bash; COMP_WORDS=($line); COMP_CWORD=\$((\${#COMP_WORDS[@]} - 1)); _interlock; echo \${COMPREPLY[*]}");
        is($out, "$wanted{$line}\n", "bash completes: $line");
    }
    is(interlock('completion', 'ksh')->{exit}, 64, 'another shell');
};

subtest 'init' => sub {
    my $folder = new_folder();
    like(runs_ok([ 'init', "$folder/repository" ], 'init')->{out}, qr{interlock\.conf +written\n}, 'says what it wrote');
    ok(-e "$folder/repository/$_", $_) for qw(interlock.conf plans lib vendor .luarc.json .luacheckrc);
    my $conf = "$folder/repository/interlock.conf";
    PostgreSQL::Test::Utils::append_to_file($conf, "[target mine]\nhost = here\n");
    my $before = slurp($conf);
    like(runs_ok([ 'init', "$folder/repository" ], 'init again')->{out}, qr{interlock\.conf +there already}, 'says that it is there');
    is(slurp($conf), $before, 'and leaves it');
    my $names = slurp("$folder/repository/.luacheckrc");
    like($names, qr/^ +"\Q$_\E",$/m, "luacheck knows $_") for 'plan', 'gate', 'require', sort keys %primitives;
    is(interlock('init', '/proc/nowhere')->{exit}, 1, 'a folder that cannot be made');
    my $quiet = runs_ok([ 'init', '-q', "$folder/quiet" ], 'init -q');
    is("$quiet->{out}$quiet->{err}", '', 'says nothing');
    ok(-e "$folder/quiet/interlock.conf", 'and does the same');
    is(runs_ok([ 'new', 'quiet_one', '-q' ], 'new -q', { dir => "$folder/quiet" })->{out}, '', 'nor does new');
};

# Lua's own functions as .luacheckrc has them: "ipairs", "string.rep".
sub lua_names
{
    my ($text) = @_;
    my (@names, $library);
    for (split /\n/, $text =~ s/^    "plan".*//msr)
    {
        $library = "$1." if /^    (\w+) = \{ fields/;
        $library = ''    if /^    \}/;
        push @names, ($library // '') . $1 if /^ +"(\w+)",$/;
    }
    return @names;
}

subtest 'editor' => sub {
    my $folder = new_folder();
    my $told = runs_ok(['editor'], 'editor', { dir => $folder })->{out};
    like($told, qr{^  \.interlock/ +written\n}, 'says what it wrote');
    my $words = slurp("$folder/.interlock/plans.lua");
    like($words, qr/^function \Q$_\E\(options\) end$/m, "a definition of $_") for sort keys %primitives;
    like($words, qr/^---\@class interlock\.add_column_if_missing\.options: interlock\.common_options\n(?:---\@field .*\n)*---\@field column string column: /m, 'required options');
    like($words, qr/^---\@field on_delete\? "/m, 'others');
    like($words, qr/^---\@field missing "null"\|"error"\|"create"/m, 'choices');
    ok(-e "$folder/.interlock/" . s{^lua/}{}r, "$_, for require") for map { m{(lua/std/.*)} } glob top() . '/lua/std/*.lua';
    is(system("luacheck --quiet --no-config --only 011 -- '$folder/.interlock/plans.lua' > '$folder/told' 2>&1"), 0, 'they are Lua') or diag slurp("$folder/told");
    ok(JSON::PP->new->decode(slurp("$folder/.luarc.json"))->{'workspace.library'}, '.luarc.json is JSON');

    # What luacheck is told is there in a plan, and nothing else is.
    make_path("$folder/plans");
    my @names = lua_names(slurp("$folder/.luacheckrc"));
    ok((grep { $_ eq 'string.rep' } @names), 'names of Lua itself');
    write_file("$folder/plans/all.lua", join("\n", map { "assert($_ ~= nil)" } @names) . qq{\nplan "all" { title = "All of them", phase "one" { create_schema_if_missing { schema = "app" } } }\n});
    is(interlock('check', '--offline', "$folder/plans/all.lua")->{exit}, 0, 'are there');
    for my $plan (glob top() . '/examples/*/plans/*.lua ' . top() . '/lua/std/*.lua')
    {
        is(system("cd '$folder' && luacheck --quiet --no-max-line-length '$plan' > told 2>&1"), 0, "$plan calls nothing else") or diag slurp("$folder/told");
    }
    write_file("$folder/plans/typo.lua", qq{plan "typo" { title = os.date(), phase "one" { create_schema { schema = "app" } } }\n});
    my ($out) = output_of('bash', '-c', "cd '$folder' && luacheck --no-color plans/typo.lua");
    like($out, qr/undefined variable .*os.*undefined variable .*create_schema/s, 'what is not there is told');

    write_file("$folder/.luarc.json", '{ "mine": true }');
    like(runs_ok(['editor'], 'editor again', { dir => $folder })->{out}, qr{\.luarc\.json +there already}, 'what a person may have changed is left');
    is(slurp("$folder/.luarc.json"), '{ "mine": true }', 'as it is');
  SKIP: {
        skip 'no lua-language-server here', 1 if system('command -v lua-language-server > /dev/null 2>&1');
        is(system("cd '$folder' && lua-language-server --check plans --checklevel=Warning > told 2>&1"), 0, 'the language server takes it') or diag slurp("$folder/told");
    }
};

subtest 'new' => sub {
    my $folder = new_folder();
    make_path("$folder/plans");
    copy($_, "$folder/plans/") or die "$_: $!" for grep { !/\.lua$/ } glob project() . '/plans/*';    # that examples read
    for my $name (sort keys %primitives)
    {
        my $plan = "$folder/plans/begin_$name.lua";
        runs_ok([ 'new', $plan, '--from', $name ], "from $name");
        runs_ok([ 'check', '--offline', '--strict', $plan ], 'passes check') or diag(slurp($plan));
        my @wide = grep { length > 120 } split /\n/, slurp($plan);
        ok(!@wide, 'no line is too long') or diag("@wide");
    }
    my $plan = "$folder/plans/mine.lua";
    runs_ok([ 'new', $plan ], 'without --from');
    my $before = slurp($plan);
    my $again = interlock('new', $plan);
    is($again->{exit}, 1, 'a file that is there');
    like($again->{err}, qr/is there already, and was left as it is/, 'is named');
    is(slurp($plan), $before, 'and left');
    is(interlock('new', "$folder/no name.lua")->{exit}, 64, 'a name that is none');
    my $typo = interlock('new', "$folder/x.lua", '--from', 'add_colum');
    is($typo->{exit}, 64, 'a primitive that is none');
    like($typo->{err}, qr/there is no primitive "add_colum"/, 'is named');
};

done_testing();
