-- Messages get a list of image addresses: one column that may be empty, and nothing else.
-- No row is rewritten; the releases before and after it work on either side.
plan "image_urls" {
  title = "Messages can carry images",
  owner = "team-editor",

  phase "expand" {
    -- A migration that took user keys for UUIDs once cost this app all its users.  Stop before anything runs
    -- if this is not the database that the plan was written for.
    expect_column { table = '"bazaar-vid_user"', column = "id", type = "varchar(255)" },

    add_column_if_missing { table = '"bazaar-vid_message"', column = "image_urls", type = "jsonb" },
  },
}
