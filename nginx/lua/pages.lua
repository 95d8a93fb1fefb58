-- The pages that are ours: what a client sees where no app answers. HTML for whoever takes it, else one line of text.
local kinds = {
  nobody = {
    status = 404,
    title = "There is no app here",
    text = "Nothing is deployed under this name. Is it spelled right?",
    line = "There is no app here.",
  },
  deploying = {
    status = 503,
    title = "Starting for the first time",
    text = "This app is being deployed. It will be here in a moment; this page looks again by itself.",
    line = "This app is being deployed: try again in a moment.",
    again = 5,
  },
  stopped = {
    status = 502,
    title = "This app is not running",
    text = "It is stopped, or it did not answer. Whoever looks after it finds the reason in its logs.",
    line = "This app is not running, or it did not answer.",
  },
  maintenance = {
    status = 503,
    title = "Back in a while",
    text = "This app is being worked on. Please come back later.",
    line = "This app is being worked on: please come back later.",
    after = 300,
  },
}

local layout = [[
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
{refresh}<title>{title}</title>
<style>
:root { --ink: #1d2433; --soft: #5b6577; --paper: #f6f7f9; --line: #dfe3ea; --mark: #3b6ef5 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf2; --soft: #98a2b5; --paper: #12151c; --line: #2a303c; --mark: #7da2ff } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 2rem; background: var(--paper); color: var(--ink); font: 1.0625rem/1.6 system-ui, sans-serif }
main { max-width: 34rem; padding-left: 1.75rem; border-left: 3px solid var(--mark) }
h1 { margin: 0 0 .5rem; font-size: clamp(1.5rem, 5vw, 2.25rem); line-height: 1.2; letter-spacing: -.02em; text-wrap: balance }
p { margin: 0; color: var(--soft) }
small { display: block; margin-top: 1.5rem; padding-top: .75rem; border-top: 1px solid var(--line); color: var(--soft); font-variant-numeric: tabular-nums }
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
<small>{host}{status}</small>
</main>
</body>
</html>
]]

local M = {}

-- Folders of pages have names by what is in them, so a file that was read stays as it was.
local files, kept = {}, 0

local function read(path)
  local text = files[path]
  if text then
    return text
  end
  local file = io.open(path, "r")
  if not file then
    return nil
  end
  text = file:read("*a")
  file:close()
  if kept >= 100 then
    files, kept = {}, 0
  end
  files[path], kept = text, kept + 1
  return text
end

-- Does the client take HTML? A browser names it; whoever takes just anything is no browser.
local function takes_html()
  local accept = ngx.var.http_accept
  return accept ~= nil and accept:lower():find("text/html", 1, true) ~= nil
end

local function escaped(text)
  return (text:gsub("[<>&\"]", { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;", ['"'] = "&quot;" }))
end

local function built(kind)
  local host = ngx.var.host
  local words = {
    title = kind.title,
    text = kind.text,
    host = host and host ~= "" and escaped(host) .. " &middot; " or "",
    status = tostring(kind.status),
    refresh = kind.again and '<meta http-equiv="refresh" content="' .. kind.again .. '">\n' or "",
  }
  return (layout:gsub("{(%l+)}", words))
end

local function answer(status, type, text)
  ngx.status = status
  ngx.header["Content-Type"] = type .. "; charset=utf-8"
  ngx.header["Content-Length"] = #text
  ngx.header["Cache-Control"] = "no-store"
  ngx.header["Vary"] = "Accept"
  ngx.print(text)
end

-- A page of the site's own for a status, or nil.
local function own(status)
  local folder = ngx.var.pages
  return folder and folder ~= "" and read(folder .. "/" .. status .. ".html") or nil
end

-- Answers with the page of a kind: nobody, deploying, stopped or maintenance. `path` is a page to show in its place.
function M.show(name, path)
  local kind = kinds[name] or kinds.stopped
  ngx.header["Retry-After"] = kind.again or kind.after
  if not takes_html() then
    return answer(kind.status, "text/plain", kind.line .. "\n")
  end
  local page = path and read(path)
  if not page and name ~= "maintenance" and name ~= "nobody" then
    page = own(kind.status)
  end
  answer(kind.status, "text/html", page or built(kind))
end

-- content_by_lua: what is said of a request that found no upstream.
function M.unavailable()
  local route = ngx.var.route
  if route == "=nobody" then
    return M.show("nobody")
  end
  M.show(ngx.shared.routes:get(route) == "=deploying" and "deploying" or "stopped")
end

-- Answers with a site's own page for an error of nginx itself.
function M.error(status)
  local page = own(status)
  if page then
    return answer(status, "text/html", page)
  end
  answer(status, "text/plain", status .. "\n")
end

return M
