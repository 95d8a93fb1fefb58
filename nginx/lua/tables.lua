-- The tables in shared memory. The text form of one, in a file and on the control socket alike, is one line per entry:
-- the key and, after a blank, its value; a key alone has no value any more.

-- No key can be this, so it marks a table that has been loaded.
local loaded = "=loaded"

local M = {}

-- Stores every line of `text`.
function M.apply(name, text)
  local dict = ngx.shared[name]
  for line in text:gmatch("[^\n]+") do
    local key, value = line:match("^(%S+) ?(.*)$")
    if not key then
      return nil, "a line without a key"
    end
    if value == "" then
      dict:delete(key)
    else
      -- safe_set: never throw another entry out to make room.
      local ok, err = dict:safe_set(key, value)
      if not ok then
        return nil, key .. ": " .. err
      end
    end
  end
  return true
end

local function read(path)
  local file = io.open(path, "r")
  if not file then
    return nil
  end
  local text = file:read("*a")
  file:close()
  return text
end

-- Loads the files when nginx starts; on a reload shared memory is newer than any file.
function M.load(dir)
  if ngx.shared.routes:get(loaded) then
    return
  end
  for _, name in ipairs { "routes", "hosts", "tls" } do
    local text = read(dir .. "/" .. name)
    if text then
      local ok, err = M.apply(name, text)
      if not ok then
        ngx.log(ngx.ERR, name, " in ", dir, ": ", err)
      end
      if name == "tls" then
        for digest in text:gmatch(" (%x+)") do
          ngx.shared.certificates:safe_set(digest, read(dir .. "/certificates/" .. digest .. ".pem") or "")
        end
      end
    end
  end
  ngx.shared.routes:set(loaded, true)
end

return M
