-- What 0025_add_image_urls_to_messages.sql does, in phases.  Written by interlock convert: read it before it runs.
-- The file takes several plans, each with what belongs together, in the order of their numbers:
-- besides this one 0025_add_image_urls_to_messages_2, 0025_add_image_urls_to_messages_3
plan "0025_add_image_urls_to_messages_1" {
  title = 'add column image_urls to "bazaar-vid_message"',

  phase "expand" {
    -- line 1: ALTER TABLE "bazaar-vid_message" ADD COLUMN "image_urls" jsonb
    add_column_if_missing { table = '"bazaar-vid_message"', column = "image_urls", type = "jsonb" },
  },
}

-- What 0025_add_image_urls_to_messages.sql does, in phases.  Written by interlock convert: read it before it runs.
-- The file takes several plans, each with what belongs together, in the order of their numbers:
-- besides this one 0025_add_image_urls_to_messages_1, 0025_add_image_urls_to_messages_3
-- A comment that begins with DECIDE waits for a person: take it out when it is decided.
plan "0025_add_image_urls_to_messages_2" {
  title = 'change "bazaar-vid_user".id to varchar(255)',

  phase "expand" {
    -- line 2: ALTER TABLE "bazaar-vid_user" ALTER COLUMN "id" SET DATA TYPE varchar(255)
    -- DECIDE: change_type runs only where nothing is written anew, which the type that the column has now
    --   decides: convert with the database, or interlock check, says so. Otherwise: a second column,
    --   sync_columns, backfill, rename_swap_column
    change_type { table = '"bazaar-vid_user"', column = "id", type = "varchar(255)" },
  },
}

-- What 0025_add_image_urls_to_messages.sql does, in phases.  Written by interlock convert: read it before it runs.
-- The file takes several plans, each with what belongs together, in the order of their numbers:
-- besides this one 0025_add_image_urls_to_messages_1, 0025_add_image_urls_to_messages_2
plan "0025_add_image_urls_to_messages_3" {
  title = 'drop column "designBrief" of "bazaar-vid_animation_design_brief"',

  gate "nobody uses it any more" {
    text = "which release was the last to use what is dropped below, and who knows that it is gone?",
  },
  safety_period "30 days" { },

  phase "contract" {
    -- line 3: ALTER TABLE "bazaar-vid_animation_design_brief" DROP COLUMN "designBrief"
    drop_column_if_exists {
      table = '"bazaar-vid_animation_design_brief"',
      column = '"designBrief"',
      archive = "90 days",
    },
  },
}
