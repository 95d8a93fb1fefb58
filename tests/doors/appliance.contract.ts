import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { run } from '#lib/exec.ts'
import { assertPromised, examples, shell } from './shell.ts'

const docker = (...words: string[]) => run(['docker', ...words], { allow: 'any' })
/** The image of the appliance alone, which scripts/test built beside dokku's. */
const image = (process.env.DOKKU_IMAGE ?? assert.fail('DOKKU_IMAGE names the image under test')).replace(/dokku$/, 'nginx-appliance')

/** A port of this machine that nobody listens at. */
async function freePort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? String(address.port) : assert.fail('no port')
}

test('the examples of the README of the appliance do what stands beside them', async (t) => {
  const name = `${process.env.DOKKU_TEST_PREFIX ?? 'doors'}-nginx-${randomBytes(2).toString('hex')}`
  const ports = Object.fromEntries(
    await Promise.all(['8080', '9000', '8090', '8453'].map(async (port) => [port, await freePort()] as const)),
  )
  t.after(async () => {
    await docker('rm', '--force', '--volumes', `${name}`, `${name}-edge-1`, `${name}-edge-2`)
    await docker('volume', 'rm', '--force', name, `${name}-edge`, `${name}-edge-api`)
  })
  const typed = (block: string) =>
    block
      .replaceAll(/nginx-appliance(?=$|; })/gm, image)
      .replaceAll(/(--name |exec )appliance /g, `$1${name} `)
      .replaceAll('-v appliance:', `-v ${name}:`)
      .replaceAll(/-v edge/g, `-v ${name}-edge`)
      .replaceAll(/(?<=^|exec |logs |QUIT |wait |edge )edge-([12])/gm, `${name}-edge-$1`)
      .replaceAll(/\b(8080|9000(?=\/|:9000|\$1)|8090|8453)\b/g, (port) => ports[port] ?? port)
  const { type, said } = await shell(t)
  const blocks = await examples('nginx')
  assert.ok(blocks.length >= 4)
  for (const block of blocks.map(typed)) {
    await type(block)
    assertPromised(block, said())
  }
  // It needs nothing else of ours.
  const { stdout } = await docker('exec', name, 'ls', '/opt/appliance')
  assert.equal(stdout.trim(), 'lib\nnginx\nnode_modules\npackage.json')
  const { stdout: health } = await docker('inspect', '--format', '{{.Config.Healthcheck.Test}}', name)
  assert.match(health, /appliance api GET \/health/)
})
