-- expect: no-plan
local words = _ENV
do
  local _ENV = {}
  x = 1
end
assert(words.type(words) == "table")
