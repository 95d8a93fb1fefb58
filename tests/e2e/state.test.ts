import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, failed, ok, type Plan, repo, runByHand, startInstance, underLoad, untilHealthy, versionImage } from './harness.ts'

const holder = (name: string) => `${name}-holder`

/** Control's volume is memory of 48 MB, so that it can be full; another container keeps it from going with control. */
async function onSmallVolume(plan: Plan): Promise<void> {
  const { engine, name, image } = plan
  const label = ['--label', `dokku.instance=${name}`]
  const memory = ['type=tmpfs', 'device=tmpfs', 'o=size=48m'].flatMap((option) => ['--opt', option])
  ok(await engine.docker(['volume', 'create', ...label, ...memory, name]))
  const mount = ['--volume', `${name}:/state`]
  ok(await engine.docker(['run', '--detach', '--name', holder(name), ...label, ...mount, '--no-healthcheck', image, 'sleep', 'infinity']))
  await runByHand(plan)
}

const instance = await startInstance({ suffix: 'state', start: onSmallVolume })
const { engine, name, ssh } = instance
const pushed = await repo(versionImage('first'))
after(() => Promise.all([instance.remove(), pushed.remove()]))

const onVolume = async (script: string) => ok(await engine.docker(['exec', holder(name), 'sh', '-c', script]))
const logs = async () => {
  const { stdout, stderr } = await engine.docker(['logs', '--tail', '30', name])
  return stdout + stderr
}
const saysInLog = (words: RegExp) => eventually(async () => assert.match(await logs(), words), 60)
const copyTo = (path: string) =>
  `import('/opt/dokku/lib/backup.ts').then((module) => module.copyDatabase('/state/dokku.sqlite', '${path}'))`
const target = instance.target('shop')
const few = { clients: 2, pauseMs: 30 }

before(async () => {
  const { exitCode, stderr } = await instance.push(pushed, 'shop')
  assert.equal(exitCode, 0, stderr)
})

test('a full disk fails commands and pushes with the reason, loses nothing, and everything goes on once there is room', async () => {
  const pushFails = async () => {
    const { exitCode, stderr } = await instance.push(pushed, 'shop')
    assert.notEqual(exitCode, 0)
    assert.match(stderr, /The disk is full|No space left on device/)
  }
  await underLoad(
    target,
    async () => {
      // A small pack of a large file: git stores it, and the checkout does not fit.
      await onVolume('dd if=/dev/zero of=/state/filler bs=4k 2>/dev/null; truncate -s -4M /state/filler')
      await pushed.commit({ ...versionImage('second'), large: 'x'.repeat(2 ** 23) })
      await pushFails()
      assert.equal(await onVolume('ls /state/builds'), '')
      await onVolume('dd if=/dev/zero of=/state/filler-too bs=4k 2>/dev/null || true')
      await eventually(async () => assert.match(failed(await ssh('config:set', 'shop', 'FILL=1')), /The disk is full.*\n.*make room/))
      failed(await ssh('config:get', 'shop', 'FILL'))
      await pushFails()
      failed(await engine.docker(['exec', holder(name), 'node', '--eval', copyTo('/state/dokku.sqlite.before-0099')]))
      assert.doesNotMatch(await onVolume('ls /state'), /before-0099/)
      ok(await engine.docker(['restart', name]))
      await untilHealthy(engine, name)
      assert.match(ok(await ssh('releases:list', 'shop')), /v1 /)
      await onVolume('rm /state/filler*')
      ok(await ssh('config:set', 'shop', 'AFTER=1'))
      const again = await instance.push(pushed, 'shop')
      assert.equal(again.exitCode, 0, again.stderr)
    },
    few,
  )
  assert.equal((await instance.fetch('shop', '/')).body, 'second')
})

test('a damaged database stops control and no app; the line it prints puts the last backup back', async () => {
  // A backup is made at a start when the last one is old.
  await onVolume('touch -d "2 days ago" /state/dokku.sqlite.backup-*')
  ok(await engine.docker(['restart', name]))
  await eventually(async () => assert.notEqual(await onVolume('find /state -name "dokku.sqlite.backup-*" -mmin -60'), ''))
  await underLoad(
    target,
    async () => {
      ok(await engine.docker(['stop', name]))
      await onVolume('truncate -s 8192 /state/dokku.sqlite && rm -f /state/dokku.sqlite-*')
      ok(await engine.docker(['start', name]))
      await saysInLog(/is damaged \(.+control does not start/)
      const [line = ''] = /docker stop .*/.exec(await logs()) ?? []
      const said: string[] = []
      for (const command of line.split(' && ')) said.push(ok(await engine.docker(command.split(' ').slice(1))))
      assert.match(said.join(''), /backup-\d{4} .* is the database now/)
      await untilHealthy(engine, name)
    },
    few,
  )
  assert.match(ok(await ssh('apps:list')), /shop/)
  assert.match(await onVolume('ls /state'), /aside/)
  failed(await engine.docker(['run', '--rm', '--volume', `${name}:/var/lib/dokku`, instance.image, 'restore-database']))
})

test('control on a volume that takes no writes says so and changes nothing', async () => {
  ok(await engine.docker(['stop', name]))
  const { Mounts: mounts } = JSON.parse(ok(await engine.docker(['inspect', '--format', '{{json .}}', name]))) as {
    Mounts: { Name?: string; Source: string; Destination: string }[]
  }
  const volumes = mounts.flatMap(({ Name: volume, Source: source, Destination: at }) => [
    '--volume',
    `${volume ?? source}:${at}${at === '/var/lib/dokku' ? ':ro' : ''}`,
  ])
  const said = failed(await engine.docker(['run', '--rm', ...volumes, '--env', `DOKKU_NAME=${name}`, instance.image]))
  assert.match(said, /The disk takes no writes/)
  assert.equal((await instance.fetch('shop', '/')).status, 200)
  ok(await engine.docker(['start', name]))
  await untilHealthy(engine, name)
  ok(await ssh('apps:exists', 'shop'))
})
