-- What the API asks of nginx on its private socket.
local marks = require "marks"
local metrics = require "metrics"
local tables = require "tables"

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

local function answer(ok, err)
  if not ok then
    ngx.status = 507
    ngx.say(err)
  end
end

-- POST /routes, /hosts, /tls: lines as in the file of that name, changes only.
function M.table(name)
  answer(tables.apply(name, body()))
end

-- POST /certificates: @DIGEST on a line, then chain and key; a digest alone is forgotten.
function M.certificates()
  for digest, pem in body():gmatch("@(%x+)\n([^@]*)") do
    if pem == "" then
      ngx.shared.certificates:delete(digest)
    else
      local ok, err = ngx.shared.certificates:safe_set(digest, pem)
      if not ok then
        return answer(nil, err)
      end
    end
  end
end

-- POST /metrics, /minutes, /uncount: see lua/metrics.lua.
function M.metrics()
  metrics.totals(body())
end

function M.minutes()
  metrics.minutes(body())
end

function M.uncount()
  metrics.forget(body())
end

-- POST /challenge: a token and the answer to it, which is forgotten after an hour; a token alone is at once.
function M.challenge()
  local token, text = body():match("^(%S+) ?(%S*)")
  if text == "" then
    ngx.shared.challenges:delete(token)
  else
    answer(ngx.shared.challenges:safe_set(token, text, 3600))
  end
end

-- POST /forget: the next reload reads the tables from their files, and drops what is in none.
function M.forget()
  tables.forget()
end

-- POST /goodbye: the seconds for which answers ask clients for a new connection; 0 ends it.
function M.goodbye()
  local seconds = tonumber(body())
  marks.part(seconds > 0 and ngx.time() + seconds or 0)
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
