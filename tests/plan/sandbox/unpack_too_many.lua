-- expect: lua-error
-- says: too many results
table.unpack({}, 1, 1 << 30)
