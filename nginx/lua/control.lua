-- What the API asks of nginx on its private socket.
local routes = require "routes"

local function body()
  ngx.req.read_body()
  local text = ngx.req.get_body_data()
  if text then
    return text
  end
  local path = ngx.req.get_body_file()
  if not path then
    return ""
  end
  local file = assert(io.open(path, "r"))
  text = file:read("*a")
  file:close()
  return text
end

local M = {}

-- POST /routes: lines as in the file of routes, changes only.
function M.routes()
  local ok, err = routes.apply(body())
  if not ok then
    ngx.status = 507
    ngx.say(err)
  end
end

-- POST /goodbye: the seconds for which answers ask clients for a new connection; 0 ends it.
function M.goodbye()
  local seconds = tonumber(body())
  if seconds > 0 then
    ngx.shared.routes:set("=goodbye", true, seconds)
  else
    ngx.shared.routes:delete("=goodbye")
  end
end

-- POST /open: upstreams, one per line; answers the number of requests in flight to them.
function M.open()
  local sum = 0
  for key in body():gmatch("%S+") do
    sum = sum + (ngx.shared.open:get(key) or 0)
  end
  ngx.say(sum)
end

return M
