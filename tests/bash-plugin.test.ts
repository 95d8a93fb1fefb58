import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { readIfThere } from '#lib/files.ts'
import { own } from '../dokku/credentials.ts'
import { pluginEnvironment } from '../dokku/plugin-environment.ts'
import { linkLibrary } from '../dokku/plugin-library.ts'
import { root } from '../scripts/sources.ts'

let dir = ''
let env: Record<string, string> = {}

/** Stands in for the client: two apps, whose config is a file each. */
const client = `#!/usr/bin/env bash
vars="$DOKKU_LIB_ROOT/vars.\${2:-none}"
case "$1 $2 $3" in
  "apps:exists shop "|"apps:exists blog ") ;;
  "apps:exists "*) exit 20 ;;
  "--quiet apps:list "*) printf 'blog\\nshop\\n' ;;
  "config:get "*) value="$(sed -n "s/^$3:  //p" "$vars" 2>/dev/null)"; [[ -n "$value" ]] && echo "$value" ;;
  "config:set --no-restart "*) echo "\${4%%=*}:  \${4#*=}" >"$DOKKU_LIB_ROOT/vars.$3"; echo "noise" ;;
  "config:unset --no-restart "*) rm -f "$DOKKU_LIB_ROOT/vars.$3" ;;
  "--quiet config:show "*) cat "$DOKKU_LIB_ROOT/vars.$3" 2>/dev/null || true ;;
  nginx:*) echo "$*" >>"$DOKKU_LIB_ROOT/triggered" ;;
  "domains:report "*) echo "$2.example.com www.example.com" ;;
  *) exit 3 ;;
esac
`

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bash-plugin-'))
  const plugins = join(dir, 'plugins')
  await linkLibrary(join(root, 'plugins'), [plugins, join(dir, 'core-plugins')])
  for (const kind of ['available', 'enabled']) await symlink(join(root, 'tests/plugins/notice'), join(plugins, kind, 'notice'))
  const bin = join(dir, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'dokku'), client, { mode: 0o755 })
  await writeFile(join(bin, 'plugn'), '#!/usr/bin/env bash\necho "$*" >>"$DOKKU_LIB_ROOT/triggered"\n', { mode: 0o755 })
  await symlink(join(root, 'plugins/common/sigil/main.ts'), join(bin, 'sigil'))
  const paths = { DOKKU_ROOT: join(dir, 'home'), PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin` }
  env = { ...pluginEnvironment({ dataDir: dir, mountpoint: '/elsewhere' }, own('alice', 'admin')), ...paths }
})
beforeEach(async () => {
  for (const name of ['home', 'config', 'data', 'triggered', 'vars.shop', 'vars.blog'])
    await rm(join(dir, name), { recursive: true, force: true })
})
after(() => rm(dir, { recursive: true }))

/** Runs an executable of the plugin, as dokku does: a hook with its arguments, a subcommand with the whole line. */
async function notice(file: string, args: readonly string[] = [], input = '') {
  const allow = Array.from({ length: 40 }, (_, status) => status)
  return await run([join(dir, 'plugins/enabled/notice', file), ...args], { env, input, allow })
}
const command = (name: string, ...args: string[]) => notice(`subcommands/${name}`, [`notice:${name}`, ...args])
const snippet = (app: string) => readIfThere(join(dir, `home/${app}/nginx.conf.d/notice.conf`))

test('the plugin sets a property, config and a snippet for nginx by the functions it sources', async () => {
  assert.deepEqual(await command('set', 'shop', 'back', 'at', '"ten"'), {
    stdout: '-----> Setting the notice of shop\n',
    stderr: '',
    exitCode: 0,
  })
  assert.equal(await readFile(join(dir, 'config/notice/shop/text'), 'utf8'), 'back at "ten"')
  assert.equal(await readFile(join(dir, 'vars.shop'), 'utf8'), 'NOTICE:  back at "ten"\n')
  assert.match((await snippet('shop')) ?? '', /# shop at www\.example\.com\n.*add_header X-Notice "back at 'ten'" always;\n/s)
  assert.equal(await readFile(join(dir, 'triggered'), 'utf8'), 'nginx:validate-config shop\nnginx:reload shop\n')
  assert.equal((await command('show', 'shop')).stdout, 'back at "ten"\n')
})

test('the plugin takes everything back', async () => {
  await command('set', 'shop', 'x')
  assert.deepEqual(await command('unset', 'shop'), { stdout: '', stderr: '', exitCode: 0 })
  assert.deepEqual(await command('unset', 'shop'), { stdout: '', stderr: ' !     shop has no notice\n', exitCode: 0 })
  assert.equal(await snippet('shop'), undefined)
  assert.equal(await readIfThere(join(dir, 'vars.shop')), undefined)
})

test('the plugin fails as Dokku’s do: 20 without the app, 1 for what is missing', async () => {
  assert.deepEqual(await command('set', 'nobody', 'x'), { stdout: '', stderr: ' !     App nobody does not exist\n', exitCode: 20 })
  assert.equal((await command('set', 'shop')).exitCode, 1)
})

test('the plugin keeps a list, and reports it, whole and by flag', async () => {
  await command('set', 'shop', 'x')
  await command('hosts', 'shop', 'add', 'a.example.com')
  await command('hosts', 'shop', 'add', 'b.example.com')
  await command('hosts', 'shop', 'add', 'a.example.com')
  await command('hosts', 'shop', 'remove', 'b.example.com')
  assert.equal((await command('report', 'shop', '--notice-hosts')).stdout, 'a.example.com\n')
  assert.equal((await command('report', 'shop', '--notice-config')).stdout, '1\n')
  assert.equal((await command('report', 'shop', '--nothing')).exitCode, 1)
  const { stdout } = await command('report')
  assert.match(stdout, /notice-hosts: +blog\.example\.com www\.example\.com\n.*notice-text: +x\n/s)
  assert.doesNotMatch(stdout, /=====>/)
})

test('the plugin answers help, takes an old name, and passes what is not its own', async () => {
  assert.match((await notice('commands', ['help'])).stdout, /notice:set <app> <text> +Set the notice/)
  assert.equal((await notice('commands', ['notice:on', 'shop', 'y'])).exitCode, 0)
  assert.equal((await command('show', 'shop')).stdout, 'y\n')
  assert.equal((await notice('commands', ['apps:create'])).exitCode, 10)
})

test('the plugin’s hooks follow an app’s life', async () => {
  await notice('install')
  await command('set', 'shop', 'x')
  assert.equal((await notice('post-deploy', ['shop', '5000', '10.0.0.2', 'v3'])).stdout, '-----> Notice of shop: x\n')
  await notice('post-app-clone-setup', ['shop', 'blog'])
  assert.equal((await command('show', 'blog')).stdout, 'x\n')
  await notice('post-delete', ['shop'])
  assert.equal((await command('show', 'shop')).stdout, '\n')
  assert.equal(await readFile(join(dir, 'data/notice/log'), 'utf8'), 'deploy shop 5000 10.0.0.2 v3 x\ndelete shop\n')
})

test('the plugin adds to options on its input, and says what is to run when', async () => {
  assert.equal((await notice('docker-args-deploy', ['blog', 'v1'], '--env=A=1\n')).stdout, '--env=A=1\n')
  await command('set', 'shop', 'x')
  assert.equal((await notice('docker-args-deploy', ['shop', 'v1'], '--env=A=1\n')).stdout, '--env=A=1 --label=notice=shop\n')
  assert.equal((await notice('cron-entries', ['docker-local'])).stdout, `0 3 * * *;dokku notice;${dir}/logs/notice.log\n`)
  assert.equal((await notice('cron-entries', ['k3s'])).stdout, '')
})
