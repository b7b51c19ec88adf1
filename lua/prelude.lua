-- The shape of plans: the words plan, phase, gate, …, fragment, lookup, sql and require, and one per primitive.  Runs
-- before a plan, gets the functions of src/plan/lua_host.h, and gives back the words, a function that ends the plan,
-- and one that documents a library.
local host = ...

local words = {}
local made = {}       -- what the words made: an opaque value -> its record, with the tag "step", "block" or "fragment"
local unfinished = {} -- calls that still wait for their braces: function -> { text, span }
local waiting_plan    -- the last of them that is a plan
local names_of = {}   -- functions that make a step -> their name

-- Diagnostics -------------------------------------------------------------------------------------------------------

local function say(rule, summary, more)
  local diag = { severity = "error", rule = rule, summary = summary, span = {}, chain = {}, details = {} }
  for key, value in pairs(more or {}) do diag[key] = value end
  if not diag.span[1] then
    local frames = host.frames()
    diag.span = frames[1]
    for i = 2, #frames do diag.chain[i - 1] = frames[i] end
  end
  host.list(diag.chain)
  host.list(diag.details)
  host.report(diag)
end

local function fail(rule, summary, more)
  say(rule, summary, more)
  host.stop()
end

local function place(span) return ("%s:%d"):format(span[1], span[2]) end

local function did_you_mean(word, known)
  local near = host.suggest(word, known)
  return near and ('did you mean "%s"?'):format(near)
end

local function keys(t)
  local list = {}
  for key in pairs(t) do list[#list + 1] = tostring(key) end
  return list
end

-- Tables as authors write them --------------------------------------------------------------------------------------

local articles = { step = "a step", fragment = "a fragment", phase = "a phase", gate = "a gate",
                   approval = "an approval", safety_period = "a safety period", rollout = "a rollout",
                   plan = "a plan" }

-- Makes a value that plans can only pass on.
local function make(record)
  local value = host.opaque(articles[record.kind or record.tag])
  made[value] = record
  return value
end

-- The one label of a word such as phase "label".
local function label_of(word, ...)
  local label = ...
  if select("#", ...) ~= 1 or type(label) ~= "string" or label == "" then
    fail("bad-value", ('%s takes a label, then braces'):format(word),
         { help = ('write %s "%s" { … }'):format(word, word == "safety_period" and "30 days" or "label") })
  end
  return host.copy(label, ("the label of %s"):format(word))
end

-- The one table of a word or step.
local function table_of(subject, what, ...)
  local t = ...
  if select("#", ...) ~= 1 or type(t) ~= "table" or made[t] then
    fail("bad-value", ("%s takes one table of %s"):format(subject, what),
         { help = ("write %s { … }"):format(subject) })
  end
  return t
end

-- Splits a table into its entries without a name, in order, and those with one.
local function split(t, subject)
  local list, named = {}, {}
  for key, value in pairs(t) do
    if type(key) == "string" then
      named[key] = value
    elseif key == #list + 1 then
      list[key] = value
    else
      fail("bad-value", ("entry %s of %s is nil"):format(#list + 1, subject),
           { help = "does a function there forget to return its value?" })
    end
  end
  return list, named
end

-- Something stands where only `expected` may stand.
local function misplaced(value, subject, expected)
  local waiting = unfinished[value]
  if waiting then
    fail("gate-without-braces", ("%s has no braces"):format(waiting.text),
         { span = waiting.span, help = ("write %s { … }, with nothing inside if there is nothing to say")
           :format(waiting.text) })
  elseif names_of[value] then
    fail("bad-value", ("%s has no braces"):format(names_of[value]),
         { help = ("write %s { … }"):format(names_of[value]) })
  end
  local record = made[value]
  local what = record and articles[record.kind or record.tag] or ("a %s value"):format(type(value))
  local help
  if not record and type(value) == "table" then help = "a list goes in as fragment(list)" end
  if record and record.tag == "step" then help = 'put it inside a phase: phase "label" { … }' end
  fail("bad-value", ("%s holds %s, not %s"):format(subject, expected, what),
       { help = help, span = record and record.data and record.data.span,
         chain = record and record.data and record.data.chain })
end

-- Where the author's code stands: the innermost line, and its callers outwards.
local function here()
  local frames, chain = host.frames(), {}
  for i = 2, #frames do chain[i - 1] = frames[i] end
  return frames[1], host.list(chain)
end

-- A word that takes a label and then braces; `finish` gets the label and what stands in the braces.
local function labelled(word, finish)
  words[word] = host.entry(function(...)
    local label, open = label_of(word, ...), nil
    local text = ('%s "%s"'):format(word, label)
    open = host.entry(function(...)
      unfinished[open] = nil
      return finish(label, table_of(text, "entries", ...), text)
    end)
    unfinished[open] = { text = text, span = host.frames()[1] }
    if word == "plan" then waiting_plan = unfinished[open] end
    return open
  end)
end

-- Steps and blocks --------------------------------------------------------------------------------------------------

for _, name in ipairs(host.primitives) do
  words[name] = host.entry(function(...)
    local options = host.copy(table_of(name, "named options", ...), name)
    if #options > 0 then
      fail("bad-value", ("%s takes one table of named options"):format(name),
           { help = ("write %s { option = value, … }"):format(name) })
    end
    local span, chain = here()
    return make { tag = "step", data = { ["do"] = name, options = options, span = span, chain = chain } }
  end)
  names_of[words[name]] = name
end

-- Collects the steps of a list, those of fragments among them.
local function add_steps(list, subject, steps)
  for _, value in ipairs(list) do
    local record = made[value]
    if record and record.tag == "step" then
      steps[#steps + 1] = record.data
    elseif record and record.tag == "fragment" then
      add_steps(record.list, subject, steps)
    else
      misplaced(value, subject, "steps")
    end
  end
  return steps
end

labelled("phase", function(label, t, text)
  local list, named = split(t, text)
  local extra = keys(named)[1]
  if extra then
    fail("bad-value", ('%s holds steps, not an option "%s"'):format(text, extra),
         { help = "options stand inside the braces of a step, settings beside the phases" })
  end
  local span, chain = here()
  return make { tag = "block", kind = "phase", label = label, span = span, chain = chain, options = {},
                steps = add_steps(list, text, {}) }
end)

for _, kind in ipairs { "gate", "approval", "safety_period", "rollout" } do
  labelled(kind, function(label, t, text)
    local list, named = split(t, text)
    if list[1] ~= nil then misplaced(list[1], text, "named options") end
    local span, chain = here()
    return make { tag = "block", kind = kind, label = label, span = span, chain = chain,
                  options = host.copy(named, text), steps = {} }
  end)
end

words.fragment = host.entry(function(...)
  local list, named = split(table_of("fragment", "blocks or steps", ...), "fragment")
  local span, chain = here()
  local name = named.name
  named.name = nil
  local extra = keys(named)[1]
  if extra then
    fail("bad-value", ('fragment has no option "%s"'):format(extra), { help = 'it takes a name and blocks' })
  elseif name ~= nil and type(name) ~= "string" then
    fail("bad-value", '"name" of fragment must be a text')
  end
  for _, value in ipairs(list) do
    if not made[value] then misplaced(value, "fragment", "blocks or steps") end
  end
  return make { tag = "fragment", list = list, span = span, chain = chain,
                name = name and ('"%s"'):format(name) or ("the fragment at %s"):format(place(span)) }
end)

-- lookup { … } stands on the right-hand side of a column.
words.lookup = host.entry(function(...)
  return { lookup = host.copy(table_of("lookup", "named options", ...), "lookup") }
end)

-- The plan ----------------------------------------------------------------------------------------------------------

local tools = { say = say, fail = fail, place = place, made = made, misplaced = misplaced, split = split, keys = keys,
                did_you_mean = did_you_mean }
local weave = host.include("weave")(host, tools)
tools.same = weave.same
local declared = host.include("options")(host, tools)
local parameters = declared.parameters
words.options = declared.options
labelled("param", declared.param)

local result

local function finished(block)
  local data = { kind = block.kind, label = block.label, span = block.span }
  if block.kind == "phase" then data.steps = host.list(block.steps) else data.options = block.options end
  return data
end

labelled("plan", function(name, t, text)
  local span = host.frames()[1]
  if span[1] ~= host.path then
    fail("plan-in-library", "a library file cannot hold a plan", { help = "return blocks with fragment { … }" })
  elseif result then
    fail("two-plans", "the file holds two plans",
         { details = { ("the first is at %s"):format(place(result.span)) }, help = "one file holds one plan" })
  end
  local list, named = split(t, text)
  local blocks = weave.blocks({ list = list, name = "the plan itself", span = span }, text)
  for i, block in ipairs(blocks) do blocks[i] = finished(block) end
  result = { name = name, span = span, settings = host.copy(named, text), blocks = host.list(blocks) }
end)

words.sql = host.entry(function(text, values, ...)
  if select("#", ...) > 0 or type(text) ~= "string" or (values ~= nil and type(values) ~= "table") then
    fail("bad-value", "sql takes a text and a table of names with their values",
         { help = "write sql([[ … :'name' … ]], { name = value })" })
  end
  local done, why, help = host.interpolate(host.copy(text, "sql"), host.copy(values or {}, "sql"))
  if not done then fail("bad-value", ("sql cannot fill in the text: %s"):format(why), { help = help }) end
  return done
end)

-- Libraries ---------------------------------------------------------------------------------------------------------

local loaded, loading = {}, {}

-- What a library returned, read-only through and through.
local function frozen(value, seen)
  if type(value) ~= "table" or host.is_sealed(value) then return value end
  if not seen[value] then
    local inside = {}
    seen[value] = host.seal(inside, value)
    for key, item in pairs(value) do host.rawset(inside, key, frozen(item, seen)) end
  end
  return seen[value]
end

local function module_of(name)
  if type(name) == "string" and name:find("^[a-z0-9_]+$") then return nil, name end
  local library, file = (type(name) == "string" and name or ""):match("^([a-z0-9_]+)%.([a-z0-9_]+)$")
  if not library then
    fail("bad-library-name", ('"%s" is not the name of a library'):format(name),
         { help = 'small letters, digits and "_", with one dot at most: require "keys", require "team.keys"' })
  end
  return library, file
end

words.require = host.entry(function(name)
  local library, file = module_of(name)
  if loaded[name] ~= nil then return loaded[name] end
  if loading[name] then
    fail("require-cycle", ('the library "%s" requires itself'):format(name), { help = "the lines above show how" })
  end
  loading[name] = true
  local chunk, path, near = host.module(library, file)
  if not chunk then
    fail("library-not-found", ('cannot read the library "%s"'):format(name),
         { details = { path }, help = near and ('did you mean "std.%s"?'):format(near) })
  end
  local value = frozen(chunk(), {})
  loaded[name] = value == nil and true or value
  return loaded[name]
end)

-- The end -----------------------------------------------------------------------------------------------------------

local function finish()
  if not result and waiting_plan then
    fail("no-plan", ("%s has no braces"):format(waiting_plan.text),
         { span = waiting_plan.span, help = ("write %s { … }"):format(waiting_plan.text) })
  elseif not result then
    fail("no-plan", "the file holds no plan", { span = { host.path, 1 }, help = 'write plan "name" { … }' })
  end
  for name in pairs(host.values) do
    if parameters[name] == nil then
      say("unknown-parameter", ('the plan has no parameter "%s"'):format(name),
          { span = result.span, help = did_you_mean(name, keys(parameters)) })
    end
  end
  result.parameters = parameters
  return result
end

return words, finish, host.include("document")(host, tools)
