-- Merging the blocks of a plan and of its fragments into one order.  A part is what keeps an order of its own: the
-- blocks of one fragment, or those that stand directly in the plan.
local host, tools = ...
local fail, place, made, misplaced = tools.fail, tools.place, tools.made, tools.misplaced

local function block_text(block) return ('%s "%s"'):format(block.kind, block.label) end

local function position(order, block)
  for i, other in ipairs(order) do
    if other == block then return i end
  end
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b and math.type(a) == math.type(b) end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

-- The tables of both, each once.
local function joined(a, b)
  local list, seen = {}, {}
  for _, part in ipairs { a, b } do
    for _, name in ipairs(type(part) == "table" and part or { part }) do
      if not seen[name] then
        seen[name] = true
        list[#list + 1] = name
      end
    end
  end
  return #list == 1 and list[1] or list
end

local function merge_options(into, block)
  for key, value in pairs(block.options) do
    local there = into.options[key]
    if there == nil then
      into.options[key] = value
    elseif key == "unused" then
      into.options[key] = joined(there, value)
    elseif not same(there, value) then
      fail("fragment-settings", ('%s is given two values of "%s"'):format(block_text(block), key),
           { span = block.span, chain = block.chain, details = { ("the other is at %s"):format(place(into.span)) },
             help = "give both the same value, or the blocks different labels" })
    end
  end
end

-- May a safety period of a part be one that is already there?  Only when no phase of the part stands between them.
local function stands_alike(order, candidate, part, index, find)
  local at, used = position(order, candidate), false
  for i, block in ipairs(part.blocks) do
    if part.nodes[i] == candidate then used = true end
    if used and i < index and block.kind == "phase" then return false end
    local there = block.kind == "phase" and (part.nodes[i] or find(block))
    if there and (position(order, there) < at) ~= (i < index) then return false end
  end
  return true
end

-- The block in `order` that a part's block is the same as.
local function counterpart(order, part, index)
  local block = part.blocks[index]
  local function find(other)
    for _, candidate in ipairs(order) do
      if candidate.kind == other.kind and candidate.label == other.label then return candidate end
    end
  end
  if block.kind ~= "safety_period" then return find(block) end
  for _, candidate in ipairs(order) do
    if candidate.kind == block.kind and candidate.label == block.label
       and stands_alike(order, candidate, part, index, find) then
      return candidate
    end
  end
end

local function copy_of(block)
  local copy = {}
  for key, value in pairs(block) do copy[key] = value end
  copy.options, copy.steps = {}, {}
  for key, value in pairs(block.options) do copy.options[key] = value end
  for i, step in ipairs(block.steps) do copy.steps[i] = step end
  return copy
end

-- In the plan's own text a block stands once; elsewhere it may be written in pieces, one after the other.
local function refuse_twice(there, part, index, written)
  local first = written and there.written
  for i = 1, index - 2 do
    if part.nodes[i] == there and part.nodes[index - 1] ~= there then first = first or part.blocks[i].span end
  end
  if first then
    fail("duplicate-block", ("%s stands twice"):format(block_text(there)),
         { span = part.blocks[index].span, chain = part.blocks[index].chain,
           details = { ("the first is at %s"):format(place(first)) },
           help = "put the steps of both into one, or give them different labels" })
  end
end

-- Puts a block of a part into `order`: into its counterpart, else before the part's next block that is there.
local function put(order, part, index)
  local block = part.blocks[index]
  local there = counterpart(order, part, index)
  local written = part.direct and block.span[1] == host.path and block.span or nil
  if there then
    refuse_twice(there, part, index, written)
    merge_options(there, block)
    for _, step in ipairs(block.steps) do there.steps[#there.steps + 1] = step end
    there.written = there.written or written
    part.nodes[index] = there
    return
  end
  local node, at = copy_of(block), #order + 1
  node.written = written
  for i = #part.blocks, index + 1, -1 do
    local next_one = counterpart(order, part, i)
    if next_one then at = position(order, next_one) end
  end
  table.insert(order, at, node)
  part.nodes[index] = node
end

-- What must come directly before each block, and which part says so: node -> { { node, part }, … }.
local function predecessors(parts)
  local before = {}
  for _, part in ipairs(parts) do
    for i = 2, #part.nodes do
      local node = part.nodes[i]
      before[node] = before[node] or {}
      if node ~= part.nodes[i - 1] then table.insert(before[node], { node = part.nodes[i - 1], part = part }) end
    end
  end
  return before
end

-- Follows the order of the parts backwards until it closes, and names two parts of the circle.
local function contradiction(node, before, placed)
  local way, seen = {}, {}
  while not seen[node] do
    seen[node] = #way + 1
    for _, edge in ipairs(before[node]) do
      if not placed[edge.node] then
        way[#way + 1] = { from = edge.node, to = node, part = edge.part }
        node = edge.node
        break
      end
    end
  end
  local first, second = way[seen[node]], nil
  local details = {}
  for i = seen[node], #way do
    local step = way[i]
    if step.part ~= first.part then second = second or step end
    details[#details + 1] = ("%s puts %s before %s"):format(step.part.source.name, block_text(step.from),
                                                            block_text(step.to))
  end
  local one, other = first.part, second.part
  if (one.rank or 0) > (other.rank or 0) then one, other = other, one end
  fail("fragment-order", ("%s and %s put the same blocks into different orders")
       :format(one.source.name, other.source.name),
       { span = other.source.span, chain = other.source.chain, details = details })
end

-- Keeps `order` where the parts allow it, and their order everywhere.
local function sorted(order, parts)
  local before, placed, result = predecessors(parts), {}, {}
  local function is_free(node)
    for _, edge in ipairs(before[node] or {}) do
      if not placed[edge.node] then return false end
    end
    return not placed[node]
  end
  while #result < #order do
    local found
    for _, node in ipairs(order) do
      if is_free(node) then found = node break end
    end
    if not found then
      for _, node in ipairs(order) do
        if not placed[node] then contradiction(node, before, placed) end
      end
    end
    placed[found] = true
    result[#result + 1] = found
  end
  return result
end

-- The blocks of a fragment, or of the plan: `from` has list, name, span and chain.
local function weave(from, subject)
  local direct = { source = from, blocks = {}, nodes = {}, direct = true }
  local parts, turns, order = { direct }, {}, {}
  for _, value in ipairs(from.list) do
    local record = made[value]
    if record and record.tag == "block" then
      table.insert(direct.blocks, record)
      turns[#turns + 1] = { direct, #direct.blocks }
    elseif record and record.tag == "fragment" then
      local part = { source = record, blocks = weave(record, subject), nodes = {}, rank = #parts }
      parts[#parts + 1] = part
      for i in ipairs(part.blocks) do turns[#turns + 1] = { part, i } end
    else
      misplaced(value, subject, "settings and blocks")
    end
  end
  for _, turn in ipairs(turns) do put(order, turn[1], turn[2]) end
  return sorted(order, parts)
end

return { blocks = weave, same = same }
