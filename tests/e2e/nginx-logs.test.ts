import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, ok, startInstance, versions } from './harness.ts'

const instance = await startInstance({ suffix: 'logs' })
after(() => instance.remove())
const { ssh, sshStart, engine } = instance
const image = `${instance.name}/fixture:latest`
await engine.build(image, versions, instance.name)
for (const app of ['shop', 'blog']) ok(await ssh('git:from-image', app, image))

test('nginx:access-logs shows the requests of an app and of no other, as text, as JSON and as they come', async () => {
  await instance.fetch('shop', '/one')
  await instance.fetch('blog', '/other')
  await eventually(async () =>
    assert.match(ok(await ssh('nginx:access-logs', 'shop')), /^\S+ - - \[[^\]]+\] "GET \/one HTTP\/1\.1" 200 \d+ "-" "-"$/m),
  )
  assert.doesNotMatch(ok(await ssh('nginx:access-logs', 'shop')), /\/other/)
  const [line] = ok(await ssh('nginx:access-logs', 'shop', '--num', '1', '--format', 'json'))
    .trim()
    .split('\n')
  assert.deepEqual([JSON.parse(`${line}`).uri, JSON.parse(`${line}`).host], ['/one', `shop.${instance.hostname}`])

  const following = sshStart(['nginx:access-logs', 'shop', '-t', '-n', '0'])
  let said = ''
  following.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  await eventually(async () => {
    await instance.fetch('shop', '/later')
    assert.match(said, /GET \/later/)
  })
  following.kill()
  await following
})

test('nginx:error-logs shows what nginx says of an app’s requests', async () => {
  ok(await ssh('ps:stop', 'blog'))
  assert.notEqual((await instance.fetch('blog')).status, 200)
  ok(await ssh('ps:start', 'blog'))
  assert.doesNotMatch(ok(await ssh('nginx:error-logs', 'shop')), /blog/)
})

test('nginx:stats shows how an app answers', async () => {
  for (let count = 0; count < 20; count++) await instance.fetch('blog')
  const stats = await eventually(async () => {
    const found = JSON.parse(ok(await ssh('nginx:stats', 'blog', '--format', 'json')))
    assert.ok(found.requests >= 20)
    return found
  })
  assert.ok(stats.p50 > 0 && stats.classes['2xx'] >= 20)
  assert.match(ok(await ssh('nginx:stats', 'blog', '--minutes', '15')), /Requests: +\d+ \(/)
})
