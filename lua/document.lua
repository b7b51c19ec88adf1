-- What a library offers: its functions, each with the options that it declares.  A function is called with nothing in
-- its table, and left as soon as it comes to options().
local host, tools = ...

local function sorted_names(t)
  local names = {}
  for name in pairs(t) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

local function rows_of(specs)
  local rows = {}
  for i, name in ipairs(sorted_names(specs)) do
    local spec = specs[name]
    rows[i] = { name = name, kind = spec.kind, optional = spec.optional, default = spec.default, help = spec.help,
                choices = spec.choices and host.list(spec.choices) }
  end
  return host.list(rows)
end

local function document(library)
  local functions = {}
  for _, name in ipairs(type(library) == "table" and sorted_names(library) or {}) do
    if type(library[name]) == "function" then
      local entry = { name = name, options = host.list {} }
      tools.declared = function(specs)
        tools.declared = nil
        entry.options = rows_of(specs)
      end
      host.try(library[name], {})
      tools.declared = nil
      functions[#functions + 1] = entry
    end
  end
  return { functions = host.list(functions) }
end

return document
