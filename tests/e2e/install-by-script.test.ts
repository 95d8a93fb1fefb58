import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { ExecResult } from '#lib/exec.ts'
import { ask, attempt, engine, failed, freePort, ok, removeInstance, scratch } from './harness.ts'

const root = join(import.meta.dirname, '../..')
const host = engine()
const image = process.env.DOKKU_IMAGE ?? ''
const name = `${process.env.DOKKU_TEST_PREFIX ?? 'e2e'}-script-${randomBytes(2).toString('hex')}`
const home = await scratch()
const ports = { ssh: await freePort(), http: await freePort(), https: await freePort() }
const given = { DOKKU_SSH_PORT: String(ports.ssh), DOKKU_HTTP_PORT: String(ports.http), DOKKU_HTTPS_PORT: String(ports.https) }

after(async () => {
  await removeInstance(host, name)
  await host.docker(['rmi', '--force', `${name}/dokku:broken`])
  await home.remove()
})

/** Runs a script of the checkout as somebody with an empty home would. */
async function script(words: readonly [string, ...string[]], env: Record<string, string> = {}, input?: string): Promise<ExecResult> {
  const [program, ...args] = words
  return await attempt([join(root, 'scripts', program), ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: home.dir, DOKKU_NAME: name, DOKKU_IMAGE: image, DOKKU_HOSTNAME: 'localhost', ...env },
    ...(input === undefined ? {} : { input }),
  })
}

const hello = () => ask({ address: '127.0.0.1', port: ports.http, host: 'hello.localhost' })
const inspect = async (container: string, format: string) => ok(await host.docker(['inspect', '--format', format, container])).trim()
const keys = async () =>
  ok(await host.docker(['exec', name, 'dokku', 'ssh-keys:list']))
    .trim()
    .split('\n')

test('quickstart refuses the name of a container that is not dokku', async () => {
  ok(await host.docker(['create', '--name', name, '--label', `dokku.instance=${name}`, 'debian:trixie-slim']))
  assert.match(failed(await script(['quickstart'], given)), /a container called .* exists and is not a dokku/)
  ok(await host.docker(['rm', name]))
})

test('quickstart ends with a sample app that answers, and with what to do next', async () => {
  const said = ok(await script(['quickstart'], given))
  assert.match(said, /You have no SSH key yet: made one at/)
  assert.ok(said.includes(`http://hello.localhost:${ports.http}`), said)
  assert.ok(said.includes(`ssh://dokku@localhost:${ports.ssh}/my-app`), said)
  const { status, body } = await hello()
  assert.equal(status, 200)
  assert.match(body, /^Hello, world!/)

  // What it prints for ~/.ssh/config is what makes dokku@localhost work.
  const block = said.split('\n').filter((line) => /^ {9}(Host| {4}(User|Port|IdentityFile)) /.test(line))
  assert.equal(block.length, 4, said)
  await writeFile(join(home.dir, 'config'), `${block.join('\n')}\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n`)
  const ssh = await attempt(['ssh', '-F', join(home.dir, 'config'), '-o', 'BatchMode=yes', 'dokku@localhost', 'apps:list'])
  assert.match(ok(ssh), /^hello$/m)
})

test('quickstart run again replaces control, keeps ports and hostname, and deploys nothing twice', async () => {
  const before = await inspect(name, '{{.Id}}')
  ok(await script(['quickstart'], { DOKKU_HOSTNAME: '' }))
  assert.notEqual(await inspect(name, '{{.Id}}'), before)
  const environment = await inspect(name, '{{json .Config.Env}}')
  assert.ok(environment.includes('DOKKU_HOSTNAME=localhost') && environment.includes(`DOKKU_HTTP_PORT=${ports.http}`), environment)
  assert.equal((await hello()).status, 200)
  const releases = ok(await host.docker(['exec', name, 'dokku', '--quiet', 'releases:list', 'hello', '--format', 'json']))
  assert.equal(JSON.parse(releases).length, 1)
  assert.equal((await keys()).length, 1)
})

test('quickstart brings the old control back when the new one does not become healthy', async () => {
  await host.build(`${name}/dokku:broken`, { Dockerfile: `FROM ${image}\nRUN echo 'process.exit(3)' >/opt/dokku/dokku/main.ts\n` }, name)
  const before = await inspect(name, '{{.Id}}')
  assert.match(
    failed(await script(['quickstart'], { DOKKU_IMAGE: `${name}/dokku:broken` })),
    /the control container from before runs again/,
  )
  assert.equal(await inspect(name, '{{.Id}}'), before)
  ok(await host.docker(['exec', name, 'dokku', 'health', '--wait']))
})

test('quickstart brings the old control back with its database when the new one had migrated that before it failed', async () => {
  const migrations = '/opt/dokku/dokku/migrations'
  const fail = `sed -i 's/const stopping = new/throw new Error("broken"); &/' /opt/dokku/dokku/daemon.ts`
  const Dockerfile = `FROM ${image}\nRUN ${fail} && echo 'CREATE TABLE later (id INTEGER) STRICT;' >"${migrations}/$(printf %04d $(($(ls ${migrations}/*.sql | wc -l) + 1)))-later.sql"\n`
  await host.build(`${name}/dokku:broken`, { Dockerfile }, name)
  const before = await inspect(name, '{{.Id}}')
  const said = failed(await script(['quickstart'], { DOKKU_IMAGE: `${name}/dokku:broken` }))
  assert.match(said, /Putting back the database of before the upgrade/)
  assert.match(said, /the control container from before runs again/)
  assert.equal(await inspect(name, '{{.Id}}'), before)
  ok(await host.docker(['exec', name, 'dokku', 'health', '--wait']))
  assert.equal((await keys()).length, 1)
  assert.equal((await hello()).status, 200)
})

test('quickstart lets in the key it is given, and leaves no temporary one behind', async () => {
  const key = join(home.dir, 'locked')
  ok(await attempt(['ssh-keygen', '-q', '-t', 'ed25519', '-N', 'secret words', '-f', key]))
  ok(await script(['quickstart', '--key', `${key}.pub`]))
  const fingerprint = ok(await attempt(['ssh-keygen', '-lf', key])).split(' ')[1] ?? ''
  const listed = await keys()
  assert.equal(listed.length, 2, listed.join('\n'))
  assert.ok(listed.some((line) => line.includes(fingerprint)))
})

test('quickstart refuses what is no public key, and words it does not know', async () => {
  assert.match(failed(await script(['quickstart', '--key', join(home.dir, 'locked')])), /is not the file of a public SSH key/)
  assert.match(failed(await script(['quickstart', '--verbose'])), /knows no --verbose/)
})

test('a port that is taken gives way to the next free one, said aloud; one that was asked for is refused', async () => {
  const server = createServer()
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '0.0.0.0', resolve))
  const decide = (ask: string) =>
    attempt([
      'bash',
      ...[
        '-c',
        `cd ${root}/scripts && source say.bash && source instance.bash && ${ask} decide-port SOME_PORT ${port} "" && echo "$SOME_PORT"`,
      ],
    ])
  const said = ok(await decide(''))
  assert.match(said, new RegExp(`port ${port} is taken, so SOME_PORT is (\\d+)\n\\1\n$`))
  assert.match(failed(await decide(`SOME_PORT=${port}`)), /something else listens there/)
  server.close()
})

test('uninstall keeps the data, and quickstart takes it up again', async () => {
  assert.match(ok(await script(['uninstall'])), /Its data stays in the volumes/)
  assert.deepEqual(await host.lines('ps', '--all', '--quiet', '--filter', `label=dokku.instance=${name}`), [])
  ok(await script(['quickstart'], given))
  assert.equal((await hello()).status, 200)
  assert.equal((await keys()).length, 2)
})

test('uninstall --data asks for the name of the instance, and then leaves nothing', async () => {
  assert.match(failed(await script(['uninstall', '--data'], {}, 'dokku\n')), /Confirmation did not match/)
  assert.equal((await hello()).status, 200)
  ok(await script(['uninstall', '--data'], {}, `${name}\n`))
  const left = await Promise.all([
    host.lines('ps', '--all', '--format', '{{.Names}}'),
    host.lines('volume', 'ls', '--format', '{{.Name}}'),
    host.lines('network', 'ls', '--format', '{{.Name}}'),
    host.lines('images', '--format', '{{.Repository}}'),
  ])
  assert.deepEqual(
    left.flat().filter((object) => object.startsWith(name)),
    [],
  )
})
