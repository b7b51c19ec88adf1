plan "create_unqualified" {
  title = "A table by hand, without a schema",
  phase "expand" {
    sql_step {
      sql = [[
        CREATE TEMPORARY TABLE scratch (id bigint);
        CREATE TABLE visits (id bigint PRIMARY KEY, page text);
        CREATE INDEX visits_page ON public.visits (page);
        CREATE VIEW app.pages AS SELECT DISTINCT page FROM public.visits;
      ]],
      undo = [[ DROP VIEW app.pages; DROP TABLE public.visits; CREATE EXTENSION IF NOT EXISTS citext ]],
    },
  },
}
