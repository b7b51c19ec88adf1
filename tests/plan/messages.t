# What broken plans are told, word for word: tests/plan/messages/NAME.lua and beside it NAME.txt, what `check
# --offline` prints.  UPDATE_MESSAGES=1 writes the texts anew, to be read before they are committed.
use strict;
use warnings;

use Interlock::Test;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = top() . '/tests/plan/messages';
for my $path (sort glob "$folder/*.lua")
{
    my ($name) = $path =~ m{([^/]+)\.lua$};
    my $result = interlock('check', '--offline', "./$name.lua", { dir => $folder });
    my $said = $result->{out} . $result->{err};
    my $text = "$folder/$name.txt";
    if ($ENV{UPDATE_MESSAGES})
    {
        open my $file, '>', $text or die "cannot write $text: $!";
        print $file $said;
        close $file;
    }
    my $wanted = -e $text ? PostgreSQL::Test::Utils::slurp_file($text) : '';
    is($said, $wanted, "$name: what it is told");
    is($result->{exit}, $wanted =~ /^error/m ? 4 : 0, "$name: exit code");
    like($said, qr/$name\.lua:\d+|plan ".*" has no/, "$name: says where");
}
done_testing();
