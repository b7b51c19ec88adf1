-- expect: sandbox-limit
-- says: did not finish within 2 s
-- Functions of the table library count in C up to a length that the table claims.
table.insert(setmetatable({}, { __len = function() return 1 << 60 end }), 1, "x")
