import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { download } from './fetch-download.ts'
import { parseRemote } from './fetch-guard.ts'

const asked: string[] = []
const server = createServer((request, response) => {
  const { url = '', headers } = request
  asked.push(`${headers.host?.split(':')[0]} ${url} ${headers.authorization ?? '-'}`)
  const to = new URL(url, 'http://localhost').searchParams.get('to')
  if (to !== null) response.writeHead(302, { location: to }).end()
  else if (url === '/broken') response.writeHead(200, { 'content-length': '10' }).write('x', () => response.destroy())
  else if (url === '/none') response.writeHead(404).end()
  else response.end(`hello from ${url}`)
}).listen(0, '0.0.0.0')
await once(server, 'listening')
after(() => server.close())
const { port } = server.address() as AddressInfo

const allowed = ['127.0.0.1']
const get = async (path: string, more: Partial<Parameters<typeof download>[1]> = {}, host = '127.0.0.1') => {
  asked.length = 0
  return await text(await download(parseRemote(`http://${host}:${port}${path}`), { allowed, credentials: () => undefined, ...more }))
}

test('download gives what is there, over redirects to allowed places too', async () => {
  assert.equal(await get('/a'), 'hello from /a')
  assert.equal(await get(`/?to=/b`), 'hello from /b')
})

test('download refuses an address of this machine, also where a redirect leads to it', async () => {
  await assert.rejects(get('/a', { allowed: [] }), { code: 'remote-refused' })
  for (const to of [`http://localhost:${port}/`, 'http://169.254.169.254/latest', 'http://[::1]/'])
    await assert.rejects(get(`/?to=${to}`), { code: 'remote-refused' }, to)
  assert.equal(asked.length, 1)
})

test('download follows no redirect to a file or another scheme, and none for ever', async () => {
  for (const to of ['file:///etc/passwd', 'ftp://127.0.0.1/', 'ssh://127.0.0.1/x'])
    await assert.rejects(get(`/?to=${to}`), { code: 'bad-remote' })
  const loop = createServer((_, response) => response.writeHead(302, { location: '/' }).end()).listen(0, '127.0.0.1')
  await once(loop, 'listening')
  const at = `http://127.0.0.1:${(loop.address() as AddressInfo).port}/`
  await assert.rejects(download(parseRemote(at), { allowed, credentials: () => undefined }), {
    code: 'fetch-failed',
    message: /more than 5 times/,
  })
  loop.close()
})

test('download says what the server answered, and fails where the body ends early', async () => {
  await assert.rejects(get('/none'), { code: 'fetch-failed', message: /404 Not Found/ })
  await assert.rejects(get('/broken'))
})

test('download shows a password to the host that it is for, and to no other', async () => {
  const credentials = (host: string) => (host === '127.0.0.1' ? { user: 'me', password: 'secret' } : undefined)
  await get('/a', { credentials })
  assert.deepEqual(asked, [`127.0.0.1 /a Basic ${btoa('me:secret')}`])
  await get(`/?to=http://127.0.0.2:${port}/b`, { allowed: ['127.0.0.0/8'], credentials })
  assert.equal(asked[1], '127.0.0.2 /b -')
  await get(`/?to=/c`, {}, 'you:own@127.0.0.1')
  assert.equal(asked[1], `127.0.0.1 /c Basic ${btoa('you:own')}`)
})
