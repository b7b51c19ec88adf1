plan "syntax" {
  title = "A comma is missing"
  phase "expand" { },
}
