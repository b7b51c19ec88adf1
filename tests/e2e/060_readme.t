# The README's quick start, typed as it stands: each file that it shows is written, each command of its console
# blocks is run on one throwaway server, and what it prints is compared word for word, but for times, the folder of
# the server's socket, and its minor version.
use strict;
use warnings;

use File::Temp ();
use IPC::Run ();
use Interlock::Test;
use PostgreSQL::Test::Utils;
use Test::More;

my $readme = PostgreSQL::Test::Utils::slurp_file(top() . '/README.md');
my $folder = File::Temp::tempdir(CLEANUP => 1);
chmod 0755, $folder;

# A fenced block whose first line is a comment with a file's name is that file.
my (%files, @commands);
while ($readme =~ /^```(\w+)\n(.*?)^```$/msg)
{
    my ($kind, $text) = ($1, $2);
    if ($kind eq 'console')
    {
        my $command;
        for my $line (split /\n/, $text)
        {
            if ($line =~ /^\$ (.*)/) { push @commands, $command = { line => $1, output => '' } }
            elsif ($command) { $command->{output} .= "$line\n" }
        }
    }
    elsif ($text =~ m{\A-- (\S+\.(?:lua|sql))\n}) { $files{$1} = $text }
}
ok(%files && @commands > 5, 'the README shows files and commands');

for my $name (keys %files)
{
    my ($where) = $name =~ m{^(.*)/};
    mkdir "$folder/$where" if defined $where;
    open my $file, '>', "$folder/$name" or die "cannot write $name: $!";
    print $file $files{$name};
    close $file;
}

# All commands in one shell, each with a mark before and its exit code behind.
my $script = "cd '$folder'\n";
$script .= "echo '=== $_'\n$commands[$_]{line} 2>&1\necho \"--- \$?\"\n" for 0 .. $#commands;
PostgreSQL::Test::Utils::append_to_file("$folder/typed.sh", $script);
(my $bin = $ENV{INTERLOCK} || top() . '/build/interlock') =~ s{/[^/]*$}{};
local $ENV{PATH} = "$bin:$ENV{PATH}";
my $all = '';
IPC::Run::run([ "$bin/interlock", 'sandbox', '--', 'sh', "$folder/typed.sh" ], '<', \'', '>', \$all, '2>', \$all,
    IPC::Run::timeout($ENV{SAN} ? 300 : 120)) or diag($all);

sub same_words
{
    my ($text) = @_;
    $text =~ s{/tmp/il-\w+}{/tmp/il-…}g;
    $text =~ s{PostgreSQL \d+\.\d+}{PostgreSQL N}g;
    $text =~ s{ +\b\d+ (?:ms|s)\b}{ T}g;
    $text =~ s{\b\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d\.\d+)?}{DATE}g;
    return $text;
}

for my $i (0 .. $#commands)
{
    my ($printed, $code) = $all =~ /^=== $i\n(.*?)^--- (\d+)$/ms;
    next if $commands[$i]{line} =~ /^cat /;
    is(same_words($printed // 'nothing'), same_words($commands[$i]{output}), "\$ $commands[$i]{line}");
}
done_testing();
