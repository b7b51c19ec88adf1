-- expect: no-plan
assert(tostring({}) == "table" and tostring(print) == "function" and tostring(phase) == "function")
assert(("%s %5s"):format({}, print) == "table function")
assert(("%s %% %d"):format(setmetatable({}, { __tostring = function() return "mine" end }), 3) == "mine % 3")
