-- What visitors made before there was a table for it comes out of their browsers; whoever has an account since finds it
-- there.  After generated_media.
local media = '"GeneratedMedia"'

plan "browser_history" {
  title  = "The browsers' own history comes into the database",
  owner  = "team-media",
  ticket = "MEDIA-233",

  phase "import" {
    expect_table { table = '"GuestAccount"', columns = [[ "session_id" varchar(64) NOT NULL, "userId" uuid NOT NULL ]] },
    import_rows {
      into    = media,
      file    = "history.jsonl",
      format  = "jsonl",
      columns = { id = "id", session_id = "session", type = "type", url = "url", prompt = "prompt",
                  ['"createdAt"'] = "made" },
      ignore  = { "browser" },
      rejects = 200, -- lines; a fault in the export would make more
    },
  },

  phase "link" {
    -- guests go on writing, and signing up, meanwhile: their rows follow
    backfill {
      table = media,
      set   = { ['"userId"'] = lookup { table = '"GuestAccount"', match = { session_id = "session_id" },
                                        value = '"userId"', missing = "null" } },
    },
  },

  -- until then guests who sign up find their pictures by themselves, and undo takes all of it back
  gate "support has looked at it" { text = "Do the pictures of the ten customers who wrote to us look right?" },

  phase "verify" {
    expect_no_rows {
      query = [[
        SELECT m."id" FROM "GeneratedMedia" m JOIN "GuestAccount" a ON a."session_id" = m."session_id"
         WHERE m."userId" IS NULL ]],
      message = "a guest with an account has all pictures there",
    },
  },
}
