import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { failed, ok, startInstance, versions } from './harness.ts'

const instance = await startInstance({ suffix: 'words' })
const image = `${instance.name}/fixture:latest`
await instance.engine.build(image, versions, instance.name)
after(() => instance.remove())
const { ssh, sshLine } = instance
ok(await ssh('git:from-image', 'app', image))

test('hostile app names are refused by every command, and nothing is created', async () => {
  const names = [
    '..',
    '../app',
    'a/b',
    'a;b',
    "a'b",
    'a"b',
    'a\nb',
    'UPPER',
    'a b',
    '',
    '$(id)',
    'a*',
    'x'.repeat(300),
    'dokku',
    'é',
    'a\\b',
  ]
  const others = ['config:show', 'apps:destroy', 'ps:restart']
  const asked = [
    ...names.map((name) => ['apps:create', name]),
    ...names.slice(0, 4).flatMap((name) => others.map((other) => [other, name])),
  ]
  for (const words of asked) {
    const { exitCode, stdout, stderr } = await ssh(...words)
    assert.notEqual(exitCode, 0, JSON.stringify(words))
    assert.match(stderr, / ! {5}/, `${JSON.stringify(words)}: ${stdout}${stderr}`)
    assert.doesNotMatch(stderr, /dokku failed|uid=/)
  }
  assert.equal(ok(await ssh('--quiet', 'apps:list')), 'app\n')
})

test('names that begin with a dash are taken for flags or refused, never run', async () => {
  for (const name of ['-x', '--force', '-oProxyCommand=touch /tmp/owned', '--upload-pack=id']) failed(await ssh('apps:create', name))
  failed(await ssh('apps:create', '--', '-x'))
})

test('words arrive byte for byte: quotes, blanks, newlines, options, stars and dollars', async () => {
  const values = [
    "it's",
    'say "hi"',
    'two\nlines\n\nfour',
    '-e',
    '*',
    '$HOME',
    '$(id)',
    '`id`',
    '\\',
    'a\\nb',
    ' ',
    '',
    '#x',
    '~',
    'ü€😀',
    '\t',
    '!!',
    '&& id',
  ]
  const pairs = values.map((value, n) => [`V${n}`, value] as const)
  ok(await ssh('config:set', '--no-restart', 'app', ...pairs.map(([key, value]) => `${key}=${value}`)))
  assert.deepEqual(JSON.parse(ok(await ssh('config:show', 'app', '--format', 'json'))), Object.fromEntries(pairs))
  assert.equal(ok(await ssh('config:get', 'app', 'V2')), 'two\nlines\n\nfour\n')
})

test('a config value reaches the app as it was typed', async () => {
  const value = 'one\ntwo "three" \'four\' $five `six` \\seven\n'
  ok(await ssh('config:set', 'app', `VALUE=${value}`))
  assert.equal(JSON.parse((await instance.fetch('app', '/env')).body).VALUE, value)
})

test('the command line is split as a POSIX shell splits it, and nothing is expanded', async () => {
  ok(await sshLine(`config:set --no-restart app A='x y'"z "\\'q B=$(id) C=\`id\` D=* E=~ F=a\\ b`))
  const vars = JSON.parse(ok(await ssh('config:show', 'app', '--format', 'json')))
  assert.deepEqual([vars.A, vars.B, vars.C, vars.D, vars.E, vars.F], ["x yz 'q", '$(id)', '`id`', '*', '~', 'a b'])
})

test('no shell sees what is typed: separators are ordinary characters', async () => {
  assert.match(failed(await sshLine('apps:create x; id')), / ! {5}/)
  failed(await sshLine('apps:exists app && id'))
  failed(await sshLine('apps:list | id'))
  failed(await sshLine('$(id)'))
  failed(await sshLine('apps:list > /tmp/x'))
  assert.equal(ok(await ssh('--quiet', 'apps:list')), 'app\n')
})

test('unbalanced quotes are an error that says where', async () => {
  for (const line of ["apps:create 'x", 'apps:create "x', 'apps:create x\\']) assert.match(failed(await sshLine(line)), /quote|backslash/)
})

test('git services take no options and no other path than an app', async () => {
  for (const line of [
    "git-upload-pack --upload-pack=id 'app'",
    "git-receive-pack '../app'",
    "git-upload-pack '/etc'",
    "git-upload-archive '--exec=id' app",
    'git-shell -c id',
    'git-receive-pack',
    'git-upload-pack ext::id',
  ]) {
    const { exitCode, stdout, stderr } = await sshLine(line)
    assert.notEqual(exitCode, 0, line)
    assert.doesNotMatch(stdout + stderr, /uid=|dokku failed/, line)
  }
})

test('a value of just under 128 KiB reaches the app; a longer one is refused and nothing is lost', async () => {
  const longest = 'x'.repeat(128 * 1024 - 'LONG='.length - 1)
  ok(await instance.admin(['config:set', 'app', `LONG=${longest}`]))
  assert.equal(ok(await ssh('run', 'app', 'sh', '-c', 'printf %s "$LONG" | wc -c')).trim(), String(longest.length))
  const tooLong = await instance.admin(['config:set', 'app', `LONG=${longest}x`]).catch((error: unknown) => String(error))
  assert.match(typeof tooLong === 'string' ? tooLong : failed(tooLong, tooLong.exitCode), /too long|E2BIG/i)
  assert.equal(ok(await instance.admin(['config:get', 'app', 'LONG'])), `${longest}\n`)
  ok(await ssh('config:unset', 'app', 'LONG'))
})

test('a NUL byte in a value is refused', async () => {
  const nul = Buffer.from('a\0b').toString('base64')
  assert.match(failed(await ssh('config:set', '--no-restart', '--encoded', 'app', `NUL=${nul}`)), /NUL byte/)
  failed(await ssh('config:get', 'app', 'NUL'))
})

test('keys of config vars are checked', async () => {
  for (const pair of ['1A=x', 'A-B=x', '=x', 'A', 'A B=x', '-A=x']) failed(await ssh('config:set', '--no-restart', 'app', '--', pair))
})
