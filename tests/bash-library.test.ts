import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { root } from '../scripts/sources.ts'

let dir = ''

/** Stands in for the client: writes down what it was asked, eats its input, and knows one app. */
const client = `#!/usr/bin/env bash
echo "$*" >>"$ASKED"
cat >/dev/null
case "$*" in
  "apps:exists shop") ;;
  "apps:exists "*) echo " !     no such app" >&2; exit 20 ;;
  "--quiet apps:list") printf '%s' "$APPS" ;;
  "config:get shop A") echo 1 ;;
  "config:get "*) exit 1 ;;
  "--quiet config:show shop") printf 'A:    1\\nURL:  redis://a:b@c:1/d\\n' ;;
  "domains:report shop --domains-app-vhosts") echo "shop.example.com www.example.com" ;;
  "proxy:report shop --proxy-serves") echo nginx ;;
  "ps:report shop --deployed") echo true ;;
  "ps:report "*) echo false ;;
  *) exit 3 ;;
esac
`

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bash-library-'))
  await mkdir(join(dir, 'bin'))
  for (const name of ['dokku', 'plugn']) await writeFile(join(dir, 'bin', name), client, { mode: 0o755 })
})
beforeEach(async () => {
  await rm(join(dir, 'lib'), { recursive: true, force: true })
  await rm(join(dir, 'asked'), { force: true })
})
after(() => rm(dir, { recursive: true }))

/** Runs a script that has sourced files of the library, by their paths in plugins/. */
async function sourced(files: readonly string[], script: string, env: Record<string, string> = {}) {
  const sources = files.map((file) => `source ${root}/plugins/${file}`)
  const variables = {
    PATH: `${dir}/bin:/usr/bin:/bin`,
    DOKKU_LIB_ROOT: join(dir, 'lib'),
    DOKKU_ROOT: join(dir, 'home'),
    ASKED: join(dir, 'asked'),
  }
  const allow = Array.from({ length: 40 }, (_, status) => status)
  return await run(['bash', '-c', [...sources, script].join('\n')], { env: { ...variables, ...env }, allow })
}

const common = (script: string, env?: Record<string, string>) => sourced(['common/functions'], script, env)
const property = (script: string) => sourced(['common/property-functions'], script)

test('every library is sourced alone, says nothing, and lets errors end the script', async () => {
  for (const file of ['common/functions', 'common/property-functions', 'config/functions', 'domains/functions', 'certs/functions'])
    assert.deepEqual(await sourced([file], 'false\necho on'), { stdout: '', stderr: '', exitCode: 1 }, file)
  for (const file of ['ps/functions', 'git/functions', 'nginx-vhosts/functions', 'nginx-vhosts/internal-functions'])
    assert.deepEqual(await sourced([file], 'echo on'), { stdout: 'on\n', stderr: '', exitCode: 0 }, file)
})

test('every function that published plugins call is there', async () => {
  const called = `dokku_log_fail dokku_log_info1 dokku_log_warn dokku_log_info2 dokku_log_verbose_quiet dokku_log_info2_quiet verify_app_name
    dokku_log_verbose suppress_output dokku_apps has_tty fn-in-array dokku_container_log_verbose_quiet dokku_log_info1_quiet
    dokku_col_log_info1_quiet dokku_col_log_msg is_deployed dokku_log_exclaim get_app_image_name copy_from_image
    get_running_image_tag get_deploying_app_image_name get_app_container_ids is_valid_app_name parse_args is_image_herokuish_based
    get_app_scheduler acquire_app_deploy_lock release_and_deploy config_unset config_all config_set config_get restart_nginx
    validate_nginx get_nginx_location is_ssl_enabled get_ssl_hostnames get_app_domains git_trigger_build git_receive_app
    fn-plugin-property-get fn-plugin-property-write fn-plugin-property-setup fn-plugin-property-get-default fn-plugin-property-delete
    fn-plugin-property-destroy fn-plugin-property-get-all fn-plugin-property-clone fn-plugin-property-exists
    fn-plugin-property-list-get fn-plugin-property-list-add fn-plugin-property-list-remove fn-plugin-property-list-get-by-value
    fn-nginx-access-log-format fn-nginx-access-log-path fn-nginx-error-log-path fn-nginx-computed-access-log-format
    fn-nginx-computed-access-log-path fn-nginx-computed-error-log-path`
  const files = ['config', 'domains', 'certs', 'git', 'nginx-vhosts'].map((group) => `${group}/functions`)
  const all = ['common/functions', 'common/property-functions', 'nginx-vhosts/internal-functions', ...files]
  const { stdout } = await sourced(
    all,
    `for each in ${called.replaceAll('\n', ' ')}; do declare -F "$each" >/dev/null || echo "$each"; done`,
  )
  assert.equal(stdout, '')
})

test('dokku_log functions print with the prefixes of dokku, warnings on stderr', async () => {
  const { stdout, stderr } = await common('dokku_log_info1 a b; dokku_log_info2 c; dokku_log_verbose d; dokku_log_warn e')
  assert.equal(stdout, '-----> a b\n=====> c\n       d\n')
  assert.equal(stderr, ' !     e\n')
})

test('quiet dokku_log functions are silent, and no failure, where DOKKU_QUIET_OUTPUT is set', async () => {
  const script =
    'for each in info1 info2 verbose warn; do dokku_log_"$each"_quiet x; done; dokku_container_log_verbose_quiet none; echo end'
  const { stdout, stderr } = await common(script, { DOKKU_QUIET_OUTPUT: '1' })
  assert.deepEqual([stdout, stderr], ['end\n', ''])
  assert.equal((await common('dokku_log_info1_quiet x')).stdout, '-----> x\n')
})

test('dokku_log_fail ends with 1, or with DOKKU_FAIL_EXIT_CODE', async () => {
  assert.deepEqual(await common('dokku_log_fail no'), { stdout: '', stderr: ' !     no\n', exitCode: 1 })
  assert.equal((await common('DOKKU_FAIL_EXIT_CODE=7 dokku_log_fail no')).exitCode, 7)
})

test('verify_app_name passes an app, and ends with 20 without one and with 1 for what is no name', async () => {
  assert.equal((await common('verify_app_name shop; echo on')).stdout, 'on\n')
  const missing = await common('verify_app_name blog; echo on')
  assert.deepEqual(missing, { stdout: '', stderr: ' !     App blog does not exist\n', exitCode: 20 })
  for (const name of ['', '../x', 'Shop', '-x', 'a b']) assert.equal((await common(`verify_app_name '${name}'`)).exitCode, 1, name)
})

test('dokku_apps prints the apps, and fails without any unless it is told not to', async () => {
  assert.equal((await common('dokku_apps', { APPS: 'a\nb\n' })).stdout, 'a\nb\n')
  assert.equal((await common('dokku_apps')).exitCode, 1)
  assert.deepEqual(await common('dokku_apps false'), { stdout: '', stderr: '', exitCode: 0 })
})

test('functions leave the input of their caller alone', async () => {
  const { stdout } = await common(
    'while read -r app; do is_deployed "$app" && echo "$app"; done < <(printf "shop\\nblog\\nshop\\n") || true',
  )
  assert.equal(stdout, 'shop\nshop\n')
})

test('suppress_output shows what failed and keeps its status, and hides what did not', async () => {
  assert.deepEqual(await common('suppress_output ls /'), { stdout: '', stderr: '', exitCode: 0 })
  const failed = await common('suppress_output bash -c "echo why; exit 4" || exit $?')
  assert.deepEqual(failed, { stdout: '', stderr: 'why\n', exitCode: 4 })
  assert.equal((await common('set-it() { it=x; }; suppress_output set-it; echo "$it"')).stdout, 'x\n')
})

test('parse_args exports what the flags before a command ask for, and stops at the command', async () => {
  const script =
    'parse_args --quiet --app shop --force config:set --trace; echo "$DOKKU_QUIET_OUTPUT $DOKKU_APP_NAME $DOKKU_APPS_FORCE_DELETE [$DOKKU_TRACE]"'
  assert.equal((await common(script)).stdout, '1 shop 1 []\n')
})

test('fn-in-array and get_available_port answer', async () => {
  assert.equal((await common('fn-in-array b a "b" && ! fn-in-array "a b" a b && echo yes')).stdout, 'yes\n')
  assert.match((await common('get_available_port')).stdout, /^[3-6]\d{4}\n$/)
})

test('config functions ask the client and keep its exit status', async () => {
  const ask = (script: string) => sourced(['config/functions'], script)
  assert.equal((await ask('config_get shop A')).stdout, '1\n')
  assert.equal((await ask('config_get shop B')).exitCode, 1)
  assert.equal((await ask('config_all shop | grep "redis://a:b@c:1/d" | cut -d: -f1')).stdout, 'URL\n')
  await ask('config_set --no-restart shop "A=two words" || true')
  assert.match(await readFile(join(dir, 'asked'), 'utf8'), /^config:set --no-restart shop A=two words$/m)
})

test('get_app_domains prints a domain a line', async () => {
  assert.equal((await sourced(['domains/functions'], 'get_app_domains shop')).stdout, 'shop.example.com\nwww.example.com\n')
})

test('is_ssl_enabled needs certificate and key', async () => {
  const tls = join(dir, 'home/shop/tls')
  await mkdir(tls, { recursive: true })
  const ask = async () => (await sourced(['certs/functions'], 'is_ssl_enabled shop')).exitCode
  await writeFile(join(tls, 'server.crt'), '')
  assert.equal(await ask(), 1)
  await writeFile(join(tls, 'server.key'), '')
  assert.equal(await ask(), 0)
})

test('validate_nginx and restart_nginx are commands about one app, or all, and fail as they do', async () => {
  const script = 'dokku() { echo "$*"; }; validate_nginx shop; validate_nginx; restart_nginx shop; restart_nginx'
  const { stdout } = await sourced(['nginx-vhosts/functions'], script)
  assert.equal(stdout, 'nginx:validate-config shop\nnginx:validate-config\nnginx:reload shop\nnginx:reload\n')
  assert.equal((await sourced(['nginx-vhosts/functions'], 'validate_nginx shop && echo on')).exitCode, 3)
})

test('properties are one file each, and keep values byte for byte', async () => {
  const value = `it's $HOME \\n\n"x" *`
  const { stdout } = await property(
    `fn-plugin-property-setup p; fn-plugin-property-write p shop key "$(cat <<'E'\n${value}\nE\n)"; fn-plugin-property-get p shop key`,
  )
  assert.equal(stdout, `${value}\n`)
  assert.equal(await readFile(join(dir, 'lib/config/p/shop/key'), 'utf8'), value)
  assert.deepEqual(await readdir(join(dir, 'lib/config/p/shop')), ['key'])
})

test('properties have defaults, exist or not, and are cleared one by one, for an app, and copied', async () => {
  const { stdout } = await property(`
    fn-plugin-property-get p shop none; fn-plugin-property-get p shop none d; fn-plugin-property-get-default p --global none e
    fn-plugin-property-write p shop a 1; fn-plugin-property-write p shop b 2
    fn-plugin-property-exists p shop a && fn-plugin-property-get-all p shop
    fn-plugin-property-clone p shop blog; fn-plugin-property-destroy p shop; fn-plugin-property-get-all p shop
    fn-plugin-property-delete p blog a; fn-plugin-property-exists p blog a || fn-plugin-property-get-all p blog
    fn-plugin-property-clone p nobody other`)
  assert.equal(stdout, '\nd\ne\na 1\nb 2\nb 2\n')
})

test('lists of properties take values in and out by value, place and beginning', async () => {
  const list = (verb: string, ...words: string[]) => `fn-plugin-property-list-${verb} p shop ips ${words.join(' ')}`
  const show = `${list('get')} | xargs`
  const { stdout } = await property(
    [list('add', '10.0.0.1'), list('add', '10.0.0.2'), list('add', '192.168.0.1'), list('add', 'first', '0'), show]
      .concat([
        list('get-by-index', '1'),
        list('get-by-value', '10.0.0.2'),
        `${list('get-by-value', '10.0.0.')} || echo none`,
        list('length'),
      ])
      .concat([
        list('set', 'x', '0'),
        list('remove', '10.0.0.1'),
        show,
        list('remove-by-prefix', '10.'),
        show,
        list('clear'),
        list('length'),
      ])
      .join('\n'),
  )
  assert.equal(stdout, 'first 10.0.0.1 10.0.0.2 192.168.0.1\n10.0.0.1\n10.0.0.2\nnone\n4\nx 10.0.0.2 192.168.0.1\nx 192.168.0.1\n0\n')
})

test('a property whose name leads out of its folder is refused, also where errors do not end the script', async () => {
  await writeFile(join(dir, 'outside'), 'kept')
  for (const words of ['.. shop k', 'p ../../.. outside', 'p shop ../x', 'p "" k', 'p shop a/b'])
    for (const verb of ['write', 'delete', 'destroy', 'list-add', 'list-remove']) {
      const { exitCode, stderr } = await property(`fn-plugin-property-${verb} ${words} v || exit 9`)
      const whole = verb === 'destroy' && /^p shop/.test(words)
      assert.deepEqual([exitCode, whole || /is no name/.test(stderr)], [whole ? 0 : 9, true], `${verb} ${words}`)
    }
  assert.equal(await readFile(join(dir, 'outside'), 'utf8'), 'kept')
})

test('what plugins ask by plugn is answered by the executable of that name', async () => {
  const ask = async (...words: [string, ...string[]]) =>
    await sourced([], [`${root}/plugins/common/${words[0]}`, ...words.slice(1)].join(' '), { APPS: 'a\nb\n' })
  assert.equal((await ask('app-list')).stdout, 'a\nb\n')
  assert.equal((await ask('app-exists', 'blog')).exitCode, 20)
  assert.equal((await ask('config-get', 'shop', 'A')).stdout, '1\n')
  assert.equal((await ask('config-get', 'shop', 'B')).exitCode, 1)
  assert.equal((await ask('domains-list', 'shop')).stdout, 'shop.example.com\nwww.example.com\n')
  assert.equal((await ask('certs-exists', 'blog')).stdout, 'false\n')
  assert.equal((await ask('proxy-type', 'shop')).stdout, 'nginx\n')
})
