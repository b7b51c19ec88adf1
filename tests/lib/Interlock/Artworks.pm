# The world of examples/artworks-v2 for the tests, with fewer rows, and its application.
package Interlock::Artworks;

use strict;
use warnings;

use Exporter 'import';
use Interlock::Test;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(artworks_folder artworks_plan artworks_world api api_ends differences);

sub artworks_folder { return top() . '/examples/artworks-v2' }
sub artworks_plan   { return artworks_folder() . '/plans/artworks_v2.lua' }

# A fresh database of the example: 4,000 artworks of 500 customers.
sub artworks_world
{
    return world('artworks', sub {
        my ($db) = @_;
        my ($schema, $data) = map { PostgreSQL::Test::Utils::slurp_file(artworks_folder() . "/$_") } qw(schema.sql data.sql);
        sql($db, $schema);
        sql($db, "SET interlock.rows = 4000;\n$data");
    });
}

# Starts the application, and waits until it has written something.
sub api
{
    my ($db) = @_;
    local @ENV{qw(PGHOST PGPORT PGDATABASE)} = (server()->host, server()->port, $db);
    my $api = Interlock::Test::Process->new([ artworks_folder() . '/api' ], artworks_folder(), undef, 500);
    wait_until(sub { $api->running && sql($db, q{SELECT to_regclass('account.artworks') IS NOT NULL}) eq 't' && sql($db, 'SELECT count(*) > 20 FROM account.artworks') eq 't' }, 60)
      or die "the application did not start: $api->{out}$api->{err}";
    return $api;
}

# Ends it: it met no error, and none of its transactions waited for long.
sub api_ends
{
    my ($api, $name) = @_;
    my $end = $api->signal('TERM')->finish;
    is($end->{exit}, '0', "$name: no statement of the application failed") or diag("$end->{out}$end->{err}");
    my ($count, $half, $longest) = $end->{out} =~ /^(\d+) transactions; half of them took less than ([\d.]+) ms, the longest, \w+, (\d+) ms$/m
      or return fail("$name: it reported");
    diag("$name: $end->{out}");
    cmp_ok($count, '>', 50, "$name: it wrote");
    # The wait for a lock, and the time that one is held; and what a machine adds that is so busy.
    my $noise = $half > 20 ? 75 * $half : 1500;
    return cmp_ok($longest, '<', 50 + 500 + $noise, "$name: nobody waited for long");
}

# What is not as the application wrote it, or as it was, in one snapshot: '' when nothing is lost.
sub differences
{
    my ($db) = @_;
    return sql($db, q{SELECT what || ': ' || count(*) || ' rows, such as ' || min(id) FROM account.differences() GROUP BY what ORDER BY 1});
}

1;
