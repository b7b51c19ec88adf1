-- expect: lua-syntax
-- says: comma
plan "x" {
  phase "a" { }
  phase "b" { }
}
