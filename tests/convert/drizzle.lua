-- What drizzle.sql does, in phases.  Written by interlock convert: read it before it runs.
plan "drizzle" {
  title = 'create table image, add column avatar_id to "user", foreign key owner_id of image to "user", and 1 more',

  phase "expand" {
    -- line 1: CREATE TABLE IF NOT EXISTS "image" ( "id" serial PRIMARY KEY NOT NULL, "owner_id" varcha …
    create_table_if_missing {
      table = "image",
      columns = [[
        "id" serial PRIMARY KEY NOT NULL,
        "owner_id" varchar(255) NOT NULL
      ]],
    },

    -- line 6: ALTER TABLE "user" ADD COLUMN "avatar_id" integer
    add_column_if_missing { table = '"user"', column = "avatar_id", type = "integer" },

    -- line 8: ALTER TABLE "image" ADD CONSTRAINT "image_owner_id_user_id_fk" FOREIGN KEY ("owner_id") RE …
    add_foreign_key {
      table = "image",
      column = "owner_id",
      references = '"user"(id)',
      name = "image_owner_id_user_id_fk",
    },

    -- line 13: ALTER TABLE "user" ADD CONSTRAINT "user_avatar_id_image_id_fk" FOREIGN KEY ("avatar_id") R …
    add_foreign_key {
      table = '"user"',
      column = "avatar_id",
      references = "image(id)",
      on_delete = "set null",
      on_update = "cascade",
      name = "user_avatar_id_image_id_fk",
    },
  },
}
