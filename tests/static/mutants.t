# The changes by which tests/mutate breaks the program still fit the sources, and name a test that there is.
use strict;
use warnings;

use Test::More;

my @patches = sort glob 'tests/mutants/*.patch';
cmp_ok(scalar @patches, '>', 0, 'there are some');
for my $patch (@patches)
{
    open my $file, '<', $patch or die "$patch: $!";
    my $text = join '', readline $file;
    my ($test) = $text =~ /^test: (\S+)$/m;
    ok($test && -e $test, "$patch names a test");
    is(system('git', 'apply', '--check', $patch), 0, 'and applies');
}

done_testing();
