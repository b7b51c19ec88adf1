-- What luacheck knows about plans: the words of the language, and one per file of src/steps/.
std = "lua54"
max_line_length = 120

local words = { "plan", "phase", "gate", "approval", "safety_period", "fragment", "lookup", "param", "options", "sql" }
local steps = io.popen("ls src/steps/*.c 2>/dev/null")
for path in steps:lines() do
  words[#words + 1] = path:match("([%w_]+)%.c$")
end
steps:close()

files["lua/std"].read_globals = words
files["examples"].read_globals = words
files["tests"].read_globals = words
-- These are wrong on purpose.
exclude_files = { "tests/plan/sandbox" }
