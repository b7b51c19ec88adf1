plan "add_column_long_name" {
  title = "A name that would be cut",
  phase "expand" {
    add_column_if_missing {
      table  = "app.users",
      column = "the_date_on_which_this_user_has_accepted_our_terms_for_the_last_time",
      type   = "date",
    },
  },
}
