-- Counts requests per site. The log phase adds up in tables of the worker; once a second they go to shared memory.
local shared = ngx.shared.metrics
local var = ngx.var
local get = getmetatable(var).__index
local now, start_time = ngx.now, ngx.req.start_time
local floor = math.floor

-- Upper bounds of the buckets of request times, in milliseconds: two to an octave.
local bounds = { 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096,
  6144, 8192, 12288, 16384, 24576, 32768, 49152, 65536 }
local last = #bounds + 1
-- Seconds that the figures of a minute are kept.
local kept = 960
-- Fields of a site: s1 to s5 are classes of status, b1 to bN buckets, then bytes and milliseconds in all.
local names = { "s1", "s2", "s3", "s4", "s5" }
for bucket = 1, last do
  names[5 + bucket] = "b" .. bucket
end
local bytes_at, time_at = 6 + last, 7 + last
names[bytes_at], names[time_at] = "bytes", "time"

local counts = {}

local function fresh()
  local record = {}
  for field = 1, time_at do
    record[field] = 0
  end
  return record
end

local M = {}

-- log_by_lua: a request has ended.
function M.count()
  local site = get(var, "site")
  -- Strangers that ask for nobody are not counted.
  if site == "" then
    return
  end
  local record = counts[site]
  if not record then
    record = fresh()
    counts[site] = record
  end
  local class = floor(ngx.status / 100)
  if class < 1 or class > 5 then
    class = 5
  end
  record[class] = record[class] + 1
  local took = (now() - start_time()) * 1000
  local bucket = 1
  while bucket < last and took > bounds[bucket] do
    bucket = bucket + 1
  end
  record[5 + bucket] = record[5 + bucket] + 1
  record[bytes_at] = record[bytes_at] + (tonumber(get(var, "bytes_sent")) or 0)
  record[time_at] = record[time_at] + took
end

-- Adds what this worker has counted to what all have.
local function flush()
  local minute = floor(now() / 60)
  local taken = counts
  counts = {}
  for site, record in pairs(taken) do
    for field = 1, time_at do
      local value = record[field]
      if value > 0 then
        local name = names[field]
        shared:incr(site .. " " .. name, value, 0)
        shared:incr(site .. " " .. name .. " " .. minute, value, 0, kept)
      end
    end
  end
end

-- init_worker_by_lua: a worker that ends flushes what it has first.
function M.every_second()
  local function turn(premature)
    flush()
    if not premature then
      ngx.timer.at(1, turn)
    end
  end
  ngx.timer.at(1, turn)
end

local function lines(site, suffix, prefix)
  for _, name in ipairs(names) do
    local value = shared:get(site .. " " .. name .. suffix)
    if value then
      ngx.say(prefix, name, " ", value)
    end
  end
end

-- POST /metrics: sites, one a line; answers "SITE FIELD VALUE" since nginx started.
function M.totals(text)
  for site in text:gmatch("[^\n]+") do
    lines(site, "", site .. " ")
  end
end

-- POST /minutes: "SITE MINUTES"; answers "FIELD VALUE" of those minutes, the one that runs included.
function M.minutes(text)
  local site, minutes = text:match("^(%S+) (%d+)$")
  local minute = floor(now() / 60)
  for back = 0, tonumber(minutes) - 1 do
    lines(site, " " .. (minute - back), "")
  end
end

-- POST /uncount: a site that is no more.
function M.forget(site)
  for _, name in ipairs(names) do
    shared:delete(site .. " " .. name)
  end
end

return M
