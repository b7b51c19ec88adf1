# The first things that a reader tries: the licence, the demo, the tests.
use strict;
use warnings;
use Test::More;

chdir($ENV{INTERLOCK_TOP} || '.') or die;

sub text_of
{
    my ($path) = @_;
    open my $file, '<', $path or return '';
    local $/;
    return scalar <$file>;
}

my $readme = text_of('README.md');
like($readme, qr/SPDX-License-Identifier: \S+/, 'README.md names the licence');
like($readme, qr/^\s*(?:\$ )?make demo\b/m, 'README.md shows make demo');
like($readme, qr/^\s*(?:\$ )?make check\b/m, 'README.md shows make check');
ok(-x '.ci/run', '.ci/run can be run');
like(text_of('.ci/run'), qr/^make check\b/m, '.ci/run runs make check');

# Every primitive and every command is named where the README says what is there.
my ($there) = $readme =~ /^## What is there.*?\n(.*?)^## /ms;
for my $file (glob('src/steps/*.c'), glob 'src/cli/cmd_*.c')
{
    my ($name) = $file =~ m{/(?:cmd_)?(\w+)\.c$};
    $name =~ tr/_/-/ if $file =~ /cmd_/;
    like($there // '', qr/`\Q$name\E`/, "README.md names $name");
}

my $makefile = text_of('Makefile');
for my $target (qw(all demo check bench lint format install clean))
{
    like($makefile, qr/^$target:/m, "make $target exists");
}

done_testing();
