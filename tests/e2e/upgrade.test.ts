import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, load, ok, repo, runByHand, startInstance, underLoad, untilHealthy, versionImage, versions } from './harness.ts'

const instance = await startInstance({ suffix: 'upgrade' })
const { engine, name, ssh } = instance
const newer = `${name}/newer:latest`
const slow = await repo({ ...versions, Dockerfile: versions.Dockerfile.replace('CMD', 'RUN sleep 5\nENV VERSION=pushed\nCMD') })
after(() => Promise.all([instance.remove(), slow.remove()]))
await engine.build(`${name}/fixture:latest`, versionImage('steady'), name)
await engine.build(
  newer,
  {
    Dockerfile: `FROM ${instance.image}\nCOPY 9999.sql /tmp/\nRUN cd /opt/dokku && sed -i 's/"version": "[^"]*"/"version": "99.0.0"/' package.json && count=$(ls dokku/migrations/*.sql | wc -l) && mv /tmp/9999.sql "dokku/migrations/$(printf %04d $((count + 1)))-later.sql"\n`,
    '9999.sql': 'CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT;\n',
  },
  name,
)
ok(await ssh('git:from-image', 'steady', `${name}/fixture:latest`))

/** Control's container goes, and one of another image takes its volumes. */
async function replaceBy(image: string): Promise<void> {
  ok(await engine.docker(['stop', '--time', '60', name]))
  ok(await engine.docker(['rm', name]))
  await runByHand({ name, image, engine, env: instance.env, dir: instance.dir })
}

test('an upgrade fails no request, finishes the push that is under way, and no command typed meanwhile is lost', async () => {
  const before = ok(await ssh('releases:list', 'steady'))
  await underLoad(
    instance.target('steady'),
    async () => {
      const push = instance.pushStart(slow, 'pushed')
      await new Promise<void>((resolve) => {
        let said = ''
        push.stderr.setEncoding('utf8').on('data', (chunk: string) => {
          said += chunk
          if (said.includes('sleep 5')) resolve()
        })
      })
      let replaced = false
      const upgrade = replaceBy(newer).finally(() => {
        replaced = true
      })
      const typed: string[] = []
      while (!replaced) typed.push(ok(await ssh('releases:list', 'steady')))
      await upgrade
      assert.equal((await push).exitCode, 0)
      assert.deepEqual([...new Set(typed)], [before])
    },
    { clients: 4 },
  )
  assert.equal((await instance.fetch('pushed')).body, 'pushed')
  assert.match(ok(await ssh('version')), /99\.0\.0/)
  assert.match(ok(await ssh('builds:list', 'pushed')), /succeeded/)
})

test('a command that waits for control is answered by one that brings another gateway, which comes once nobody is logged in', async () => {
  const other = `${name}/other:latest`
  await engine.build(other, { Dockerfile: `FROM ${newer}\nRUN echo '// other' >> /opt/dokku/execd/sshd.ts\n` }, name)
  const gateway = () => engine.lines('inspect', '--format', '{{.Id}}', `${name}-ssh`)
  const before = await gateway()
  ok(await engine.docker(['stop', '--time', '60', name]))
  const waiting = ssh('apps:list')
  await eventually(async () => assert.match(ok(await engine.docker(['top', `${name}-ssh`])), /dokku -c/))
  ok(await engine.docker(['rm', name]))
  await runByHand({ name, image: other, engine, env: instance.env, dir: instance.dir })
  assert.match(ok(await waiting), /steady/)
  await eventually(async () => assert.notDeepEqual(await gateway(), before))
  await eventually(async () => ok(await ssh('apps:exists', 'steady')))
})

test('an upgrade that brings another appliance starts it beside the older one: no request on a kept connection fails, and of new ones hardly any', async () => {
  const other = `${name}/appliance:latest`
  await engine.build(other, { Dockerfile: `FROM ${newer}\nRUN echo '// other' >> /opt/dokku/nginx/api.ts\n` }, name)
  const containers = async () =>
    (await engine.lines('ps', '--all', '--filter', `name=^${name}-nginx`, '--format', '{{.Names}} {{.ID}}')).sort()
  const before = await containers()
  const { failures, sent } = await load(
    instance.target('steady'),
    async () => {
      await replaceBy(other)
      await eventually(async () => assert.equal((await containers()).length, 1))
    },
    { clients: 4 },
  )
  const after = await containers()
  assert.match(after[0] ?? '', new RegExp(`^${name}-nginx `))
  assert.notDeepEqual(after, before)
  assert.deepEqual(
    failures.filter((one) => !/client [13]: (read ECONNRESET|socket hang up)/.test(one)),
    [],
  )
  assert.ok(failures.length <= 2, `${failures.length} of ${sent}: ${failures}`)
  ok(await ssh('ps:restart', 'steady'))
  assert.equal((await instance.fetch('steady')).body, 'steady')
})

test('an older version refuses the newer database in one line, changes nothing of it, and apps go on', async () => {
  ok(await engine.docker(['rm', '--force', name]))
  await assert.rejects(() => runByHand({ name, image: instance.image, engine, env: instance.env, dir: instance.dir }))
  const { stdout, stderr } = await engine.docker(['logs', name])
  assert.match(stdout + stderr, /a newer version has brought the database to \d{4}-later/)
  assert.equal((await instance.fetch('steady')).body, 'steady')
  ok(await engine.docker(['rm', '--force', name]))
  await runByHand({ name, image: newer, engine, env: instance.env, dir: instance.dir })
  assert.match(ok(await ssh('apps:list')), /pushed\nsteady/)
})

test('a second control on the same volumes refuses, and the first goes on', async () => {
  const second = `${name}-second`
  const env = { ...instance.env, DOKKU_NAME: name }
  const volumes = [
    `/var/run/docker.sock:/var/run/docker.sock`,
    `${name}:/var/lib/dokku`,
    `${name}-gateway:/run/dokku/gateway`,
    `${name}-appliance:/run/dokku/appliance`,
  ]
  const argv = [
    '--name',
    second,
    '--label',
    `dokku.instance=${name}`,
    ...volumes.flatMap((one) => ['--volume', one]),
    ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
  ]
  const run = await engine.docker(['run', ...argv, newer])
  assert.equal(run.exitCode, 1)
  assert.match(run.stdout + run.stderr, /another control uses the volume/)
  ok(await ssh('apps:list'))
  ok(await engine.docker(['rm', '--force', second]))
  // One that was killed holds nothing.
  ok(await engine.docker(['kill', name]))
  await eventually(async () => ok(await engine.docker(['start', name])))
  await untilHealthy(engine, name)
})
