import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, failed, engine as hostEngine, ok, runByHand, startInstance, underLoad, versionImage } from './harness.ts'

const host = hostEngine()
const ours = process.env.DOKKU_IMAGE ?? ''
const old = `${process.env.DOKKU_TEST_PREFIX ?? 'e2e'}-first/dokku:0.1.0`
// What is told apart here: the containers of 0.1.0 carry no number of their app.
await host.build(old, { Dockerfile: `FROM ${ours}\nRUN sed -i '/\\[label.id\\]: /d' /opt/dokku/dokku/container.ts\n` }, 'first')
const instance = await startInstance({ suffix: 'first', image: old })
const { engine, name, ssh } = instance
after(async () => {
  await instance.remove()
  await host.docker(['rmi', '--force', old])
})

await engine.build(`${name}/fixture:latest`, versionImage('steady'), name)
ok(await ssh('git:from-image', 'steady', `${name}/fixture:latest`))
ok(await ssh('ps:scale', 'steady', 'web=2'))

/** The app's containers, whatever they are named by: id and number of the app. */
async function containers(): Promise<Map<string, string>> {
  const format = '{{.ID}} {{.Label "dokku.app-id"}}'
  const filters = ['--filter', `label=dokku.instance=${name}`, '--filter', 'label=com.dokku.container-type=deploy']
  const lines = await engine.lines('ps', '--all', ...filters, '--format', format)
  return new Map(lines.map((line) => line.split(' ') as [string, string]))
}

const first = await containers()
assert.deepEqual([...first.values()], ['', ''], 'the stand-in for 0.1.0 writes no number')

test('an upgrade from 0.1.0 keeps the containers, and a scale counts them in', async () => {
  ok(await engine.docker(['rm', '--force', name]))
  await runByHand({ name, image: ours, engine, env: instance.env, dir: instance.dir })
  assert.deepEqual(await containers(), first)
  await underLoad(instance.target('steady'), async () => ok(await ssh('ps:scale', 'steady', 'web=3')))
  const scaled = await containers()
  assert.deepEqual(
    [...first.keys()].filter((id) => !scaled.has(id)),
    [],
  )
  assert.equal(scaled.size, 3)
  assert.match(ok(await ssh('ps:report', 'steady', '--format', 'json')), /web\.1 running.*web\.2 running.*web\.3 running/)
})

test('an app with containers of 0.1.0 is renamed once it was restarted, and nothing of them is left', async () => {
  assert.match(failed(await ssh('apps:rename', 'steady', 'renamed')), /ps:restart steady/)
  await underLoad(instance.target('steady'), async () => ok(await ssh('ps:restart', 'steady')))
  ok(await ssh('apps:rename', 'steady', 'renamed'))
  await eventually(async () => assert.equal([...(await containers()).values()].join(), '1,1,1'))
  assert.equal((await instance.fetch('renamed')).body, 'steady')
})
