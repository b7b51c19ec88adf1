# A file is one idea: it begins with a comment that says which, and stays under 600 lines (tests under 800).  A function stays under 60.
use strict;
use warnings;
use Test::More;

chdir($ENV{INTERLOCK_TOP} || '.') or die;

# Functions that are longer for a good reason, with their length.  The list may only shrink.
my %allowed = ();

my (@silent, @long_files, @long_functions, %seen);
for my $file (glob 'src/*/*.[ch] lua/*.lua lua/std/*.lua tests/unit/*.[ch] tests/load/*.[ch]')
{
    open my $source, '<', $file or die "$file: $!";
    my @lines = <$source>;
    push @silent, $file unless @lines && $lines[0] =~ m{^(?:/\*|//|--)};
    push @long_files, "$file: " . @lines if @lines > ($file =~ m{^tests/} ? 800 : 600);
    next unless $file =~ /\.c$/;
    my ($name, $begin);
    for my $i (0 .. $#lines)
    {
        if ($lines[$i] =~ /^\{/)
        {
            # The name stands before the first parenthesis of the lines above, up to a blank one or a brace.
            my $head = '';
            for (my $j = $i - 1; $j >= 0 && $lines[$j] !~ /^(?:\s*$|\}|#| \*\/)/; $j--) { $head = $lines[$j] . $head }
            ($name) = $head =~ /(\w+)\s*\(/;
            $begin = $i;
        }
        elsif ($lines[$i] =~ /^\}/ && defined $begin)
        {
            my $length = $i - $begin - 1;
            my $known = defined $name ? "$file:$name" : "$file:" . ($begin + 1);
            $seen{$known} = $length;
            push @long_functions, "$known: $length lines" if $length > ($allowed{$known} || 60);
            undef $begin;
        }
    }
}
ok(!@silent, 'every source file begins with a comment') or diag(join "\n", @silent);
ok(!@long_files, 'no file is too long') or diag(join "\n", @long_files);
ok(!@long_functions, 'no function has more than 60 lines') or diag(join "\n", @long_functions);

my @stale = grep { !$seen{$_} || $seen{$_} < $allowed{$_} } sort keys %allowed;
ok(!@stale, 'the list of exceptions is not longer than it must be') or diag(join "\n", @stale);

done_testing();
