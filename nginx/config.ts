import type { Site } from './site.ts'

/** What the configuration depends on besides the sites. */
export interface Settings {
  httpPort: number
  httpsPort: number
  ipv6: boolean
  /** Where nginx's process id and control socket are. */
  runDir: string
  /** Where the file of routes and temporary files are. */
  stateDir: string
  luaDir: string
}

/** nginx's socket for our own API; not on a volume, so nobody else can reach it. */
export function controlSocket(settings: Pick<Settings, 'runDir'>): string {
  return `${settings.runDir}/nginx.sock`
}

/** The file of routes that nginx loads when it starts. */
export function routesFile(settings: Pick<Settings, 'stateDir'>): string {
  return `${settings.stateDir}/routes`
}

/** The folder of what was added to sites: DIGEST in it, then the path by which texts name it. */
export function additionsDir(settings: Pick<Settings, 'stateDir'>): string {
  return `${settings.stateDir}/additions`
}

/** nginx's whole configuration; the same sites and settings give the same bytes. */
export function render(sites: readonly Site[], settings: Settings): string {
  const ordered = [...sites].filter((site) => site.hosts.length > 0).sort((a, b) => (a.name < b.name ? -1 : 1))
  return [main(settings), events, http(settings, ordered)].join('\n')
}

function main({ runDir }: Settings): string {
  return `include /etc/nginx/modules-enabled/*.conf;
user www-data;
daemon off;
worker_processes auto;
worker_shutdown_timeout 1h;
pid ${runDir}/nginx.pid;
error_log stderr warn;
pcre_jit on;
`
}

const events = `events {
  worker_connections 16384;
}
`

function http(settings: Settings, sites: readonly Site[]): string {
  const blocks = [shared(settings), upstreams, control(settings), unknownHost(settings), ...sites.map((site) => served(site, settings))]
  return `http {\n${blocks.map(indent).join('\n')}}\n`
}

function shared({ luaDir, stateDir }: Settings): string {
  return `lua_package_path "${luaDir}/?.lua;/usr/share/lua/5.1/?.lua;;";
lua_shared_dict routes 4m;
lua_shared_dict open 8m;
init_by_lua_block {
  require("routes").load("${stateDir}/routes")
  balance = require "balance"
  control = require "control"
}

include /etc/nginx/mime.types;
default_type application/octet-stream;
access_log off;
server_tokens off;
tcp_nopush on;
keepalive_requests 10000;
server_names_hash_max_size 16384;
server_names_hash_bucket_size 512;
client_body_temp_path ${stateDir}/tmp/body;
proxy_temp_path ${stateDir}/tmp/proxy;
fastcgi_temp_path ${stateDir}/tmp/fastcgi;
uwsgi_temp_path ${stateDir}/tmp/uwsgi;
scgi_temp_path ${stateDir}/tmp/scgi;

gzip on;
gzip_vary on;
gzip_proxied any;
gzip_min_length 1100;
gzip_comp_level 6;
gzip_types text/css text/javascript text/xml text/plain text/x-component application/javascript application/x-javascript application/json application/xml application/rss+xml font/truetype application/x-font-ttf font/opentype application/vnd.ms-fontobject image/svg+xml;

# A request that upgrades keeps its words; any other leaves the connection open for the next.
map $http_upgrade $connection_upgrade {
  default upgrade;
  "" "";
}

# $host is the host that chose the site; a Host header may say another when the request line has a URL.
map $http_host $host_port {
  default "";
  "~(?<port_suffix>:[0-9]+)$" $port_suffix;
}

proxy_http_version 1.1;
${headers}proxy_connect_timeout 60s;
proxy_send_timeout 60s;
proxy_read_timeout 60s;
proxy_next_upstream error timeout;
`
}

const headers = `proxy_set_header Host $host$host_port;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection $connection_upgrade;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Forwarded-Port $server_port;
proxy_set_header X-Request-Start $msec;
proxy_set_header X-Forwarded-Host "";
proxy_set_header X-Forwarded-Server "";
proxy_set_header X-Forwarded-Ssl "";
proxy_set_header X-Real-IP "";
proxy_set_header Forwarded "";
proxy_set_header Proxy "";
`

// Idle connections close before Node's five seconds are over: an app that closes first may do so under a request.
const upstreams = ['apps', 'apps_closing']
  .map(
    (name) => `upstream ${name} {
  server 0.0.0.1;
  balancer_by_lua_block { balance.balance(${name === 'apps_closing'}) }
  keepalive 128;
  keepalive_timeout 4s;
  keepalive_requests 10000;
}
`,
  )
  .join('\n')

function control(settings: Settings): string {
  return `server {
  listen unix:${controlSocket(settings)};
  client_max_body_size 16m;
  client_body_buffer_size 1m;
  location = /health { return 204; }
  location = /routes { content_by_lua_block { control.routes() } }
  location = /goodbye { content_by_lua_block { control.goodbye() } }
  location = /open { content_by_lua_block { control.open() } }
}
`
}

function unknownHost(settings: Settings): string {
  return `server {
${indent(listen(settings.httpPort, ' default_server', settings.ipv6))}  server_name _;
  return 444;
}

server {
${indent(listen(settings.httpsPort, ' ssl default_server', settings.ipv6))}  server_name _;
  ssl_reject_handshake on;
}
`
}

/** All of a site: what was added beside it comes first, and serves the hosts that it names in the site's place. */
export function served(site: Site, settings: Settings): string {
  const beside = site.additions?.beside ?? []
  const taken = new Set(beside.flatMap((one) => one.hosts))
  const hosts = site.hosts.filter((host) => !taken.has(host))
  return include(site, beside, settings) + (hosts.length > 0 ? server({ ...site, hosts }, settings) : '')
}

function server(site: Site, settings: Settings): string {
  const inside = site.additions?.inside ?? []
  if (site.socket !== undefined) return streamed(site, site.socket, settings)
  // A header that a text sets for all of the server would take all of ours away from where they were inherited.
  const own = inside.length > 0 ? indent(headers) : ''
  const size = site.options?.maxBodySize
  return `server {
${indent(listen(settings.httpPort, '', settings.ipv6))}  server_name ${site.hosts.join(' ')};
${size === undefined ? '' : `  client_max_body_size ${size};\n`}  set $site ${site.name};
  set $counted "";
  error_page 500 = @closing;
  error_page 502 @unavailable;
  log_by_lua_block { balance.finish() }
  location / {
${indent(own)}    proxy_pass http://apps;
  }
  location @closing {
${indent(own)}    keepalive_timeout 0;
    proxy_pass http://apps_closing;
  }
  location @unavailable {
    default_type text/plain;
    return 502 "This app is not running, or it did not answer.\\n";
  }
${indent(
  include(
    site,
    inside.map((path) => ({ path })),
    settings,
  ),
)}}
`
}

/** For what takes long and answers while it is asked, such as git over HTTP: nothing is held back on the way. */
function streamed({ hosts }: Site, socket: string, settings: Settings): string {
  return `server {
${indent(listen(settings.httpPort, '', settings.ipv6))}  server_name ${hosts.join(' ')};
  client_max_body_size 0;
  client_body_timeout 300s;
  error_page 502 504 = @away;
  location / {
    proxy_request_buffering off;
    proxy_buffering off;
    proxy_send_timeout 1h;
    proxy_read_timeout 1h;
    proxy_pass http://unix:${socket};
  }
  location @away {
    default_type text/plain;
    return 503 "Nobody answers here at the moment: try again in a while.\\n";
  }
}
`
}

/** Each text is a file of its own, so that one that is not whole cannot end the block that it is in. */
function include({ additions }: Site, texts: readonly { path: string }[], settings: Settings): string {
  return texts.map(({ path }) => `include ${additionsDir(settings)}/${additions?.digest}${path};\n`).join('')
}

function listen(port: number, parameters: string, ipv6: boolean): string {
  const addresses = ipv6 ? [`${port}`, `[::]:${port}`] : [`${port}`]
  return addresses.map((address) => `listen ${address}${parameters};\n`).join('')
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}
