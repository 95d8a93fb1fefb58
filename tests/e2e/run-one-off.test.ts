import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { running } from '../../execd/fixture.ts'
import { eventually, failed, ok, runByHand, startInstance, untilHealthy, versionImage } from './harness.ts'

const instance = await startInstance({ suffix: 'run' })
const { engine, name, ssh } = instance
after(() => instance.remove())
const image = `${name}/fixture:latest`
await engine.build(image, versionImage('one'), name)
ok(await ssh('git:from-image', 'shop', image))
ok(await ssh('config:set', 'shop', 'GREETING=hello'))

interface Listed {
  name: string
  state: string
  exit_code?: number
  command: string
  detached: boolean
}
const list = async (app = 'shop') => JSON.parse(ok(await ssh('run:list', app, '--format', 'json'))) as Listed[]
const find = async (container: string) => (await list()).find((one) => one.name === container)
const start = async (...words: string[]) => ok(await ssh('run:detached', ...words)).trim()
/** Lets a run go on that waits for /go; its end may take `touch` along, so only what follows says whether it did. */
const release = (container: string) => engine.docker(['exec', container, 'touch', '/go'])
const ended = (container: string, exitCode: number) =>
  eventually(async () => assert.deepEqual([(await find(container))?.state, (await find(container))?.exit_code], ['exited', exitCode]))

test('run:detached prints the name of a container that has config, -e and its words, and ends as run:list shows', async () => {
  const container = await start('-e', 'EXTRA=a b', 'shop', 'sh', '-c', 'echo "$GREETING, $EXTRA"; echo oh >&2; exit 3')
  assert.match(container, new RegExp(`^${name}-shop\\.run\\.[0-9a-f]+$`))
  await ended(container, 3)
  const said = ok(await ssh('run:logs', 'shop', container))
  assert.match(said, /shop\[run\.[0-9a-f]+\]: hello, a b\n/)
  assert.match(said, /: oh\n/)
  assert.match(ok(await ssh('run:list', 'shop')), new RegExp(`=====> shop run containers\nNAMES.*\n${container} +exited \\(3\\)`))
  await eventually(async () => assert.match(ok(await ssh('events')), /shop +dokku +run\.[0-9a-f]+ ended \(exit status 3\)/))
})

test('run:logs -t follows a detached run until its end', async (t) => {
  const container = await start('shop', 'sh', '-c', 'echo first; until [ -e /go ]; do sleep 0.1; done; echo last')
  const following = running(t, [...instance.sshArgv(), '--', `run:logs shop ${container} -t`])
  await following.says('first')
  await release(container)
  await following.says('last')
  assert.equal(await following.status(), 0)
})

test('run:stop stops one run, or all of an app', async () => {
  const [one, two] = [await start('shop', 'sleep', '1000'), await start('shop', 'sleep', '1000')]
  assert.match(ok(await ssh('run:stop', 'shop', one)), /Stopping/)
  await ended(one, 143)
  assert.equal((await find(two))?.state, 'running')
  ok(await ssh('run:stop', 'shop'))
  await ended(two, 143)
  assert.match(failed(await ssh('run:stop', 'shop', 'nothing')), /shop has no run "nothing"/)
})

test('--ttl-seconds ends a run, attached or detached', async () => {
  const container = await start('--ttl-seconds', '1', 'shop', 'sleep', '1000')
  failed(await ssh('run', '--ttl-seconds', '1', 'shop', 'sleep', '1000'), 143)
  await ended(container, 143)
  assert.match(failed(await ssh('run:detached', '--ttl-seconds', 'long', 'shop', 'true')), /is not a number of seconds/)
})

test('a detached run survives a restart, a kill and a replacement of control; one that ends meanwhile is shown', async () => {
  const lives = await start('shop', 'sh', '-c', 'echo begun; until [ -e /go ]; do sleep 0.1; done; echo done')
  const ends = await start('shop', 'sh', '-c', 'until [ -e /go ]; do sleep 0.1; done; exit 7')
  ok(await engine.docker(['restart', name]))
  ok(await engine.docker(['kill', name]))
  await release(ends)
  await eventually(async () => ok(await engine.docker(['start', name])))
  await untilHealthy(engine, name)
  await ended(ends, 7)
  ok(await engine.docker(['rm', '--force', name]))
  await runByHand({ name, image: instance.image, engine, env: instance.env, dir: instance.dir })
  assert.equal((await find(lives))?.state, 'running')
  await release(lives)
  await ended(lives, 0)
  assert.match(ok(await ssh('run:logs', 'shop', lives)), /begun[\s\S]*done/)
})

test('apps:rename keeps runs, and apps:destroy takes them along', async () => {
  const container = await start('shop', 'sleep', '1000')
  ok(await ssh('apps:rename', 'shop', 'store'))
  assert.ok((await list('store')).some((one) => one.name === container && one.state === 'running'))
  ok(await ssh('--force', 'apps:destroy', 'store'))
  assert.deepEqual(
    await engine.lines(
      'ps',
      '--all',
      '--quiet',
      '--filter',
      `label=dokku.instance=${name}`,
      '--filter',
      'label=com.dokku.container-type=run',
    ),
    [],
  )
})
