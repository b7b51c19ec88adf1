-- The same as it was written first, from the application's schema file.  It says what it takes for granted, so it stops
-- before anything runs: user keys have never been uuid in this database.
plan "as_the_schema_file_says" {
  title = "Projects have a memory",

  phase "expand" {
    expect_column { table = '"bazaar-vid_user"', column = "id", type = "uuid" },

    create_table_if_missing {
      table = '"bazaar-vid_project_memory"',
      columns = [[
        "id"        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        "projectId" uuid NOT NULL,
        "toldBy"    uuid,
        "key"       varchar(255) NOT NULL,
        "value"     text NOT NULL
      ]],
    },
  },
}
