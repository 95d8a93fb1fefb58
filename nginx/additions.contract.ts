import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { Additions } from './additions.ts'
import { added, app, applianceOf, get } from './harness.ts'

const folder = '/home/dokku/one'
const none: Additions = { folders: [folder], inside: [], beside: [], files: [] }
const base64 = (text: string) => Buffer.from(text).toString('base64')
const inside = (name: string, text: string) => ({ path: `${folder}/nginx.conf.d/${name}`, text })
const one = (additions: Partial<Additions>, hosts = ['one.test']) => ({ name: 'one', hosts, additions: { ...none, ...additions } })

const password = one({
  inside: [inside('auth.conf', `auth_basic "no"; auth_basic_user_file ${folder}/htpasswd;`)],
  // ada:secret, in the plainest form that nginx knows.
  files: [{ path: `${folder}/htpasswd`, base64: base64('ada:{PLAIN}secret\n') }],
})
const ada = { headers: { authorization: `Basic ${base64('ada:secret')}` } }

test('a site asks for the password of a file that a text inside it names, and does so after a restart', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('fine'))
  const { port, client, stop, again } = await applianceOf(t)
  await client.setRoutes('one', [upstream])
  assert.deepEqual(await client.putSite(password), [])
  const answers = async () => [(await get(port, 'one.test')).status, (await get(port, 'one.test', ada)).status]
  assert.deepEqual(await answers(), [401, 200])
  await stop()
  await again()
  assert.deepEqual(await answers(), [401, 200])
  assert.deepEqual(await client.putSite({ name: 'one', hosts: ['one.test'], additions: 'kept' }), [])
  assert.deepEqual(await answers(), [401, 200])
  assert.deepEqual(await client.putSite({ name: 'one', hosts: ['one.test'] }), [])
  assert.equal((await get(port, 'one.test')).status, 200)
})

test('a folder of files is served from where a text names it', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('fine'))
  const { port, client } = await applianceOf(t)
  const text = `location ~ ^/ { root ${folder}/page; try_files $uri =533; }
error_page 533 =503 @page;\nlocation @page { root ${folder}/page; rewrite ^ /index.html break; }`
  const files = [
    { path: `${folder}/page/index.html`, base64: base64('back soon') },
    { path: `${folder}/page/img/a logo.png`, base64: base64('PNG') },
  ]
  await client.setRoutes('one', [upstream])
  assert.deepEqual(await client.putSite(one({ inside: [inside('page.conf', text)], files })), [])
  assert.deepEqual(await get(port, 'one.test', { path: '/any' }), { status: 503, text: 'back soon' })
  assert.deepEqual(await get(port, 'one.test', { path: '/img/a%20logo.png' }), { status: 200, text: 'PNG' })
})

test('a text that sets headers for the whole server takes none of the site’s own away', async (t) => {
  const { upstream } = await app(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const { port, client } = await applianceOf(t)
  await client.setRoutes('one', [upstream])
  const text = 'proxy_set_header X-Forwarded-For $http_x_claim; add_header x-added yes;'
  assert.deepEqual(await client.putSite(one({ inside: [inside('a.conf', text)] })), [])
  const seen: Record<string, string> = JSON.parse((await get(port, 'one.test', { headers: { 'x-claim': 'evil' } })).text)
  assert.deepEqual([seen.host, seen['x-forwarded-for']], ['one.test', '127.0.0.1'])
})

test('a server beside a site has a host before the site does, listens where sites are served, and includes its texts', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('fine'))
  const { port, client } = await applianceOf(t)
  const text = `server { listen 80; listen [::]:80; server_name www.one.test; include ${folder}/nginx.conf.d/*.conf; return 301 $scheme://one.test$request_uri; }`
  const path = `${folder}/nginx.conf`
  await client.setRoutes('one', [upstream])
  assert.deepEqual(
    await client.putSite(one({ beside: [{ path, text }], inside: [inside('a.conf', 'add_header x-a b;')] }, ['one.test', 'www.one.test'])),
    [],
  )
  assert.equal((await get(port, 'www.one.test')).status, 301)
  assert.equal((await get(port, 'one.test')).status, 200)
  assert.match(await client.configurationOf('one'), /server_name one\.test;[\s\S]*# \/home\/dokku\/one\/nginx\.conf\nserver \{ listen \d+;/)
  // A host of another site is that site's, whoever comes last.
  await assert.rejects(client.putSite({ name: 'two', hosts: ['www.one.test'] }), {
    code: 'site-refused',
    message: /www\.one\.test belongs to one/,
  })
  const thief = { ...one({}), name: 'two', hosts: ['two.test'] }
  const [refused] = await client.putSite({
    ...thief,
    additions: { ...none, beside: [{ path, text: text.replaceAll('www.', '') }] },
  })
  assert.equal(refused?.reason, `${path}: one.test belongs to one`)
  assert.equal((await get(port, 'one.test')).status, 200)
  const first = one({ beside: [{ path, text: text.replaceAll('www.', 'new.') }] })
  const last = { name: 'new', hosts: ['new.one.test'] }
  assert.deepEqual(await client.putSite(first), [])
  assert.deepEqual([await client.putSite(last), (await get(port, 'new.one.test')).status], [[], 502])
  const found = await client.sync({ sites: [first, last], routes: {} })
  assert.deepEqual(found, [{ name: 'one', reason: `${path}: new.one.test belongs to new` }])
})

test('a bad text is refused with nginx’s words and its name, what was there last stays, and the hosts are new', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('fine'))
  const { port, client } = await applianceOf(t)
  await client.sync({ sites: [password, { name: 'two', hosts: ['two.test'] }], routes: { one: [upstream], two: [upstream] } })
  for (const [text, said] of [
    ['nonsense on;', /^\/home\/dokku\/one\/nginx\.conf\.d\/x\.conf:1: unknown directive "nonsense"$/],
    ['} server { listen 80; server_name evil.test; return 200;', /x\.conf:1: unexpected "\}"/],
    ['location /x { return 200;', /x\.conf:1: unexpected end of file/],
    ['listen 8081;', /x\.conf: listen 8081: a site is served on 80 and 443/],
    ['location / { return 200; }', /duplicate location "\/"/],
  ] as const) {
    const wanted = one({ inside: [inside('x.conf', text)] }, ['one.test', 'new.test'])
    const [looked] = await client.checkSite(wanted)
    assert.match(`${looked?.reason}`, said)
    assert.deepEqual(await client.putSite(wanted), [looked])
    const all = await client.sync({ sites: [wanted, { name: 'two', hosts: ['two.test'] }], routes: { one: [upstream], two: [upstream] } })
    assert.deepEqual(all, [looked])
    assert.deepEqual([(await get(port, 'new.test')).status, (await get(port, 'new.test', ada)).status], [401, 200])
    assert.equal((await get(port, 'two.test')).status, 200)
  }
  const escaping = one({ files: [{ path: '/etc/passwd', base64: '' }] })
  assert.match(`${(await client.putSite(escaping))[0]?.reason}`, /a path is there once, in one of the folders/)
  assert.equal((await get(port, 'one.test')).status, 401)
})

test('of texts that were never served, only those that pass are', async (t) => {
  const { port, client } = await applianceOf(t)
  const bad = inside('a.conf', 'nonsense on;')
  const [refused] = await client.putSite(one({ ...password.additions, inside: [bad, ...password.additions.inside] }))
  assert.match(`${refused?.reason}`, /a\.conf:1: unknown directive/)
  assert.equal((await get(port, 'one.test')).status, 401)
})

test('what is unchanged reloads nothing, and what nobody names any more goes', async (t) => {
  const { client, workers, stateDir } = await applianceOf(t)
  const folders = () => readdir(`${stateDir}/additions`)
  await client.putSite(password)
  const before = await workers()
  await client.putSite(password)
  await client.sync({ sites: [password], routes: {} })
  await client.checkSite(one({ inside: [inside('a.conf', 'add_header x-a b;')] }))
  assert.deepEqual(added(before, await workers()), [])
  await client.putSite(one({ inside: [inside('a.conf', 'add_header x-a c;')] }))
  await client.removeSite('one')
  await client.putSite({ name: 'two', hosts: ['two.test'] })
  await client.checkSite({ name: 'two', hosts: ['two.test'] })
  assert.deepEqual(await folders(), [])
})

test('an appliance starts without a stored text that does not pass any more', async (t) => {
  const { port, client, stateDir, stop, again } = await applianceOf(t)
  await client.putSite(one({ inside: [inside('a.conf', 'return 204;'), inside('b.conf', 'add_header x-a b;')] }))
  await stop()
  const [digest] = await readdir(`${stateDir}/additions`)
  const file = `${stateDir}/additions/${digest}${folder}/nginx.conf.d/b.conf`
  assert.equal(await readFile(file, 'utf8'), 'add_header x-a b;')
  await writeFile(file, 'nonsense on;')
  await again()
  assert.equal((await get(port, 'one.test')).status, 204)
})
