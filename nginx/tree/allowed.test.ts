import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UserError } from '#lib/errors.ts'
import { render } from '../config.ts'
import { reservedVariables } from './allowed.ts'
import type { JsonObject } from './document.ts'
import { placed } from './placed.ts'

const settings = {
  httpPort: 80,
  httpsPort: 443,
  ipv6: true,
  runDir: '/run/nginx-appliance',
  stateDir: '/var/lib/nginx-appliance',
  luaDir: '/lua',
}
const place = (document: JsonObject) => placed({ document, values: {} }, settings)
const server = (inside: JsonObject) => ({ http: { server: [inside] } })

const refused: [string, JsonObject][] = [
  ['loads a module', { load_module: '/tmp/x.so' }],
  ['changes the user', { user: 'root' }],
  ['moves the pid file', { pid: '/etc/x' }],
  ['goes to the background', { daemon: true }],
  ['sets the environment', { env: 'LD_PRELOAD=/x' }],
  ['runs Lua', server({ content_by_lua_block: 'x' })],
  ['loads Lua', { http: { init_by_lua_file: '/tmp/x.lua' } }],
  ['runs Perl', { http: { perl_modules: '/tmp' } }],
  ['includes a file', server({ include: '/etc/shadow' })],
  ['includes a file in a table', { http: { map: { '$a $b': { include: '/etc/shadow' } } } }],
  ['includes a file in a table, in quotes', { http: { map: { '$a $b': { '"include"': '/etc/shadow' } } } }],
  ['writes a log as root', server({ access_log: '/etc/cron.d/x' })],
  ['writes an error log as root', server({ error_log: '/etc/cron.d/x' })],
  ['takes a directory', { http: { proxy_cache_path: '/etc/nginx zone=a:1m' } }],
  ['takes a directory for temporary files', server({ proxy_temp_path: '/etc' })],
  ['stores answers', server({ location: { '/': { proxy_store: '/srv/x' } } })],
  ['serves our state', server({ root: '/var/lib/nginx-appliance' })],
  ['serves what is above a folder', server({ root: '/srv/../etc' })],
  ['serves beside a folder', server({ root: '/srvx' })],
  ['serves what a visitor asks for', server({ root: '/srv/$arg_x' })],
  ['serves from a variable', server({ root: '$x' })],
  ['reads a key elsewhere', server({ ssl_certificate_key: '/etc/ssh/ssh_host_rsa_key' })],
  ['reads a key from a variable', server({ ssl_certificate: 'data:$x' })],
  ['asks our own socket', server({ location: { '/': { proxy_pass: 'http://unix:/run/nginx-appliance/nginx.sock:/routes' } } })],
  ['asks our own socket by an upstream', { http: { upstream: { a: { server: 'unix:/run/nginx-appliance/nginx.sock' } } } }],
  ['listens on a socket', server({ listen: 'unix:/srv/x.sock' })],
  ['takes one address of the port of all sites', server({ listen: '127.0.0.1:80' })],
  ['takes the port of all sites for TCP', { stream: { server: [{ listen: 443 }] } }],
  ['is another site for the log', server({ set: '$site shop' })],
  ['redefines a variable of ours', { http: { map: { '$http_x $connection_upgrade': { default: 'x' } } } }],
  ['says for all servers what is for one', { http: { return: 404 } }],
  ['passes more than parameters to listen', server({ listen: ['8080 "; }"'] })],
  ['has a directive with a blank in its name', { 'user root': 'x' }],
  ['has an object too deep in a value', server({ index: [{ a: 1 }] })],
]
for (const [what, document] of refused)
  test(`a tree that ${what} is refused`, () => {
    assert.throws(
      () => place(document),
      (error) => error instanceof UserError && error.code === 'tree-refused' && error.message.startsWith('/'),
    )
  })

test('a tree may read its own folders, fragments of the image, and write caches into theirs', () => {
  const { http } = place({
    http: {
      proxy_cache_path: '/var/lib/nginx-appliance/cache/a keys_zone=a:1m',
      server: [
        {
          listen: '443 ssl',
          ssl_certificate: '/srv/tls/a.pem',
          ssl_certificate_key: '/srv/tls/a.key',
          root: '/srv/$host',
          location: { '~ "^/(\\d{3})/"': { alias: '/static/$1', include: 'fastcgi_params', proxy_pass: 'http://unix:/srv/app.sock' } },
        },
      ],
    },
  })
  // Certificates of sites are asked for by Lua in http; this server has its own.
  assert.match(http, /ssl_certificate_by_lua_block \{\n\t\treturn;\n\t\}/)
})

test('every variable that the configuration of sites stands on is reserved', () => {
  const site = { name: 'shop', hosts: ['shop.test'], socket: '/run/x.sock' }
  const text = render({ sites: [site, { name: 'b', hosts: ['b.test'], options: { maxBodySize: '1m' } }] }, settings)
  const defined = [...text.matchAll(/^\s*(?:set|map \S+|set_by_lua_block|geo(?: \S+)?|split_clients \S+) \$(\w+)/gm)].map(
    ([, name = '']) => name,
  )
  assert.deepEqual(
    [...new Set(defined)].filter((name) => !reservedVariables.has(name)),
    [],
  )
  assert.ok(defined.includes('site'))
})

test('a tree that has the default of a port leaves sites there, by their names', () => {
  const sites = [{ name: 'shop', hosts: ['shop.test'] }]
  const tree = { document: server({ location: { '/': { return: 204 } } }), values: {} }
  assert.match(
    render({ sites, tree }, settings),
    /listen 80 reuseport;\n.*\n.*listen 443 ssl default_server reuseport;\n.*\n\s+server_name _ shop\.test;/,
  )
  assert.match(render({ sites }, settings), /listen 80 default_server reuseport;\n(.*\n){3}\s+server_name _;/)
})
