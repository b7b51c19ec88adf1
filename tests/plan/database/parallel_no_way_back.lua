-- given: CREATE TABLE app.tickets (id bigint PRIMARY KEY, price numeric NOT NULL, code text NOT NULL, note text)
plan "no_way_back" {
  title = "Tickets in another shape",
  phase "expand" {
    parallel_table {
      live    = "app.tickets",
      shadow  = "app.tickets_v2",
      columns = [[ id bigint PRIMARY KEY, cents bigint NOT NULL, code varchar(10) NOT NULL ]],
      copy    = { cents = "round(price * 100)::bigint", code = "code::varchar(10)" },
      copy_back = { code = "code" },
    },
  },
  phase "backfill" { backfill { shadow = "app.tickets_v2" } },
  phase "verify" { expect_same_rows { live = "app.tickets", shadow = "app.tickets_v2" } },
  phase "switch" { rename_swap { live = "app.tickets", shadow = "app.tickets_v2", retire_as = "app.tickets_old", sync_back = true } },
  safety_period "30 days" { unused = "app.tickets_old" },
}
