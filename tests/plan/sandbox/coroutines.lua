-- expect: unknown-name
for _ = 1, 1000000000 do coroutine.wrap(function() end)() end
