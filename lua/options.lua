-- Values of a kind: the options that a library declares, and the parameters of a plan.
local host, tools = ...
local say, fail, place, made = tools.say, tools.fail, tools.place, tools.made
local split, keys, did_you_mean = tools.split, tools.keys, tools.did_you_mean

local parameters = {}

-- What is wrong with a value of a kind, and the rule; nil if nothing is.  Kinds may be "list of …" and "map of …".
local function wrong(spec, value)
  local container, inner = spec.kind:match("^(%a+) of (.+)$")
  if container == "list" or container == "map" then
    if type(value) ~= "table" then return ("must be a %s"):format(container), "bad-option" end
    for _, item in pairs(value) do
      local why, rule = wrong({ kind = inner }, item)
      if why ~= nil then return why, rule end
    end
    return nil
  elseif spec.kind == "column list" and type(value) == "table" then
    return wrong({ kind = "list of column" }, value)
  end
  local why, rule = host.kind(spec.kind, value)
  if why ~= nil then return why, rule end
  if spec.kind == "integer" and spec.min and value < spec.min then
    return ("must be at least %d"):format(spec.min), "bad-option"
  elseif spec.kind == "integer" and spec.max and value > spec.max then
    return ("must be at most %d"):format(spec.max), "bad-option"
  end
  if spec.kind == "choice" then
    for _, choice in ipairs(spec.choices) do
      if choice == value then return nil end
    end
    return ("must be one of %s"):format(table.concat(spec.choices, ", ")), "bad-option"
  end
end

local spec_fields = { "choices", "default", "help", "kind", "max", "min" }

-- A row of options' second table, or of param: "kind", "kind?", or { "kind", default = … }.
local function spec_of(given, subject, rule)
  local spec = type(given) == "table" and given or { kind = given }
  local list, named = split(spec, subject)
  spec = named
  spec.kind = spec.kind or list[1]
  for key in pairs(named) do
    if host.suggest(key, spec_fields) ~= key then
      fail(rule, ('%s has no field "%s"'):format(subject, key), { help = did_you_mean(key, spec_fields) })
    end
  end
  if type(spec.kind) ~= "string" then fail(rule, ("%s needs a kind"):format(subject)) end
  spec.kind, spec.optional = spec.kind:match("^(.-)(%??)$")
  spec.optional = spec.optional == "?" or spec.default ~= nil
  if spec.kind == "choice" and type(spec.choices) ~= "table" then
    fail(rule, ("%s needs choices"):format(subject), { help = 'kind = "choice", choices = { "a", "b" }' })
  end
  if host.kind(spec.kind:match("^%a+ of (.+)$") or spec.kind, nil) == false then
    fail(rule, ('%s has the unknown kind "%s"'):format(subject, spec.kind), {
      details = { "the kinds are " .. table.concat(host.kinds(), ", ") },
      help = did_you_mean(spec.kind, host.kinds()),
    })
  end
  local why = spec.default ~= nil and wrong(spec, spec.default)
  if why then
    fail(rule, ("the default of %s %s"):format(subject, why), { help = "write one of that kind, or leave it out" })
  end
  return spec
end

-- Where the options were written, as far as one can tell: the innermost line outside the library's file, then its
-- callers, and the library's own line.
local function caller_places()
  local frames = host.frames()
  local first = frames[2] and 2 or 1
  for i = 2, #frames do
    if frames[i][1] ~= frames[1][1] then
      first = i
      break
    end
  end
  local chain = {}
  for i = first + 1, #frames do chain[#chain + 1] = frames[i] end
  return { span = frames[first], chain = chain, details = { ("the options are declared at %s")
           :format(place(frames[1])) } }
end

local function check_option(complain, name, spec, value, subject)
  if value == nil then
    if not spec.optional then
      complain("missing-option", ('%s needs the option "%s"'):format(subject, name), spec.help)
    end
    return spec.default
  end
  local why, rule = wrong(spec, value)
  if why then complain(rule, ('"%s" of %s %s'):format(name, subject, why), spec.help) end
  return value
end

local options = host.entry(function(given, rows, ...)
  local subject = host.caller() or "the library"
  if select("#", ...) > 0 or type(rows) ~= "table" then
    fail("bad-value", "options takes the options and a table of their kinds")
  end
  local specs, bad = {}, 0
  for name, row in pairs(rows) do specs[name] = spec_of(row, ('the option "%s"'):format(name), "bad-value") end
  if tools.declared then
    tools.declared(specs)
    host.stop()
  end
  local function complain(rule, summary, help)
    local more = caller_places()
    more.help = help
    bad = bad + 1
    say(rule, summary, more)
  end
  if type(given) ~= "table" or made[given] then
    complain("bad-value", ("%s takes one table of named options"):format(subject))
    host.stop()
  end
  for name in pairs(given) do
    if not specs[name] then
      complain("unknown-option", ('%s has no option "%s"'):format(subject, name),
               did_you_mean(tostring(name), keys(specs)))
    end
  end
  if bad > 0 then host.stop() end
  local checked = {}
  for name, spec in pairs(specs) do
    checked[name] = check_option(complain, name, spec, given[name], subject)
  end
  if bad > 0 then host.stop() end
  return checked
end)

-- The value of --set NAME=TEXT as the kind wants it; nil when the text cannot be one.
local function from_text(text, kind)
  if kind == "integer" then return text:find("^[+-]?%d+$") and math.tointeger(tonumber(text)) end
  if kind == "boolean" then return ({ ["true"] = true, ["false"] = false })[text] end
  return text
end

local function param(name, t, text)
  local spec = spec_of(t, text, "bad-parameter")
  local value, given = spec.default, host.values[name]
  if given then
    value = from_text(given, spec.kind)
    if value == nil then value = given end
    local why = wrong(spec, value)
    if why then
      fail("bad-parameter", ("%s, which is %s by --set, %s"):format(text, ('"%s"'):format(given), why))
    end
  elseif value == nil then
    fail("missing-parameter", ("%s has no value"):format(text),
         { help = ("give it with --set %s=VALUE, or write a default"):format(name) })
  end
  if parameters[name] ~= nil and not tools.same(parameters[name], value) then
    fail("bad-parameter", ("%s is asked for twice with different values"):format(text))
  end
  parameters[name] = host.copy(value, text)
  return value
end

return { options = options, param = param, parameters = parameters }
