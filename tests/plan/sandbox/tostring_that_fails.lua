-- expect: lua-error
-- says: inside
tostring(setmetatable({}, { __tostring = function() error "inside" end }))
