-- What visitors generate is kept in the database instead of their browsers.  Works on a database that has nothing of
-- it, and completes one where somebody began by hand.
local media, user = '"GeneratedMedia"', '"User"'

plan "generated_media" {
  title  = "Generated images and videos are kept in the database",
  owner  = "team-media",
  ticket = "MEDIA-210",

  phase "expand" {
    -- written for this "User"; what else it has is none of our business, and stays
    expect_table { table = user, columns = [[ "id" uuid NOT NULL, "email" text NOT NULL ]] },

    create_enum_if_missing { type = "media_type", values = { "image", "video" } },
    create_table_if_missing {
      table = media,
      columns = [[
        "id"         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        "userId"     uuid,                                          -- NULL for guests
        "session_id" varchar(64),                                   -- of a guest
        "type"       media_type NOT NULL,
        "url"        text NOT NULL,
        "prompt"     text,
        "model"      varchar(100),
        "settings"   json,
        "createdAt"  timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
      ]],
    },
    add_foreign_key { table = media, column = '"userId"', references = user, on_delete = "cascade" },
    add_check { table = media, name = "media_has_an_owner",
                check = [[ "userId" IS NOT NULL OR "session_id" IS NOT NULL ]] },
  },

  phase "indexes" {
    create_index_if_missing { table = media, columns = '"userId", "createdAt" DESC', name = "media_of_user" },
    create_index_if_missing { table = media, columns = '"session_id", "createdAt" DESC', name = "media_of_guest",
                              where = [[ "session_id" IS NOT NULL ]] },
    create_index_if_missing { table = media, columns = '"createdAt"', name = "media_by_time" },
    create_index_if_missing { table = media, columns = '"model", "type"', name = "media_by_model" },
  },

  phase "verify" {
    expect_no_orphans { table = media, column = '"userId"', references = user },
    expect_no_rows {
      query = [[ SELECT "id" FROM "GeneratedMedia" WHERE "userId" IS NULL AND "session_id" IS NULL ]],
      message = "everything has an owner",
    },
    expect_fast {
      query = [[
        SELECT "id", "type", "url" FROM "GeneratedMedia"
         WHERE "userId" = (SELECT "id" FROM "User" ORDER BY "createdAt" LIMIT 1)
         ORDER BY "createdAt" DESC LIMIT 50 ]],
      under = "100 ms",
    },
  },
}
