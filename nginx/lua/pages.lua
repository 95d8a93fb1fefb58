-- Our own pages, for requests that reach no app.
local M = {}

local said = {
  nobody = { 404, "There is no app here." },
  deploying = { 503, "This app is being deployed: try again in a moment." },
  unavailable = { 502, "This app is not running, or it did not answer." },
}

local function kind()
  local route = ngx.var.route
  if route == "=nobody" then
    return "nobody"
  end
  return ngx.shared.routes:get(route) == "=deploying" and "deploying" or "unavailable"
end

-- content_by_lua: what is said of a request that found no upstream.
function M.unavailable()
  local status, text = unpack(said[kind()])
  ngx.status = status
  ngx.header["content-type"] = "text/plain"
  ngx.header["cache-control"] = "no-store"
  ngx.say(text)
end

return M
