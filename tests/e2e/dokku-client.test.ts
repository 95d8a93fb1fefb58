import assert from 'node:assert/strict'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { attempt, failed, ok, startInstance, versionImage } from './harness.ts'

const instance = await startInstance({ suffix: 'client' })
const { dir, engine, name, ports, ssh } = instance
after(() => instance.remove())
await engine.build(`${name}/fixture:latest`, versionImage('one'), name)
ok(await ssh('git:from-image', 'shop', `${name}/fixture:latest`))

// What stands in people's ~/.ssh/config here.
const options = {
  IdentityFile: join(dir, 'id'),
  UserKnownHostsFile: join(dir, 'known_hosts'),
  StrictHostKeyChecking: 'accept-new',
  BatchMode: 'yes',
}
const config = join(dir, 'ssh_config')
await writeFile(
  config,
  `Host *\n${Object.entries(options)
    .map(([key, value]) => `  ${key} ${value}\n`)
    .join('')}`,
)
await mkdir(join(dir, 'bin'))
await writeFile(join(dir, 'bin', 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${config} "$@"\n`)
await chmod(join(dir, 'bin', 'ssh'), 0o755)

const work = join(dir, 'work')
ok(await attempt(['git', 'init', '-q', work]))
const program = join(import.meta.dirname, '../../contrib/dokku-client')
const dokku = (words: readonly string[], env: Record<string, string> = {}) =>
  attempt([program, ...words], { cwd: work, env: { HOME: dir, PATH: `${join(dir, 'bin')}:${process.env.PATH}`, ...env } })

test('contrib/dokku-client makes an app with its remote, and then speaks for it', async () => {
  const door = { DOKKU_HOST: engine.address, DOKKU_PORT: String(ports.ssh) }
  assert.match(failed(await dokku(['logs'])), /which dokku/)
  assert.match(ok(await dokku(['apps:create', 'blog'], door)), /Creating blog[\s\S]*git push dokku main/)
  assert.equal(
    ok(await dokku(['config:set', '--no-restart', "SAYING=it's two words"])),
    "-----> Setting config vars\n       SAYING:  it's two words\n",
  )
  assert.equal(ok(await dokku(['config:get', 'SAYING'])), "it's two words\n")
  assert.match(ok(await dokku(['apps:list'])), /^=====> My Apps\nblog\nshop\n$/)
})

test('contrib/dokku-client speaks for another app, and answers with the command’s exit status', async () => {
  assert.match(ok(await dokku(['--app', 'shop', 'logs', '-n', '1'])), /listens/)
  assert.match(ok(await dokku(['ps:report', '--app', 'shop'])), /shop ps information/)
  failed(await dokku(['--app', 'nothing', 'apps:report']), 20)
  failed(await dokku(['--app', 'shop', 'run', 'sh', '-c', 'exit 7']), 7)
  assert.equal(ok(await dokku(['--app=shop', 'run', 'echo', 'a  b', '*'])), 'a  b *\n')
})
