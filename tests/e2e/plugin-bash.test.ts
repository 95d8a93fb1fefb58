import assert from 'node:assert/strict'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { writeFiles } from './harness/engine.ts'
import { failed, keyPair, ok, repo, runByHand, scratch, startInstance, versionImage } from './harness.ts'

const instance = await startInstance({ suffix: 'bash' })
const { engine, name, ssh, sshLine } = instance
const source = await repo(versionImage('one'))
const folder = await scratch()
after(() => Promise.all([instance.remove(), source.remove(), folder.remove()]))

/** Runs a line of Bash in control, as whoever looks at what plugins see. */
const inside = async (line: string) => ok(await engine.docker(['exec', name, 'bash', '-c', line]))
const home = (app: string) => `/home/dokku/${app}`

test('a plugin in Bash for Dokku is installed unchanged, from a repository', async () => {
  ok(await engine.docker(['cp', join(import.meta.dirname, '../plugins/notice'), `${name}:/tmp/notice`]))
  await inside('cd /tmp/notice && git init -q -b main && git add . && git -c user.name=a -c user.email=a@b.c commit -qm one')
  const said = ok(await ssh('plugin:install', '/tmp/notice', '--yes'))
  assert.match(said, /-----> Installed notice\n/)
  assert.match(ok(await ssh('plugin:list')), /^ {2}notice +0\.1\.0 enabled/m)
  assert.equal(ok(await ssh('plugin:list')).match(/^ {2}(common|config) /gm)?.length, 2)
})

test('its commands are commands, with help, exit statuses and the functions they source', async () => {
  ok(await ssh('apps:create', 'shop'))
  const { stdout, stderr } = await sshLine(`notice:set shop back at '"ten"'`)
  assert.deepEqual([stdout, stderr], ['-----> Setting the notice of shop\n', ''])
  assert.equal(ok(await ssh('notice:show', 'shop')), 'back at "ten"\n')
  assert.equal(ok(await ssh('config:get', 'shop', 'NOTICE')), 'back at "ten"\n')
  assert.match(ok(await ssh('notice')), /shop +back at "ten"/)
  assert.match(failed(await ssh('notice:set', 'nobody', 'x'), 20), /App nobody does not exist/)
  assert.match(failed(await ssh('notice:set', 'shop'), 1), /Please say the notice/)
  assert.match(ok(await ssh('notice:hosts', 'shop', 'add', 'www.example.com')), /^$/)
  assert.equal(ok(await ssh('notice:report', 'shop', '--notice-hosts')), 'www.example.com\n')
  assert.match(
    await inside(`cat ${home('shop')}/nginx.conf.d/notice.conf`),
    /# shop at www\.example\.com\n.*X-Notice "back at 'ten'" always;/s,
  )
})

test('a command that only the executable commands knows is asked of it', async () => {
  ok(await ssh('notice:on', 'shop', 'open'))
  assert.equal(ok(await ssh('notice:show', 'shop')), 'open\n')
})

test('its hooks take part in a push, and may ask dokku with the rights of whoever pushes', async () => {
  const { stderr, exitCode } = await instance.push(source, 'shop')
  assert.equal(exitCode, 0, stderr)
  assert.match(stderr, /-----> Notice of shop: open/)
  assert.match(ok(await engine.docker(['inspect', '--format', '{{.Config.Labels.notice}}', `${name}-shop.web.1`])), /^shop\n$/)
  assert.match(await inside('cat /var/lib/dokku/data/notice/log'), /^deploy shop 5000 [\d.]+ v1 open$/m)
})

test('it finds an app’s config and domains in files, and they follow every change', async () => {
  ok(await ssh('config:set', '--no-restart', 'shop', `A=it's`))
  ok(await ssh('domains:add', 'shop', 'www.example.com'))
  assert.equal(await inside(`source ${home('shop')}/ENV && echo "$A $NOTICE"`), "it's open\n")
  assert.equal(await inside('source /var/lib/dokku/config/shop/ENV && echo "$A"'), "it's\n")
  assert.equal(await inside(`cat ${home('shop')}/VHOST`), `shop.${instance.hostname}\nwww.example.com\n`)
  assert.equal(await inside('cat /home/dokku/VHOST'), `${instance.hostname}\n`)
})

test('it follows a clone, a rename and the end of an app', async () => {
  ok(await ssh('apps:clone', '--skip-deploy', 'shop', 'copy'))
  assert.equal(ok(await ssh('notice:show', 'copy')), 'open\n')
  ok(await ssh('apps:rename', 'copy', 'store'))
  assert.equal(ok(await ssh('notice:show', 'store')), 'open\n')
  assert.match(await inside('ls /home/dokku'), /^VHOST\nshop\nstore\n$/)
  ok(await ssh('apps:destroy', '--force', 'store'))
  assert.match(await inside('ls /home/dokku; tail -n 1 /var/lib/dokku/data/notice/log'), /^VHOST\nshop\ndelete store\n$/)
})

test('plugn in a command of a plugin asks dokku, as whoever called it', async () => {
  const questions = ['app-list', 'config-get shop NOTICE', 'ports-get shop', 'network-get-listeners shop web', 'config-get shop NOBODY']
  const asker = join(folder.dir, 'asker')
  await writeFiles(asker, {
    'plugin.toml': '[plugin]\n',
    'commands/all': ['#!/bin/sh', ...questions.map((question) => `plugn trigger ${question} || echo "failed"`), ''].join('\n'),
    'commands/env': '#!/bin/sh\nexec printenv "$@"\n',
  })
  for (const file of ['all', 'env']) await chmod(join(asker, 'commands', file), 0o755)
  ok(await engine.docker(['cp', asker, `${name}:/tmp/asker`]))
  ok(await ssh('plugin:install', '/tmp/asker', '--yes'))
  assert.match(ok(await ssh('asker:all')), /^shop\nopen\nhttp:80:5000\n[\d.]+:5000\nfailed\n$/)
  ok(await sshLine('ssh-keys:add bob --role deployer', { input: await keyPair(join(folder.dir, 'bob')) }))
  assert.match(failed(await sshLine('asker:all', { key: join(folder.dir, 'bob') })), /bob may not/)
})

test('a command of a plugin finds in its environment who calls, what was typed, and where the volume is', async () => {
  const { stdout: mountpoint } = await engine.docker(['volume', 'inspect', '--format', '{{.Mountpoint}}', name])
  const variables = ['SSH_NAME', 'DOKKU_APP_NAME', 'DOKKU_APPS_FORCE_DELETE', 'DOKKU_QUIET_OUTPUT', 'DOKKU_LIB_HOST_ROOT']
  assert.equal(ok(await ssh('--app', 'shop', '--force', 'asker:env', ...variables)), `ada\nshop\n1\n1\n${mountpoint}`)
})

test('a new control container has the plugin, what it keeps, and the functions', async () => {
  ok(await engine.docker(['exec', name, 'sh', '-c', 'echo kept >/home/dokku/shop/htpasswd']))
  ok(await engine.docker(['rm', '--force', name]))
  await runByHand(instance)
  assert.equal(await inside(`cat ${home('shop')}/htpasswd`), 'kept\n')
  assert.equal(ok(await ssh('notice:show', 'shop')), 'open\n')
  ok(await ssh('notice:unset', 'shop'))
  assert.equal(ok(await ssh('notice:show', 'shop')), '\n')
})
