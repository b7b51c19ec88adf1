-- expect: no-plan
local seen = {}
for key in pairs { b = 1, a = 1, [3] = 1, [10] = 1, [2.5] = 1, aa = 1, [true] = 1, [1] = 1 } do
  seen[#seen + 1] = tostring(key)
end
assert(table.concat(seen, " ") == "1 2.5 3 10 a aa b true", table.concat(seen, " "))
local t = { x = 1, y = 2, z = 3 }
for key in pairs(t) do t[key] = nil end
for _ in pairs(t) do error "something is left" end
for _ in pairs(_ENV) do error "globals can be listed" end
