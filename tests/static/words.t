# What no file of the repository may hold: addresses of package registries, words about how the text came to be
# instead of what it says, and white space that shows differently in every editor.
use strict;
use warnings;
use File::Find;
use Test::More;

chdir($ENV{INTERLOCK_TOP} || '.') or die;

# Written so that no pattern matches its own line.
my @forbidden = (
    [ qr{deb\.debian\.org|security\.debian\.org|apt\.postgresql\.org|packages\.debian\.org}i, 'a package server' ],
    [ qr{npmjs\.(?:com|org)|pypi\.(?:org|python)|crates\.io|luarocks\.org|rubygems\.org|proxy\.golang}i, 'a registry' ],
    [ qr{/wor[k]/}, 'a path of one machine' ],
    [ qr{toolbo[x]\.md|design/(?:engine|checks|cli|language|performance|style|anchors)\.m[d]}i, 'a file that is not here' ],
    [ qr{\b(?:this|previous|next|my|coding) sess[i]on\b(?! (?:of|is|has|in|on|can|that|with))(?=.*\b(?:agent|develope[r]|task)\b)}i, 'a working session' ],
    [ qr{\b(?:the|our) lea[d] (?:will|owns|says|wrote|asked|has)\b|\bper the brie[f]\b|\bas (?:instructe[d]|requeste[d] by)\b}i, 'who asked for it' ],
    [ qr{\b(?:cla[u]de|anthro[p]ic|chat[g]pt|open[a]i|copi[l]ot|language mod[e]l)\b}i, 'a writing tool' ],
    [ qr{\b(?:FIX[M]E|XX[X]|HAC[K])\b}, 'a note to oneself' ],
);

my @files;
find({ no_chdir => 1, wanted => sub { push @files, $_ if -f && -T } },
    grep { -e } qw(.ci Makefile README.md CHANGELOG.md examples lua man src tests vendor));

my (@words, @spaces);
for my $file (sort map { s{^\./}{}r } @files)
{
    my ($tabs, $blanks) = (0, 0);
    open my $text, '<', $file or die "$file: $!";
    while (<$text>)
    {
        for my $rule (@forbidden)
        {
            push @words, "$file:$.: $rule->[1]: $&" if $_ =~ $rule->[0];
        }
        next if $file =~ /\.patch$/;    # the margin of a patch is a space
        push @spaces, "$file:$.: white space at the end" if /[ \t]$/ && $file !~ /\.md$/;
        push @spaces, "$file:$.: a space before a tab" if /^\t* +\t/;
        push @spaces, "$file:$.: a carriage return" if /\r$/;
        $tabs++ if /^\t/;
        $blanks++ if /^ {2}/;
    }
    # C aligns with spaces after tabs, make and generated text have rules of their own.
    push @spaces, "$file: some lines are indented with tabs, some with spaces"
      if $tabs && $blanks && $file !~ m{\.[ch]$|^Makefile|\.md$|/expected/};
}
ok(!@words, 'no forbidden words') or diag(join "\n", @words);
ok(!@spaces, 'no mixed white space') or diag(join "\n", @spaces);

done_testing();
