-- expect: unknown-name
string.dump(function() end)
