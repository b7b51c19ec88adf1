-- expect: lua-error
-- says: a table value
error(setmetatable({}, { __tostring = function() error "x" end }))
