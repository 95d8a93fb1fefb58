import { logFormat, logsDir } from './access-log.ts'
import { genericServer, proxied, tlsShared } from './generic.ts'
import { headers } from './headers.ts'
import { hostTable, kindsOf } from './hosts.ts'
import { isEncrypted } from './listener.ts'
import { pidFile, saidFile } from './master.ts'
import { defined, httpListeners, isQuic, served } from './server.ts'
import { controlSocket, type Settings } from './settings.ts'
import type { Site } from './site.ts'
import type { State } from './state.ts'
import { stream } from './stream.ts'
import { block, listen } from './text.ts'
import { placed } from './tree/placed.ts'

/** nginx's whole configuration; the same sites, routes and settings give the same bytes. Plain sites leave no trace in it. */
export function render({ sites, homes = [], tree }: State, settings: Settings, routes: ReadonlyMap<string, string> = new Map()): string {
  const kinds = kindsOf(sites)
  const { blocks } = kinds
  const ofTree = placed(tree, settings)
  // A server of the tree may have a wildcard, or no name at all: hosts of plain sites stand before these only where they are said.
  const hosts = ofTree.onOurPorts ? hostTable(kinds, homes).keys() : []
  const http = [
    shared(settings),
    tlsShared(settings),
    settings.proxyProtocol === true ? proxied : '',
    ...Object.values(Object.assign({}, ...blocks.map((site) => defined(site, settings))) as Record<string, string>),
    upstreams,
    control(settings),
    genericServer(
      settings,
      [...hosts],
      ofTree.defaults,
      blocks.some((site) => isQuic(site, settings)),
    ),
    ...ports(blocks, settings),
    ...blocks.map((site) => served(site, settings, kinds.sent.includes(site))),
    ...(ofTree.http === '' ? [] : [ofTree.http]),
  ]
  const parts = [
    main(settings, ofTree.main),
    block('events', ofTree.events),
    block('http', http.join('\n')),
    stream(blocks, routes, settings, ofTree.stream),
  ]
  return parts.filter((text) => text !== '').join('\n')
}

function main({ runDir, stateDir }: Settings, ofTree: string): string {
  return `include /etc/nginx/modules-enabled/*.conf;
user www-data;
daemon off;
${ofTree}worker_shutdown_timeout 1h;
pid ${pidFile({ runDir })};
error_log stderr warn;
error_log ${logsDir({ stateDir })}/error.log warn;
error_log ${saidFile({ runDir })} emerg;
pcre_jit on;
`
}

function shared({ luaDir, stateDir }: Settings): string {
  return `lua_package_path "${luaDir}/?.lua;/usr/share/lua/5.1/?.lua;;";
# Giving memory back takes longer than a request does; the usual is after every thousandth.
lua_malloc_trim 200000;
lua_shared_dict routes 4m;
lua_shared_dict hosts 8m;
lua_shared_dict tls 8m;
lua_shared_dict certificates 64m;
lua_shared_dict challenges 1m;
lua_shared_dict open 8m;
lua_shared_dict metrics 32m;
init_by_lua_block {
  require("tables").load("${stateDir}")
  balance = require "balance"
  control = require "control"
  front = require "front"
  metrics = require "metrics"
  pages = require "pages"
  tls = require "tls"
}

init_worker_by_lua_block { metrics.every_second() }

include /etc/nginx/mime.types;
default_type application/octet-stream;
${logFormat}access_log off;
server_tokens off;
tcp_nopush on;
# Who sends a request byte by byte is sent away; nobody knows yet whose it is.
client_header_timeout 15s;
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

# Once a site is served encrypted, browsers are told to come so again.
map $https $hsts {
  default "";
  on "max-age=15724800; includeSubDomains";
}
add_header Strict-Transport-Security $hsts always;

proxy_http_version 1.1;
${headers('proxy')}${headers('grpc')}proxy_connect_timeout 60s;
proxy_send_timeout 60s;
proxy_read_timeout 60s;
proxy_next_upstream error timeout;
`
}

// Idle connections close before Node's five seconds are over: an app that closes first may do so under a request.
// gRPC has connections of its own, as those of HTTP/1.1 and HTTP/2 to one address must not be mixed up.
const upstreams = ['apps', 'apps_closing', 'grpc_apps', 'grpc_apps_closing']
  .map((name) =>
    block(
      `upstream ${name}`,
      `server 0.0.0.1;
balancer_by_lua_block { balance.balance(${name.endsWith('_closing')}) }
keepalive 128;
keepalive_timeout 4s;
keepalive_requests 10000;
`,
    ),
  )
  .join('\n')

function control(settings: Settings): string {
  return `server {
  listen unix:${controlSocket(settings)};
  client_max_body_size 64m;
  client_body_buffer_size 1m;
  location = /health { return 204; }
  location = /waiting { return 200 $connections_waiting; }
  location = /connections { stub_status; }
  location = /metrics { content_by_lua_block { control.metrics() } }
  location = /minutes { content_by_lua_block { control.minutes() } }
  location = /uncount { content_by_lua_block { control.uncount() } }
  location = /routes { content_by_lua_block { control.table("routes") } }
  location = /hosts { content_by_lua_block { control.table("hosts") } }
  location = /tls { content_by_lua_block { control.table("tls") } }
  location = /certificates { content_by_lua_block { control.certificates() } }
  location = /challenge { content_by_lua_block { control.challenge() } }
  location = /forget { content_by_lua_block { control.forget() } }
  location = /goodbye { content_by_lua_block { control.goodbye() } }
  location = /open { content_by_lua_block { control.open() } }
}
`
}

/** Ports that only some sites have: there, too, an unknown host gets no answer and an unknown name no handshake. */
function ports(blocks: readonly Site[], settings: Settings): string[] {
  const opened = new Map<number, string>()
  for (const one of blocks.flatMap(httpListeners))
    if (one.port !== undefined && one.port !== settings.httpPort && one.port !== settings.httpsPort)
      opened.set(
        one.port,
        `${isEncrypted(one) ? ' ssl' : ''} default_server reuseport${one.proxyProtocol === true ? ' proxy_protocol' : ''}`,
      )
  return [...opened]
    .sort(([a], [b]) => a - b)
    .map(([port, parameters]) => block('server', `${listen(port, parameters, settings)}server_name _;\nreturn 444;\n`))
}
