-- Chooses the upstream of each request and counts the requests in flight to each.
local balancer = require "ngx.balancer"
local base = require "resty.core.base"
local ffi = require "ffi"
local marks = require "marks"
local cells, changes, parting = marks.cells, marks.routes, marks.parting
local set_peer, last_failure = balancer.set_current_peer, balancer.get_last_failure
local routes, open = ngx.shared.routes, ngx.shared.open
local exiting = ngx.worker.exiting
local var = ngx.var
-- LuaJIT compiles a plain call of this well, and `var.site`, a metamethod, often not at all.
local get = getmetatable(var).__index

-- What nginx's balancers answer when no upstream is left; it becomes a 502.
local busy = -3
-- Seconds a worker passes over an upstream that failed, while the site has another.
local rest = 1
local tries = 5

local parsed = {}
local failed = {}

-- The upstream that each request of this worker is counted for. By the request's place in memory, as the internal redirect to the
-- page for a 502 empties ngx.ctx; the log phase, which each request comes to, takes it out.
local counted = {}

local function request()
  return tonumber(ffi.cast("uintptr_t", base.get_request()))
end

-- The upstreams of a route as this worker keeps them, or nil when there is none; looked up again once any route has changed.
local function find(route)
  local list = parsed[route]
  local now = cells[changes]
  if list and list.seen == now then
    return list
  end
  local text = routes:get(route)
  if not text then
    parsed[route] = nil
    return nil
  end
  if not list or list.text ~= text then
    list = { text = text, last = math.random(0, 15) }
    for key, address, port in text:gmatch("((%S+):(%d+))") do
      list[#list + 1] = { key = key, address = address, port = tonumber(port) }
    end
    parsed[route] = list
  end
  list.seen = now
  return list
end

-- The next upstream that did not fail a moment ago; the next one if all did.
local function turn(list)
  local count = #list
  local now = ngx.now()
  for _ = 1, count do
    list.last = list.last % count + 1
    local resting = failed[list[list.last].key]
    -- One that rests for longer was put to rest before the clock was set back.
    if not resting or resting < now or resting > now + rest then
      break
    end
  end
  return list[list.last]
end

-- A request's upstream failed and nginx asks for another.
local function give_up(id)
  local key = counted[id]
  if key then
    open:incr(key, -1)
    counted[id] = nil
    failed[key] = ngx.now() + rest
  end
end

-- Is a reload coming, or has it come and this is a worker of before?
local function goodbye()
  -- A worker that ends closes each connection after its answer, whatever that says.
  return cells[parting] > ngx.now() or exiting()
end

local M = {}

-- balancer_by_lua: also called again for each further try of the same request.
-- While a reload is coming, a request starts over in a location that closes its connection
-- after the answer: workers that end would close it under the next request.
function M.balance(closing)
  if not closing and goodbye() then
    return ngx.exit(ngx.ERROR)
  end
  local id = request()
  local again = last_failure()
  if again then
    give_up(id)
  end
  local route = get(var, "route")
  local list = find(route)
  -- A route may have words in place of upstreams, for the page that is shown.
  if not list or #list == 0 then
    return ngx.exit(busy)
  end
  local upstream = #list == 1 and list[1] or turn(list)
  local key = upstream.key
  local count, err = open:incr(key, 1, 0)
  -- Counted before the route is looked at for the last time: whoever takes an upstream out of the route and
  -- then sees its count at 0 knows that no request can still be on its way to it.
  if cells[changes] ~= list.seen and find(route) ~= list then
    if count then
      open:incr(key, -1)
    end
    return M.balance(closing)
  end
  if count then
    counted[id] = key
  else
    ngx.log(ngx.ERR, "a request to ", key, " is not counted: ", err)
  end
  if not again and #list > 1 then
    balancer.set_more_tries(math.min(#list, tries) - 1)
  end
  local ok, why = set_peer(upstream.address, upstream.port)
  if not ok then
    ngx.log(ngx.ERR, key, ": ", why)
    return ngx.exit(busy)
  end
end

-- log_by_lua: the request has ended, however it did.
function M.finish()
  local id = request()
  local key = counted[id]
  if key then
    open:incr(key, -1)
    counted[id] = nil
  end
end

return M
