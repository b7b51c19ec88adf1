# The world of examples/image-urls for the tests, with fewer rows, and the statements of its two releases.
package Interlock::ImageUrls;

use strict;
use warnings;

use Exporter 'import';
use Interlock::Test;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(image_urls_world image_urls_plan image_urls_folder old_release new_release);

sub image_urls_folder { return top() . '/examples/image-urls' }
sub image_urls_plan   { return image_urls_folder() . '/plans/image_urls.lua' }

# A fresh database of the example, 4,000 messages.
sub image_urls_world
{
    return world('image_urls', sub {
        my ($db) = @_;
        my ($schema, $data) = map { PostgreSQL::Test::Utils::slurp_file(image_urls_folder() . "/$_") } qw(schema.sql data.sql);
        sql($db, $schema);
        sql($db, "SET interlock.rows = 4000;\n$data");
    });
}

my $one_project = q{(SELECT id FROM "bazaar-vid_project" ORDER BY id LIMIT 1)};

# What the release before the migration sends, for application().
sub old_release
{
    return (
        q{SELECT id, role, content, status FROM "bazaar-vid_message" WHERE "projectId" = } . $one_project . q{ ORDER BY "createdAt" LIMIT 20},
        qq{INSERT INTO "bazaar-vid_message" ("projectId", role, content) VALUES ($one_project, 'user', 'from the old release')},
        q{UPDATE "bazaar-vid_message" SET status = 'seen' WHERE id = (SELECT id FROM "bazaar-vid_message" ORDER BY id LIMIT 1)},
        q{DELETE FROM "bazaar-vid_message" WHERE content = 'from the old release'},
    );
}

# What the release after it sends as well; works only while the column is there.
sub new_release
{
    return (
        qq{INSERT INTO "bazaar-vid_message" ("projectId", role, content, image_urls) VALUES ($one_project, 'user', 'from the new release', '["x.png"]')},
        q{SELECT id, image_urls->>0 FROM "bazaar-vid_message" WHERE image_urls IS NOT NULL LIMIT 20},
    );
}

1;
