-- expect: sandbox-limit
-- says: 64 MiB
local all = {}
for i = 1, 2000000 do all[i] = { i } end
