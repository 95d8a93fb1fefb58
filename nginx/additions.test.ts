import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adapt, additions, hostsOf, longestAdditions } from './additions.ts'

const folders = ['/home/dokku/shop', '/var/www/shop']
const here = { httpPort: 8080, httpsPort: 8443, ipv6: true }
const text = (said: string, ports = here) => adapt('a.conf', said, '/state/12ab', { folders }, ports)

test('adapt leads the paths of a site’s folders to the copies, and no others', () => {
  assert.equal(text('root /home/dokku/shop/page;'), 'root /state/12ab/home/dokku/shop/page;')
  assert.equal(text('alias "/var/www/shop/";'), 'alias "/state/12ab/var/www/shop/";')
  assert.equal(text('root /home/dokku/shop;'), 'root /state/12ab/home/dokku/shop;')
  for (const other of ['root /home/dokku/shop2/page;', 'root /srv/home/dokku/shop;', 'root /home/dokku/shop.old;', 'root /home/dokku;'])
    assert.equal(text(other), other)
})

test('adapt makes 80 and 443 the ports on which sites are served, and leaves out IPv6 where there is none', () => {
  const said = 'server {\n  listen 80;\n  listen [::]:80;\n  listen 0.0.0.0:443 ssl;\n}'
  assert.equal(text(said), 'server {\n  listen 8080;\n  listen [::]:8080;\n  listen 0.0.0.0:8443 ssl;\n}')
  assert.equal(text(said, { ...here, ipv6: false }), 'server {\n  listen 8080;\n  \n  listen 0.0.0.0:8443 ssl;\n}')
})

test('adapt leaves comments as they are', () => {
  assert.equal(text('# listen 81;\nreturn 200;'), '# listen 81;\nreturn 200;')
})

test('adapt refuses a text that listens elsewhere', () => {
  for (const where of ['81', '127.0.0.1:80', 'unix:/run/x.sock', '8080 default_server', '80.1'])
    assert.throws(() => text(`server { listen ${where}; }`), { code: 'site-refused', message: /^a\.conf: listen / })
})

test('hostsOf finds the hosts of every server of a text', () => {
  assert.deepEqual(hostsOf('server { server_name WWW.a.test  b.test; }\nserver {server_name c.test;}'), ['www.a.test', 'b.test', 'c.test'])
  assert.deepEqual(hostsOf('more_server_name x;\n# server_name y;\n'), [])
})

test('additions are whole: paths inside the folders, each once, and not too many bytes', () => {
  const fits = (more: object) => additions.safeParse({ folders, inside: [], beside: [], files: [], ...more }).success
  const path = '/home/dokku/shop/a'
  assert.equal(fits({ inside: [{ path, text: '' }], files: [{ path: `${path} b`, base64: 'eA==' }] }), true)
  assert.equal(fits({ inside: [{ path, text: '' }], files: [{ path, base64: '' }] }), false)
  for (const bad of ['/etc/passwd', '/home/dokku/shop2/a', 'a', '/home/dokku/shop/../a', '/home/dokku/shop//a', `${path}\0`])
    assert.equal(fits({ files: [{ path: bad, base64: '' }] }), false, bad)
  for (const bad of [`${path}*`, `${path} b`, `${path};`, `${path}"`]) assert.equal(fits({ inside: [{ path: bad, text: '' }] }), false, bad)
  assert.equal(fits({ files: [{ path, base64: '!' }] }), false)
  assert.equal(fits({ files: [{ path, base64: Buffer.alloc(longestAdditions).toString('base64') }] }), true)
  assert.equal(fits({ beside: [{ path, text: 'x'.repeat(2 * longestAdditions + 1) }] }), false)
})
