import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { writeFiles } from './harness/engine.ts'
import { eventually, failed, ok, repo, runByHand, scratch, startInstance, untilHealthy, versionImage, versions } from './harness.ts'

const instance = await startInstance({ suffix: 'data' })
const { engine, name, ssh, sshLine } = instance
const folder = await scratch()
const service = `t${randomBytes(3).toString('hex')}`
const server = `dokku.tally.${service}`
after(async () => {
  await engine.docker(['rm', '--force', '--volumes', server])
  await Promise.all([instance.remove(), folder.remove()])
})
await engine.build(`${name}/app:latest`, versionImage('one'), name)
for (const app of ['shop', 'stranger']) ok(await ssh('git:from-image', app, `${name}/app:latest`))

/** Asks the service by the URL that the app has for it, from a one-off container or from the one that serves. */
const count = async (app: string, method: 'GET' | 'POST' = 'GET', url = 'process.env.TALLY_URL', from = ['run', app]) => {
  const program = `fetch(${url}, { method: '${method}', signal: AbortSignal.timeout(3000) }).then((r) => r.text()).then(console.log, () => process.exit(9))`
  return await ssh(...from, 'node', '-e', program)
}
const serving = ['enter', 'shop', 'web']
const inside = async (line: string) => ok(await engine.docker(['exec', name, 'bash', '-c', line]))
const inspect = async (of: string, format: string) => ok(await engine.docker(['inspect', '--format', format, of])).trim()
const addressesOf = async (container: string) =>
  (await inspect(container, '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}')).split(' ').filter(Boolean)
const install = async (from: string, plugin: string) => {
  ok(await engine.docker(['cp', from, `${name}:/tmp/${plugin}`]))
  ok(await ssh('plugin:install', `/tmp/${plugin}`, '--yes'))
}

test('a plugin in the shape of a datastore makes a service, and tells other plugins', async () => {
  const watcher = join(folder.dir, 'watcher')
  const watch = '#!/bin/sh\necho "$@" >>/tmp/watched\n'
  await writeFiles(watcher, { 'plugin.toml': '[plugin]\n', 'service-action': watch })
  await chmod(join(watcher, 'service-action'), 0o755)
  await install(watcher, 'watcher')
  await install(join(import.meta.dirname, '../plugins/tally'), 'tally')
  assert.match(ok(await ssh('tally:create', service)), new RegExp(`=====> Created ${service}`))
  assert.equal(ok(await ssh('--quiet', 'tally:list')), `${service}\n`)
  assert.equal(await inside('cat /tmp/watched'), `pre-create tally ${service}\npost-create tally ${service}\n`)
})

test('a linked app reaches the service by its alias, where it serves and in one-off commands, from its next release on', async () => {
  ok(await ssh('tally:link', service, 'shop'))
  assert.equal(
    ok(await ssh('docker-options:report', 'shop', '--docker-options-deploy')),
    `--link dokku.tally.${service}:dokku-tally-${service}\n`,
  )
  assert.equal((await count('shop', 'POST', `'http://dokku-tally-${service}:8080/'`)).exitCode, 9)
  ok(await ssh('ps:restart', 'shop'))
  assert.match(ok(await ssh('releases:diff', 'shop')), new RegExp(`option {5}\\+ deploy --link ${server}:`))
  assert.equal(ok(await count('shop', 'POST')), '1\n')
  assert.equal(ok(await count('shop', 'POST', undefined, serving)), '2\n')
})

test('another app reaches neither the service nor the app, by name or by address', async () => {
  const addresses = await addressesOf(server)
  assert.equal(addresses.length, 2)
  const theirs = await addressesOf(`${name}-shop.web.1`)
  assert.equal(theirs.length, 2)
  const targets = [...addresses, `dokku-tally-${service}`].map((host) => `${host}:8080`).concat(theirs.map((host) => `${host}:5000`))
  const tried = await Promise.all(targets.map((at) => count('stranger', 'GET', `'http://${at}/'`)))
  assert.deepEqual(
    tried.map(({ exitCode }) => exitCode),
    targets.map(() => 9),
  )
})

test('a service that is linked is not destroyed, and a container of dokku is nobody’s to link to', async () => {
  assert.match(failed(await ssh('tally:destroy', service)), /linked to shop/)
  const added = await ssh('docker-options:add', 'stranger', 'deploy', `--link ${name}-shop.web.1:shop`)
  assert.match(failed(added), /cannot be linked to .*-shop\.web\.1, which is dokku’s/)
  assert.equal(ok(await ssh('docker-options:list', 'stranger')), '')
})

test('two apps that are linked to one service both reach it, and not each other', async () => {
  ok(await ssh('apps:clone', 'shop', 'copy'))
  assert.equal(ok(await ssh('docker-options:list', 'copy', '--phase', 'run')), `--link ${server}:dokku-tally-${service}\n`)
  assert.equal(ok(await count('copy')), '2\n')
  const theirs = await addressesOf(`${name}-shop.web.1`)
  assert.equal(theirs.length, 2)
  const tried = await Promise.all(theirs.map((host) => count('copy', 'GET', `'http://${host}:5000/'`)))
  assert.deepEqual(
    tried.map(({ exitCode }) => exitCode),
    [9, 9],
  )
  ok(await ssh('apps:destroy', '--force', 'copy'))
  assert.match(ok(await ssh('tally:info', service)), /Links: +shop +\n/)
})

test('options that are not for apps are refused when they are typed, and those that the engine refuses in the deploy', async () => {
  assert.match(failed(await ssh('docker-options:add', 'stranger', 'deploy', '-v /:/host')), /--volume is not for apps/)
  ok(await ssh('docker-options:add', '--process', 'worker', 'stranger', 'deploy', '--cpus 999'))
  const refused = await ssh('docker-options:add', 'stranger', 'deploy', '--process', 'web', '--cpus 999')
  assert.match(failed(refused), /the engine refuses a container with these options: Range of CPUs/)
  assert.equal((await instance.fetch('stranger')).body, 'one')
  assert.equal(ok(await ssh('docker-options:list', 'stranger')), 'deploy worker --cpus 999\n')
  ok(await ssh('docker-options:clear', 'stranger'))
})

test('the link outlives the server’s restart, another server in its place, and control', async () => {
  ok(await engine.docker(['restart', '--time', '1', server]))
  await eventually(async () => assert.equal(ok(await count('shop', 'GET', undefined, serving)), '2\n'))
  ok(await engine.docker(['rm', '--force', server]))
  assert.match(failed(await ssh('run', 'shop', 'true')), new RegExp(`linked to the container ${server}, and there is none`))
  assert.match(failed(await ssh('config:set', 'shop', 'A=1')), /and there is none/)
  assert.equal((await instance.fetch('shop')).body, 'one')
  // pre-start makes it anew; what starts is seen by control, and joins by itself.
  ok(await ssh('plugin:trigger', 'pre-start', 'shop'))
  await eventually(async () => assert.equal(ok(await count('shop', 'GET', undefined, serving)), '2\n'))
  ok(await engine.docker(['rm', '--force', name]))
  ok(await engine.docker(['rm', '--force', server]))
  await runByHand(instance)
  ok(await ssh('plugin:trigger', 'pre-start', 'shop'))
  await eventually(async () => assert.equal(ok(await count('shop', 'GET', undefined, serving)), '2\n'))
})

test('an app that is put back while what it is linked to is gone serves, and events say what is missing', async () => {
  ok(await engine.docker(['rm', '--force', server]))
  ok(await engine.docker(['rm', '--force', `${name}-shop.web.1`]))
  await eventually(async () => assert.equal((await instance.fetch('shop', '/', { timeoutMs: 2_000 })).body, 'one'))
  assert.match(ok(await ssh('events', 'shop')), new RegExp(`linked to the container ${server}, and there is none`))
  ok(await ssh('plugin:trigger', 'pre-start', 'shop'))
  await eventually(async () => assert.equal(ok(await count('shop', 'GET', undefined, serving)), '2\n'))
})

test('links follow a rename; a rollback ends a link, and the app that goes takes its network along', async () => {
  const networks = () => engine.lines('network', 'ls', '--format', '{{.Name}}', '--filter', `label=dokku.instance=${name}`)
  const before = await networks()
  ok(await ssh('apps:rename', 'shop', 'store'))
  assert.equal(ok(await count('store')), '2\n')
  assert.match(ok(await ssh('tally:info', service)), /Links: +store +\n/)
  ok(await ssh('releases:rollback', 'store', 'v1'))
  assert.equal(await inspect(`${name}-store.web.1`, '{{len .NetworkSettings.Networks}}'), '1')
  assert.equal(ok(await ssh('docker-options:list', 'store')), '')
  assert.deepEqual(await networks(), before)
  ok(await ssh('apps:destroy', '--force', 'store'))
  assert.equal((await networks()).length, before.length - 1)
  ok(await ssh('tally:destroy', service))
})

test('plugins add options, attach to what is made, and may refuse what is deployed', async () => {
  const probe = join(folder.dir, 'probe')
  const files = {
    'docker-args-build': '#!/bin/sh\ncat; echo "--build-arg PROBED=$1-$2"\n',
    'docker-args-deploy': '#!/bin/sh\ncat; echo "--label probe.args=$1-$2-$3"\n',
    'docker-args-process-run': '#!/bin/sh\necho "--label \'probe.args=$1 $2 $3\'"\n',
    'post-container-create':
      '#!/bin/sh\necho "$1 $3 $4 $5 $(docker inspect -f "{{.State.Status}}" "$2")" >>/tmp/probed\n[ ! -e /tmp/hold ] || ! mkdir /tmp/held || sleep 600\necho "$2" >>/tmp/attached\n',
    'check-deploy': '#!/bin/sh\n[ -e /tmp/refuse ] && { echo "refused $1 $3 $4 $6"; exit 3; }\nexit 0\n',
  }
  await writeFiles(probe, { 'plugin.toml': '[plugin]\n', ...files })
  for (const hook of Object.keys(files)) await chmod(join(probe, hook), 0o755)
  await install(probe, 'probe')
  ok(await sshLine(`docker-options:add stranger build,deploy,run --label "note=two words"`))
  const labels = JSON.parse(await inspect(`${name}-stranger.web.1`, '{{json .Config.Labels}}'))
  assert.match(labels['probe.args'], /^stranger-v\d+-web$/)
  assert.equal(labels.note, 'two words')
  ok(await ssh('run', 'stranger', 'true'))
  assert.equal(await inside('cat /tmp/probed'), 'app stranger deploy web created\napp stranger run run created\n')
  assert.equal(
    ok(await ssh('plugin:trigger', 'docker-args-build', 'stranger', 'dockerfile')),
    "--label 'note=two words'\n--build-arg PROBED=stranger-dockerfile\n",
  )
  const work = await repo({
    ...versions,
    Dockerfile: versions.Dockerfile.replace('CMD', 'ARG SET\nARG PROBED\nENV VERSION=$SET-$PROBED\nCMD'),
  })
  ok(await ssh('docker-options:add', 'stranger', 'build', '--build-arg SET=two'))
  const { stderr, exitCode } = await instance.push(work, 'stranger')
  await work.remove()
  assert.equal(exitCode, 0, stderr)
  assert.equal((await instance.fetch('stranger')).body, 'two-stranger-dockerfile')
  await inside('touch /tmp/refuse')
  const said = failed(await ssh('config:set', 'stranger', 'B=2'), 3)
  assert.match(said, /refused stranger web 5000 1\n/)
  assert.match(said, /the plugin probe failed at check-deploy/)
  assert.equal((await instance.fetch('stranger')).body, 'two-stranger-dockerfile')
})

test('a container that control had no time to attach to is never started, but made anew', async () => {
  await inside('touch /tmp/hold && rm -f /tmp/refuse')
  ok(await engine.docker(['rm', '--force', `${name}-stranger.web.1`]))
  await eventually(() => inside('[ -e /tmp/held ]'))
  const unfinished = await engine.lines('ps', '--all', '--quiet', '--no-trunc', '--filter', `name=${name}-stranger.web.1.upcoming`)
  assert.equal(unfinished.length, 1)
  ok(await engine.docker(['kill', name]))
  ok(await engine.docker(['start', name]))
  await untilHealthy(engine, name)
  await eventually(async () => assert.equal((await instance.fetch('stranger', '/', { timeoutMs: 2_000 })).status, 200))
  const attached = (await inside('tail -n 1 /tmp/attached')).trim()
  await eventually(async () => assert.equal(await inspect(`${name}-stranger.web.1`, '{{.Id}}'), attached))
  await eventually(async () => assert.match(failed(await engine.docker(['inspect', ...unfinished])), /No such object/))
})
