import assert from 'node:assert/strict'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { writeFiles } from './harness/engine.ts'
import { eventually, failed, keyPair, ok, repo, scratch, startInstance, versionImage } from './harness.ts'

const instance = await startInstance({ suffix: 'plugins' })
const { engine, name, ssh, sshLine } = instance
const source = await repo(versionImage('one'))
const folder = await scratch()
after(() => Promise.all([instance.remove(), source.remove(), folder.remove()]))

/** A plugin on the volume of the instance, as an installation leaves it. */
async function place(plugin: string, files: Record<string, string>): Promise<void> {
  const dir = join(folder.dir, plugin)
  await writeFiles(dir, files)
  for (const path of Object.keys(files)) if (!path.endsWith('.toml')) await chmod(join(dir, path), 0o755)
  ok(await engine.docker(['cp', dir, `${name}:/var/lib/dokku/plugins/available/${plugin}`]))
}

test('executables of an enabled plugin are commands, with words, streams and exit status of the caller', async () => {
  await place('greet', {
    'plugin.toml': '[plugin]\ndescription = "Greetings"\nversion = "1.2.0"\n[plugin.commands]\n"greet:hello" = "greet everybody"\n',
    'commands/hello': '#!/bin/sh\nprintf "%s|" "$@"\ncat\necho to-stderr >&2\nexit 3\n',
    'subcommands/default': '#!/bin/sh\necho "default of $1"\n',
  })
  assert.match(failed(await ssh('greet:hello')), /is not a command/)
  ok(await ssh('plugin:enable', 'greet'))
  const { stdout, stderr, exitCode } = await sshLine(`greet:hello 'a  b' '' '$HOME' --flag`, { input: 'from stdin\n' })
  assert.deepEqual([stdout, stderr, exitCode], ['a  b||$HOME|--flag|from stdin\n', 'to-stderr\n', 3])
  assert.equal(ok(await ssh('greet')), 'default of greet\n')
  assert.match(ok(await ssh('help')), /greet +Greetings/)
  assert.match(ok(await ssh('greet:help')), /greet:hello \[WORD...\] +greet everybody/)
  assert.match(ok(await ssh('complete', 'greet:')), /greet:hello/)
  assert.match(ok(await ssh('plugin:list')), /^ {2}greet +1\.2\.0 enabled +Greetings$/m)
})

test('a command of a plugin needs an admin, unless it says otherwise', async () => {
  const key = join(folder.dir, 'deployer')
  ok(await sshLine('ssh-keys:add bob --role deployer', { input: await keyPair(key) }))
  assert.match(failed(await sshLine('greet:hello', { key })), /bob may not/)
})

test('a hook sees what happens, its words are part of the push, and dokku that it calls has the pusher’s rights and turn', async () => {
  await place('watch', {
    'plugin.toml': '[plugin]\ndescription = "Watches"\n',
    'post-deploy':
      '#!/bin/sh\necho "watched $1 $4"\ndokku config:set --no-restart "$1" SEEN="$4" >/dev/null\ndokku plugin:list >/dev/null 2>&1 || echo "refused"\n',
    'pre-build': '#!/bin/sh\n[ -e "$3/refuse.txt" ] || exit 0\necho "no $2 today" >&2\nexit 9\n',
  })
  ok(await ssh('plugin:enable', 'watch'))
  const { stderr, exitCode } = await instance.push(source, 'shop')
  assert.equal(exitCode, 0, stderr)
  assert.match(stderr, /watched shop v1/)
  assert.equal(ok(await ssh('config:get', 'shop', 'SEEN')), 'v1\n')
  assert.match(ok(await ssh('events', 'shop')), /config:set --no-restart SEEN/)
})

test('a plugin may take branches that are not deployed, add to the report, and say which apps a key sees', async () => {
  assert.match((await instance.push(source, 'shop', ['HEAD:feature'])).stderr, /Branch feature is not deployed/)
  await place('guide', {
    'plugin.toml': '[plugin]\n',
    'receive-branch':
      '#!/bin/sh\necho "$1 $3 $FINGERPRINT has $(git ls-tree --name-only "$2" | tr "\\n" " ")"\ndokku plugin:disable nowhere 2>&1\nexit 0\n',
    report: '#!/bin/sh\necho "guide of $1"\n',
    'user-auth-app': '#!/bin/sh\nkey=$2; shift 2\n[ "$key" != bob ] || exit 0\nprintf "%s\\n" "$@"\n',
  })
  ok(await ssh('plugin:enable', 'guide'))
  const key = join(folder.dir, 'deployer')
  const pushed = await instance.push(source, 'shop', ['HEAD:feature'], { key })
  assert.equal(pushed.exitCode, 0, pushed.stderr)
  assert.match(pushed.stderr, /shop refs\/heads\/feature SHA256:\S+ has .*Dockerfile/)
  assert.match(pushed.stderr, /bob may not plugin:disable/)
  assert.match(ok(await ssh('plugin:info', 'guide')), /^hooks: +user-auth-app, receive-branch, report$/m)
  const report = ok(await ssh('report', 'shop'))
  assert.match(report, /=====> shop ps information[\s\S]*guide of shop/)
  assert.match(ok(await ssh('apps:list')), /shop/)
  assert.doesNotMatch(ok(await sshLine('apps:list', { key })), /shop/)
  ok(await ssh('plugin:disable', 'guide'))
})

test('a hook that fails stops what it was asked about, and says why', async () => {
  await source.commit({ 'refuse.txt': '' })
  const { stderr, exitCode } = await instance.push(source, 'shop')
  assert.equal(exitCode, 1)
  assert.match(stderr, /no shop today/)
  assert.match(stderr, /the plugin watch failed at pre-build: exit status 9/)
  assert.equal((await instance.fetch('shop')).body, 'one')
})

test('what a plugin leaves running has no rights once its call is over', async () => {
  await place('late', {
    'commands/start':
      '#!/bin/sh\nout=/tmp/late.$$\n(sleep 1; dokku apps:create late-app >$out 2>&1; echo done >>$out) </dev/null >/dev/null 2>&1 &\necho $out\n',
    'commands/read': '#!/bin/sh\nuntil grep -q done "$1"; do sleep 0.1; done\ncat "$1"\n',
  })
  ok(await ssh('plugin:enable', 'late'))
  const out = ok(await ssh('late:start')).trim()
  assert.match(ok(await ssh('late:read', out)), /no call of a plugin is under way/)
  failed(await ssh('apps:exists', 'late-app'), 20)
})

test('a plugin that is not fit is left out and holds up nobody; a disabled one is not used', async () => {
  await place('broken', { 'plugin.toml': '[plugin\n', 'post-deploy': '#!/bin/sh\nexit 1\n' })
  ok(await ssh('plugin:enable', 'broken'))
  ok(await ssh('config:set', 'shop', 'AGAIN=1'))
  ok(await ssh('plugin:disable', 'greet'))
  assert.match(failed(await ssh('greet:hello')), /is not a command/)
  assert.match(ok(await ssh('plugin:list')), /^ {2}greet +1\.2\.0 disabled/m)
  assert.match(failed(await ssh('plugin:disable', 'apps')), /part of the image/)
  failed(await ssh('plugin:enable', '../etc'))
  assert.match(failed(await ssh('plugin:enable', 'nowhere')), /no plugin nowhere/)
})

test('a plugin that says what it needs gets just that: a user of its own, a clean environment, no data, no socket, no network', async () => {
  const look =
    '#!/bin/sh\nid -u; for path in dokku.sqlite repositories builds home plugins/home/trusted plugins/config.toml plugins/pins.json; do { ls /var/lib/dokku/$path/ || cat /var/lib/dokku/$path; } >/dev/null 2>&1 && printf "%s " $path; done; echo; docker version >/dev/null 2>&1 && echo docker; env | cut -d= -f1 | sort | tr "\\n" " "; echo; touch ~/mine && echo home; dokku apps:list >/dev/null 2>&1 && echo dokku; bash -c "</dev/tcp/127.0.0.1/1" 2>&1 | grep -q refused && echo network\nexit 0\n'
  await place('modest', {
    'plugin.toml': '[plugin]\n[plugin.needs]\nhooks = ["post-create", "asked"]\n',
    asked: '#!/bin/sh\nid -u\n',
    'commands/look': look,
    'post-create': '#!/bin/sh\necho "modest saw $1"\n',
    'pre-delete': '#!/bin/sh\nexit 1\n',
  })
  await place('trusted', {
    'plugin.toml': '[plugin]\n[plugin.needs]\ndocker = true\ndokku = true\nnetwork = true\n',
    'commands/look': look,
  })
  for (const plugin of ['modest', 'trusted']) ok(await ssh('plugin:enable', plugin))
  const [uid, seen, variables, ...more] = ok(await ssh('modest:look'))
    .trim()
    .split('\n')
  assert.ok(Number(uid) >= 20_000)
  assert.deepEqual([seen, variables?.trim(), more], ['', 'HOME LANG PATH PWD', ['home']])
  assert.match(ok(await ssh('trusted:look')), /docker\n.*\nhome\ndokku\nnetwork\n$/s)
  await place('asks', { 'commands/all': '#!/bin/sh\nplugn trigger asked\n' })
  ok(await ssh('plugin:enable', 'asks'))
  assert.equal(ok(await ssh('asks:all')).trim(), uid)
  assert.match(ok(await ssh('apps:create', 'seen')), /modest saw seen/)
  ok(await ssh('--force', 'apps:destroy', 'seen'))
})

test('a resident process of a plugin handles hooks, and comes back when it was killed', async () => {
  const serve = `import { createConnection } from 'node:net'
import { serveHooks } from '/opt/dokku/plugn/serve.ts'
serveHooks(createConnection(process.env.PLUGN_SOCKET), async ({ hook, args, stdout }) => {
  stdout(process.pid + ' saw ' + hook + ' of ' + args[0] + '\\n')
  return { status: 0 }
})
`
  await place('stays', {
    'plugin.toml': '[plugin]\n[plugin.daemon]\nrun = ["node", "serve.mjs"]\nhooks = ["post-create"]\n',
    'serve.mjs': serve,
  })
  ok(await ssh('plugin:enable', 'stays'))
  const seen = async (app: string) => /(\d+) saw post-create of \S+/.exec(ok(await ssh('apps:create', app)))?.[1]
  const first = await seen('one')
  assert.equal(await seen('two'), first)
  ok(await engine.docker(['exec', name, 'kill', '-9', String(first)]))
  const second = await seen('three')
  assert.ok(second !== undefined && second !== first)
  ok(await ssh('plugin:disable', 'stays'))
  failed(await engine.docker(['exec', name, 'kill', '-0', second]))
})

test('plugin:install fetches a repository, says what it may do and needs a yes, prepares it and pins it', async () => {
  const greet = {
    'plugin.toml': '[plugin]\nversion = "1.0.0"\n',
    install: '#!/bin/sh\necho prepared >>/tmp/prepared\n',
    'commands/count': '#!/bin/sh\nwc -l </tmp/prepared\n',
  }
  await place('tmp-source', greet)
  const path = '/var/lib/dokku/plugins/available/tmp-source'
  const git = `cd ${path} && git init -q -b main . && git add . && git -c user.name=a -c user.email=a@b.c commit -qm one && mkdir -p /tmp/git && mv ${path} /tmp/git/counter`
  ok(await engine.docker(['exec', name, 'sh', '-ec', git]))
  assert.match(failed(await ssh('plugin:install', '/tmp/git/counter')), /nobody said yes/)
  assert.doesNotMatch(ok(await ssh('plugin:list')), /counter/)
  const said = ok(await ssh('plugin:install', '/tmp/git/counter', '--yes'))
  assert.match(said, /counter 1\.0\.0 is installed and enabled/)
  assert.match(ok(await ssh('plugin:info', 'counter')), /commit: +[0-9a-f]{40}\n.*digest: +sha256:/s)
  assert.equal(ok(await ssh('counter:count')), '1\n')
  assert.match(failed(await ssh('plugin:install', '/tmp/git/counter', '--name', 'apps', '--yes')), /part of dokku/)
  assert.match(failed(await ssh('plugin:install', 'ext::sh', '--yes')), /no source of a plugin/)
})

test('plugin:uninstall takes a plugin away, and one that cannot be prepared is never there', async () => {
  await place('uninstallable', { 'plugin.toml': '[plugin]\n', install: '#!/bin/sh\nexit 5\n' })
  ok(await engine.docker(['exec', name, 'mv', '/var/lib/dokku/plugins/available/uninstallable', '/tmp/git/']))
  failed(await ssh('plugin:install', '/tmp/git/uninstallable', '--yes'), 5)
  failed(await ssh('plugin:installed', 'uninstallable'))
  ok(await ssh('plugin:uninstall', 'late'))
  failed(await ssh('plugin:installed', 'late'))
  assert.match(failed(await ssh('late:start')), /is not a command/)
})

test('enabled plugins are there after a restart of control', async () => {
  ok(await engine.docker(['restart', name]))
  ok(await engine.docker(['exec', name, 'dokku', 'health', '--wait']))
  assert.match(ok(await ssh('plugin:list')), /^ {2}watch +enabled/m)
})

test('before an app that does not run is started with control, plugins are asked, and one that fails holds nothing up', async () => {
  await place('restores', { 'plugin.toml': '[plugin]\n', 'pre-restore': '#!/bin/sh\necho "$@" >>/tmp/restored\nexit 1\n' })
  ok(await ssh('plugin:enable', 'restores'))
  ok(await engine.docker(['stop', name]))
  ok(await engine.docker(['rm', '--force', `${name}-shop.web.1`]))
  ok(await engine.docker(['start', name]))
  ok(await engine.docker(['exec', name, 'dokku', 'health', '--wait']))
  await eventually(async () => assert.equal((await instance.fetch('shop')).body, 'one'))
  assert.equal(ok(await engine.docker(['exec', name, 'cat', '/tmp/restored'])), 'docker-local shop\n')
  ok(await ssh('plugin:disable', 'restores'))
})

test('what plugins and cron files want to run by itself is listed, runs with their rights, and how it fails is said', async () => {
  await place('clock', {
    'plugin.toml': '[plugin]\n',
    'cron-entries': '#!/bin/sh\necho "0 4 * * *;dokku apps:exists nowhere;/var/lib/dokku/logs/clock.log"\necho "no line"\n',
    'commands/write': '#!/bin/sh\nprintf "CRON_TZ=UTC\\n30 4 1 1 * dokku dokku plugin:list >/tmp/seen\\n" >/etc/cron.d/dokku-clock\n',
  })
  await place('shut', {
    'plugin.toml': '[plugin]\n[plugin.needs]\n',
    'cron-entries': '#!/bin/sh\necho "0 4 * * *;id -u >\\$HOME/uid && dokku plugin:list"\n',
  })
  ok(await ssh('plugin:enable', 'shut'))
  ok(await ssh('plugin:enable', 'clock'))
  ok(await ssh('clock:write'))
  const list = async () =>
    JSON.parse(ok(await ssh('cron:list', '--format', 'json'))) as {
      entries: { id: string; origin: string; command: string; next: string }[]
      problems: string[]
    }
  const from = async (origin: string) => {
    const found = (await list()).entries.find((one) => one.origin === origin)
    assert.ok(found, origin)
    return found
  }
  const file = await eventually(() => from('/etc/cron.d/dokku-clock'))
  assert.match(file.next, /-01-01T04:30:00/)
  assert.match((await list()).problems.join(), /the plugin clock: line 2: /)
  ok(await ssh('cron:run', '--global', file.id))
  assert.match(ok(await engine.docker(['exec', name, 'cat', '/tmp/seen'])), /clock/)
  failed(await ssh('cron:run', '--global', (await from('the plugin clock')).id), 20)
  assert.match(ok(await engine.docker(['exec', name, 'cat', '/var/lib/dokku/logs/clock.log'])), /nowhere/)
  assert.match(ok(await ssh('events')), /cron +the plugin clock: dokku apps:exists … ended \(exit status 20\)/)
  failed(await ssh('cron:run', '--global', (await from('the plugin shut')).id), 75)
  assert.match(ok(await engine.docker(['exec', name, 'cat', '/var/lib/dokku/plugins/home/shut/uid'])), /^20\d+\n$/)
  ok(await ssh('plugin:disable', 'clock'))
  await assert.rejects(from('the plugin clock'))
})
