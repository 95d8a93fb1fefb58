-- Whose is a host? Sites that are only hosts have no server block: the one that serves them all asks here.
local marks = require "marks"
local cells, changes = marks.cells, marks.hosts
local hosts, challenges = ngx.shared.hosts, ngx.shared.challenges
local var = ngx.var
local get, set = getmetatable(var).__index, getmetatable(var).__newindex
local find, sub = string.find, string.sub

-- Where a certificate authority looks for the answer to its challenge.
local well_known = "/.well-known/acme-challenge/"

-- What is kept of a host: "SITE", or "SITE redirect" where plain HTTP is sent to HTTPS. Parsed once per worker.
local parsed = {}

local function parse(value)
  local site, redirect = value:match("^(%S+)( ?)")
  local entry = { site = site, redirect = redirect ~= "" }
  parsed[value] = entry
  return entry
end

-- The entries of hosts that this worker was asked for, as the table was when it had changed `seen` times. Never of hosts below a
-- wildcard, of which there is no end.
local known, seen = {}, nil

local M = {}

-- The entry of a name in a table of names, where `*.a` stands for all below `a`; the nearest counts.
function M.nearest(names, name)
  local value = names:get(name)
  local dot = not value and find(name, ".", 1, true)
  while dot do
    value = names:get("*" .. sub(name, dot))
    dot = not value and find(name, ".", dot + 1, true)
  end
  return value
end

local function is_challenge()
  local uri = get(var, "uri")
  return sub(uri, 1, #well_known) == well_known and challenges:get(sub(uri, #well_known + 1)) ~= nil
end

local function entry_of(host)
  local now = cells[changes]
  if now ~= seen then
    known, seen = {}, now
  end
  local entry = known[host]
  if entry then
    return entry
  end
  local value = hosts:get(host)
  if value then
    entry = parsed[value] or parse(value)
    known[host] = entry
    return entry
  end
  value = M.nearest(hosts, host)
  return value and (parsed[value] or parse(value))
end

-- set_by_lua: the site of a request by its host, or "" when there is none; sets `to_https` where it is to come again encrypted.
function M.site()
  local entry = entry_of(get(var, "host"))
  if entry and not entry.redirect then
    return entry.site
  end
  local plain = get(var, "https") == ""
  if entry and not plain then
    return entry.site
  end
  if plain and is_challenge() then
    return "=challenge"
  end
  if not entry then
    return ""
  end
  set(var, "to_https", "1")
  return entry.site
end

-- content_by_lua: the answer to a challenge that is ours; any other path below is the app's own.
function M.challenge()
  local answer = challenges:get(sub(get(var, "uri"), #well_known + 1))
  if not answer then
    return ngx.exec("@app")
  end
  ngx.header["content-type"] = "application/octet-stream"
  ngx.print(answer)
end

return M
