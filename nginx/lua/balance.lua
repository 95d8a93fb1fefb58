-- Chooses the upstream of each request and counts the requests in flight to each.
local balancer = require "ngx.balancer"
local set_peer, last_failure = balancer.set_current_peer, balancer.get_last_failure
local routes, open = ngx.shared.routes, ngx.shared.open
local exiting = ngx.worker.exiting
local var = ngx.var
-- LuaJIT compiles a plain call of these well, and `var.site`, a metamethod, often not at all.
local get, set = getmetatable(var).__index, getmetatable(var).__newindex

-- What nginx's balancers answer when no upstream is left; it becomes a 502.
local busy = -3
-- Seconds a worker passes over an upstream that failed, while the site has another.
local rest = 1
local tries = 5

local parsed = {}
local failed = {}

-- The upstreams of a route as this worker keeps them, or nil when there is none.
local function parse(route)
  local text = routes:get(route)
  if not text then
    parsed[route] = nil
    return nil
  end
  local list = { text = text, last = math.random(0, 15) }
  for key, address, port in text:gmatch("((%S+):(%d+))") do
    list[#list + 1] = { key = key, address = address, port = tonumber(port) }
  end
  parsed[route] = list
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
local function give_up()
  local key = get(var, "counted")
  if key ~= "" then
    open:incr(key, -1)
    set(var, "counted", "")
    failed[key] = ngx.now() + rest
  end
end

-- Is a reload coming, or has it come and this is a worker of before? Looked up a few times a second, as shared memory is what a request pays most for.
local parting, looked = nil, 0
local function goodbye()
  local now = ngx.now()
  if now - looked > 0.02 or now < looked then
    parting, looked = routes:get("=goodbye"), now
  end
  -- A worker that ends closes each connection after its answer, whatever that says.
  return parting or exiting()
end

local M = {}

-- balancer_by_lua: also called again for each further try of the same request.
-- While a reload is coming, a request starts over in a location that closes its connection
-- after the answer: workers that end would close it under the next request.
function M.balance(closing)
  if not closing and goodbye() then
    return ngx.exit(ngx.ERROR)
  end
  local again = last_failure()
  if again then
    give_up()
  end
  local route = get(var, "route")
  local list = parsed[route] or parse(route)
  -- A route may have words in place of upstreams, for the page that is shown.
  if not list or #list == 0 then
    return ngx.exit(busy)
  end
  local upstream = #list == 1 and list[1] or turn(list)
  local key = upstream.key
  local counted, err = open:incr(key, 1, 0)
  -- Counted before the route is read: whoever takes an upstream out of the route and
  -- then sees its count at 0 knows that no request can still be on its way to it.
  if routes:get(route) ~= list.text then
    if counted then
      open:incr(key, -1)
    end
    parse(route)
    return M.balance(closing)
  end
  if counted then
    set(var, "counted", key)
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

-- log_by_lua: the request has ended, however it did. `counted` is a variable and not in
-- ngx.ctx because the internal redirect to the page for a 502 empties ngx.ctx.
function M.finish()
  local counted = get(var, "counted")
  if counted ~= "" then
    open:incr(counted, -1)
  end
end

return M
