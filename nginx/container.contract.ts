import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '#lib/exec.ts'
import { freePort, get } from './harness.ts'

const prefix = `${process.env.DOKKU_TEST_PREFIX ?? 'h'}-nginx-${randomBytes(3).toString('hex')}`
const capabilities = ['CHOWN', 'DAC_OVERRIDE', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'].flatMap((name) => ['--cap-add', name])

function image(): string {
  const name = process.env.DOKKU_IMAGE
  if (!name) throw new Error('DOKKU_IMAGE names the image under test: run these tests by scripts/test')
  return name
}

async function docker(...words: string[]): Promise<string> {
  return (await run(['docker', ...words])).stdout.trim()
}

/** A container of the image's appliance role, confined as control confines it. */
async function container(t: TestContext, name: string, httpPort: number, network: string[]): Promise<void> {
  const volumes = ['--volume', `${name}-state:/var/lib/nginx-appliance`, '--volume', `${name}-api:/run/dokku/appliance`]
  const ports = ['--env', `APPLIANCE_HTTP_PORT=${httpPort}`, '--env', `APPLIANCE_HTTPS_PORT=${await freePort()}`]
  t.after(async () => {
    await docker('rm', '--force', '--volumes', name)
    await docker('volume', 'rm', '--force', `${name}-state`, `${name}-api`)
  })
  const confined = ['--cap-drop', 'ALL', ...capabilities, '--security-opt', 'no-new-privileges']
  await docker('run', '--detach', '--name', name, ...confined, ...volumes, ...ports, ...network, image(), 'appliance')
}

/** A container that answers with the number of bytes it was sent; its address on the default bridge. */
async function echo(t: TestContext, name: string): Promise<{ address: string; port: number }> {
  const program = `require('http').createServer((q, s) => { let n = 0; q.on('data', (d) => { n += d.length }).on('end', () => s.end(String(n))) }).listen(5000)`
  t.after(() => docker('rm', '--force', name))
  await docker('run', '--detach', '--init', '--name', name, image(), 'node', '-e', program)
  return { address: await docker('inspect', '--format', '{{.NetworkSettings.IPAddress}}', name), port: 5000 }
}

/** Calls the client of the appliance in its container, where its socket is; it may take a moment to be there. */
async function call(name: string, method: string, ...args: unknown[]): Promise<void> {
  const program = `
    import { appliance } from '/opt/dokku/nginx/mod.ts'
    const client = appliance('/run/dokku/appliance/api.sock')
    for (let tries = 0; tries < 500 && !(await client.health().then(() => true, () => false)); tries++) await new Promise((done) => setTimeout(done, 20))
    await client[process.argv[1]](...JSON.parse(process.argv[2]))`
  await docker('exec', name, 'node', '--input-type=module', '-e', program, method, JSON.stringify(args))
}

test('the confined container serves on the host network, takes large bodies, and comes back alone after a kill', async (t) => {
  const name = `${prefix}-host`
  const port = await freePort()
  const upstream = await echo(t, `${name}-app`)
  await container(t, name, port, ['--network', 'host'])
  await call(name, 'probe', { ...upstream, path: '/' }, { timeoutMs: 30_000 })
  const site = { name: 'one', hosts: ['one.test'], options: { maxBodySize: '8m' } }
  await call(name, 'sync', { sites: [site], routes: { one: [upstream] } })
  const large = { method: 'POST', body: 'x'.repeat(5_000_000) }
  assert.deepEqual(await get(port, 'one.test', large), { status: 200, text: '5000000' })

  await docker('kill', name)
  await docker('start', name)
  let answer = await get(port, 'one.test').catch(() => undefined)
  for (let tries = 0; tries < 500 && answer === undefined; tries++) {
    await sleep(20)
    answer = await get(port, 'one.test').catch(() => undefined)
  }
  assert.deepEqual(answer, { status: 200, text: '0' })
  await call(name, 'health')
  assert.equal(await docker('exec', name, 'stat', '-c', '%a', '/run/dokku/appliance/api.sock'), '660')

  await docker('stop', name)
  assert.equal(await docker('inspect', '--format', '{{.State.ExitCode}}', name), '0')
})

test('the confined container serves through published ports', async (t) => {
  const name = `${prefix}-published`
  const port = await freePort()
  const upstream = await echo(t, `${name}-app`)
  await container(t, name, port, ['--publish', `127.0.0.1:${port}:${port}`])
  await call(name, 'probe', upstream, { timeoutMs: 30_000 })
  await call(name, 'sync', { sites: [{ name: 'one', hosts: ['one.test'] }], routes: { one: [upstream] } })
  assert.deepEqual(await get(port, 'one.test'), { status: 200, text: '0' })
})
