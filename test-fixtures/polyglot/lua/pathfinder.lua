--- Finds the shortest way over a grid of tiles for the monsters of a game.
local Pathfinder = {}
Pathfinder.__index = Pathfinder

local NEIGHBOURS = { { 1, 0 }, { -1, 0 }, { 0, 1 }, { 0, -1 } }

--- @param grid table rows of costs; 0 is a wall, 1 a road, more is mud or water
function Pathfinder.new(grid)
  return setmetatable({ grid = grid, width = #grid[1], height = #grid }, Pathfinder)
end

local function key(x, y)
  return x .. "," .. y
end

--- How far it is at least, as the taxi drives. It must never overestimate, or the way found is not the shortest.
local function estimate(x, y, goal)
  return math.abs(x - goal.x) + math.abs(y - goal.y)
end

local function takeCheapest(open)
  local best
  for index, node in ipairs(open) do
    if not best or node.total < open[best].total then
      best = index
    end
  end
  return table.remove(open, best)
end

local function walkBack(node)
  local path = {}
  while node do
    table.insert(path, 1, { x = node.x, y = node.y })
    node = node.parent
  end
  return path
end

function Pathfinder:cost(x, y)
  local row = self.grid[y]
  return row and row[x] or 0
end

--- A* search. Returns the list of tiles from start to goal, or nil when walls are all around.
function Pathfinder:find(start, goal)
  local open = { { x = start.x, y = start.y, spent = 0, total = estimate(start.x, start.y, goal) } }
  local cheapest = { [key(start.x, start.y)] = 0 }
  while #open > 0 do
    local node = takeCheapest(open)
    if node.x == goal.x and node.y == goal.y then
      return walkBack(node)
    end
    for _, step in ipairs(NEIGHBOURS) do
      local x, y = node.x + step[1], node.y + step[2]
      local cost = self:cost(x, y)
      local spent = node.spent + cost
      if cost > 0 and spent < (cheapest[key(x, y)] or math.huge) then
        cheapest[key(x, y)] = spent
        open[#open + 1] = { x = x, y = y, spent = spent, total = spent + estimate(x, y, goal), parent = node }
      end
    end
  end
  return nil
end

return Pathfinder
