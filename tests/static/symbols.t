# The parser and Lua are linked statically and export thousands of plain names (palloc, errmsg, …).  A global name of
# ours that they define too would replace theirs, or theirs ours, without a word.
use strict;
use warnings;
use Test::More;

chdir($ENV{INTERLOCK_TOP} || '.') or die;
my $build = $ENV{BUILD} || 'build';

# The global names that an object or archive defines.
sub defined_names
{
    my (@files) = @_;
    my %names;
    open my $nm, '-|', 'nm', '--defined-only', '--extern-only', '--no-sort', @files or die "nm: $!";
    while (<$nm>)
    {
        $names{$1} = 1 if /^[0-9a-f]+ [A-Z] (\S+)$/;
    }
    close $nm or die "nm failed";
    return \%names;
}

my @objects = sort grep { !m{/tests/} } glob("$build/*/*.o");
plan skip_all => "nothing is built in $build" unless @objects;

chomp(my $compiler = $ENV{CC} || 'cc');
my $ours = defined_names(@objects);
for my $archive (qw(libpg_query.a liblua5.4.a))
{
    chomp(my $path = `$compiler -print-file-name=$archive`);
    ok(-e $path, "$archive is there") or next;
    my $theirs = defined_names($path);
    cmp_ok(scalar keys %$theirs, '>', 100, "$archive defines names");
    my @both = grep { $theirs->{$_} } sort keys %$ours;
    ok(!@both, "no name of ours is one of $archive") or diag("both define: @both");
}

done_testing();
