import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { UserError } from '#lib/errors.ts'
import { scratch } from './fixture.ts'
import { accountSteps } from './sshcommand/account.ts'
import { listJson, listText, readKey, withKey } from './sshcommand/acl.ts'
import { changeKeys, readKeys, strangeLines } from './sshcommand/keys.ts'
import { checkName, checkOptions, isOurs, readOldLine, renderLine } from './sshcommand/line.ts'
import { authorize, loginWords, storeCommand } from './sshcommand/login.ts'
import { readSettings } from './sshcommand/settings.ts'

/** Made with ssh-keygen, with the fingerprints that `ssh-keygen -lf` prints. */
const ed25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII0Ht4dYMKuSy6WGjQUOE1oBddCMXEnXPnVtj3mXSDXO'
const fingerprint = 'SHA256:LtfsT/3Lu1k7kWpuOV8T/lN/M+0VPftJPACz3QW9avc'
const ecdsa =
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBN0MTllKG//VLNrtpN3EXF8BT4h190Yd0nGRB+nqySpR6QN3ujHcsk0wOWJ4bjucC0FiuMTkw8MbKPh4eRw3YfM='

const program = ['/usr/bin/node', '/opt/sshcommand.ts']
const checks = { checkName: true, checkFingerprint: true }
const refused =
  (code: string, exitCode = 1) =>
  (error: unknown) =>
    error instanceof UserError && error.code === code && error.exitCode === exitCode
const alice = readKey('alice', `${ed25519} alice@laptop\n`, 'no-pty')
const bob = readKey('bob', ecdsa, '')

/** A home with these lines for sshd. */
async function home(t: TestContext, lines: readonly string[] = []): Promise<{ path: string; lines(): Promise<string[]> }> {
  const path = await scratch(t)
  await mkdir(join(path, '.ssh'))
  if (lines.length > 0) await writeFile(join(path, '.ssh/authorized_keys'), `${lines.join('\n')}\n`)
  return { path, lines: async () => (await readFile(join(path, '.ssh/authorized_keys'), 'utf8')).trimEnd().split('\n') }
}

/** The program as a line calls it. */
const cached = (path: string) => ['env', `NODE_COMPILE_CACHE=${path}/.cache/sshcommand`, ...program]

/** A line as Dokku's sshcommand writes it. */
const old = (who: string, rest: string) => `command="FINGERPRINT=${who} \`cat /home/dokku/.sshcommand\` $SSH_ORIGINAL_COMMAND",${rest}`

test('renderLine says who it is, and lets this program run the command', () => {
  assert.equal(
    renderLine({ ...alice, name: 'alice b', options: 'no-pty,from="10.*"' }, program),
    `command="FINGERPRINT=${fingerprint} NAME=\\"alice b\\" /usr/bin/node /opt/sshcommand.ts run",no-pty,from="10.*" ${ed25519} alice@laptop`,
  )
})

test('a name of a key is one line of words that no shell and no sshd reads anything into', () => {
  for (const name of ['alice', 'al.ce', 'a/b', 'broken user', 'Jürgen+laptop@example.com', '1']) assert.equal(checkName(name), name)
  for (const name of ['', 'a"q', "a'q", 'a\\', '$HOME', '`id`', 'a\nb', ' a', 'a ', 'a  b', '-x', 'a=b', 'a;b', '\u2028', 'x'.repeat(65)])
    assert.throws(() => checkName(name), refused('bad-key-name'), name)
})

test('whatever a name is, its line stays one line with one key, or it is refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (name) => {
      let line: string
      try {
        line = renderLine({ ...alice, name }, program)
      } catch (error) {
        return error instanceof UserError
      }
      return (
        isOurs(line) && line.split('\n').length === 1 && line.split('"').length === 5 && line.endsWith(`,no-pty ${ed25519} alice@laptop`)
      )
    }),
  )
})

test('options of a key are refused when they would end their place in the line', () => {
  for (const options of ['', 'no-pty', 'no-pty,from="10.*,!10.1.*"', 'environment="A=b c"', 'from="a\\"b"'])
    assert.equal(checkOptions(options), options)
  for (const options of ['no-pty ', ',', 'no-pty,', 'a b', 'from="x', 'from="x"y', 'no-pty\nssh-rsa', 'from="\n"', 'from="x\\\\"y"'])
    assert.throws(() => checkOptions(options), refused('bad-key-options'), options)
})

test('lines of Dokku are read, with and without quotes, with either fingerprint; others are not', () => {
  const key = { ...alice, options: 'no-agent-forwarding,from="a b"' }
  assert.deepEqual(readOldLine(old(`${fingerprint} NAME=\\"alice\\"`, `${key.options} ${ed25519} alice@laptop`)), key)
  assert.deepEqual(readOldLine(old('ab:cd:ef NAME=alice', `${key.options} ${ed25519} alice@laptop`)), key)
  assert.equal(readOldLine(old('x NAME=\\"a$(id)\\"', `no-pty ${ed25519}`)), undefined)
  assert.equal(readOldLine(old('x NAME=\\"alice\\"', 'no-pty nonsense')), undefined)
  assert.equal(readOldLine(renderLine(alice, program)), undefined)
  assert.equal(readOldLine(`${ed25519} alice@laptop`), undefined)
})

test('readKey takes one key; several are 1, and what is none is 255', () => {
  assert.equal(alice.fingerprint, fingerprint)
  assert.throws(() => readKey('a', `${ed25519}\n${ecdsa}\n`, ''), refused('bad-public-key'))
  for (const text of ['', 'nonsense', `command="x" ${ed25519}`, '-----BEGIN OPENSSH PRIVATE KEY-----\nx\ny\n'])
    assert.throws(() => readKey('a', text, ''), refused('bad-public-key', 255), text)
})

test('withKey refuses a name or a key twice, unless told not to look; the same again changes nothing', () => {
  const keys = withKey([], alice, checks)
  assert.deepEqual(withKey(keys, alice, checks), keys)
  assert.throws(() => withKey(keys, { ...bob, name: 'alice' }, checks), refused('key-name-taken'))
  assert.throws(() => withKey(keys, { ...alice, name: 'bob' }, checks), refused('key-known'))
  assert.deepEqual(withKey(keys, { ...bob, name: 'alice' }, { ...checks, checkName: false }).length, 2)
  assert.deepEqual(withKey(keys, { ...alice, name: 'bob' }, { ...checks, checkFingerprint: false }).length, 2)
})

test('a list is lines for people and an array for programs', () => {
  assert.deepEqual(listText([alice]), [`${fingerprint} NAME="alice" SSHCOMMAND_ALLOWED_KEYS="no-pty"`])
  assert.deepEqual(JSON.parse(listJson([alice, bob])), [
    { fingerprint, name: 'alice', SSHCOMMAND_ALLOWED_KEYS: 'no-pty', 'public-key': `${ed25519} alice@laptop` },
    { fingerprint: bob.fingerprint, name: 'bob', SSHCOMMAND_ALLOWED_KEYS: '', 'public-key': ecdsa },
  ])
})

test('a home keeps its keys where no name can damage them, and what sshd reads follows', async (t) => {
  const { path, lines } = await home(t)
  await changeKeys(path, program, () => [alice, bob])
  assert.deepEqual(await readKeys(path), [alice, bob])
  assert.deepEqual(await lines(), [renderLine(alice, cached(path)), renderLine(bob, cached(path))])
  for (const file of ['authorized_keys', 'sshcommand.json']) assert.equal((await stat(join(path, '.ssh', file))).mode & 0o777, 0o600)
  assert.equal((await stat(join(path, '.ssh'))).mode & 0o777, 0o700)
  await changeKeys(path, program, (keys) => keys.filter(({ name }) => name !== 'alice'))
  assert.deepEqual(await lines(), [renderLine(bob, cached(path))])
  assert.deepEqual((await readdir(join(path, '.ssh'))).toSorted(), ['authorized_keys', 'sshcommand.json', 'sshcommand.lock'])
})

test('a home that Dokku has had keeps its keys, and lines of others stay', async (t) => {
  const strange = [`# by hand`, `${ecdsa} carol`, old('x NAME=\\"a$(id)\\"', `no-pty ${ed25519}`)]
  const { path, lines } = await home(t, [old('ab:cd NAME=alice', `no-pty ${ed25519} alice@laptop`), ...strange])
  assert.deepEqual(await readKeys(path), [alice])
  await changeKeys(path, program, (keys) => [...keys, bob])
  assert.deepEqual(await lines(), [...strange, renderLine(alice, cached(path)), renderLine(bob, cached(path))])
  await changeKeys(path, ['/elsewhere'], () => [])
  assert.deepEqual(await lines(), strange)
  assert.deepEqual(await strangeLines(path), strange)
  assert.deepEqual(await readKeys(path), [])
})

test('a crash between the two files lets nobody in, and the same again puts it right', async (t) => {
  const { path, lines } = await home(t)
  await storeCommand(path, '/bin/echo')
  await changeKeys(path, program, () => [alice, bob])
  const both = await lines()
  await changeKeys(path, program, () => [bob])
  await writeFile(join(path, '.ssh/authorized_keys'), `${both.join('\n')}\n`)
  await assert.rejects(loginWords(path, { FINGERPRINT: fingerprint, NAME: 'alice' }), refused('unknown-key'))
  await changeKeys(path, program, (keys) => withKey(keys, bob, checks))
  assert.deepEqual(await lines(), both.slice(1))
})

test('a change that fails leaves both files as they were', async (t) => {
  const { path, lines } = await home(t)
  await changeKeys(path, program, () => [alice])
  const before = await lines()
  await assert.rejects(
    changeKeys(path, program, (keys) => withKey(keys, { ...bob, name: 'alice' }, checks)),
    refused('key-name-taken'),
  )
  assert.deepEqual([await readKeys(path), await lines()], [[alice], before])
})

test('a state that is damaged is said to be, and is not written over', async (t) => {
  const { path } = await home(t)
  for (const text of ['', '{', 'null', '{"keys":[{"name":"x"}]}']) {
    await writeFile(join(path, '.ssh/sshcommand.json'), text)
    await assert.rejects(
      changeKeys(path, program, () => [alice]),
      refused('damaged-keys'),
      text,
    )
    assert.equal(await readFile(join(path, '.ssh/sshcommand.json'), 'utf8'), text)
  }
})

test('a login runs the fixed words and the words of the client, none of them expanded', async (t) => {
  const { path } = await home(t)
  const who = { FINGERPRINT: fingerprint, NAME: 'alice' }
  await assert.rejects(loginWords(path, who), refused('bad-command'))
  await storeCommand(path, "/bin/echo 'two words'")
  await assert.rejects(loginWords(path, who), refused('unknown-key'))
  await changeKeys(path, program, () => [alice])
  assert.deepEqual(await loginWords(path, { ...who, SSH_ORIGINAL_COMMAND: `git-receive-pack 'my app' * $HOME "" \`id\`` }), [
    ...['/bin/echo', 'two words', 'git-receive-pack', 'my app', '*', '$HOME', '', '`id`'],
  ])
  assert.deepEqual(await loginWords(path, who), ['/bin/echo', 'two words'])
  await assert.rejects(loginWords(path, { ...who, SSH_ORIGINAL_COMMAND: "a 'b" }), refused('unbalanced-quotes'))
  await assert.rejects(loginWords(path, { ...who, NAME: 'bob' }), refused('unknown-key'))
})

test('execd is told whose key it is, but not of one that only sshd could hold to its options', async (t) => {
  const { path } = await home(t)
  const free = { ...bob, options: 'no-agent-forwarding,no-user-rc,no-X11-forwarding,no-port-forwarding' }
  await changeKeys(path, program, () => [free, { ...alice, options: 'from="10.*"' }])
  assert.deepEqual(await authorize(path, ecdsa), [`FINGERPRINT=${bob.fingerprint}`, 'NAME=bob'])
  await assert.rejects(authorize(path, ed25519), refused('unknown-key'))
  for (const key of ['', 'ssh-rsa AAAA', ed25519.slice(0, -1)]) await assert.rejects(authorize(path, key), refused('unknown-key'))
})

test('settings come from the environment, then from the file of defaults', async (t) => {
  const file = join(await scratch(t), 'defaults')
  const { options, checkName, emptyIsFine } = await readSettings({}, file)
  assert.deepEqual([options.split(',').length, checkName, emptyIsFine], [4, true, false])
  await writeFile(file, `# ours\nexport SSHCOMMAND_ALLOWED_KEYS="no-pty,from=\\"10.*\\""\nSSHCOMMAND_CHECK_DUPLICATE_NAME=false\nPATH=/x\n`)
  const { options: given, checkName: checked } = await readSettings({ SSHCOMMAND_CHECK_DUPLICATE_NAME: 'true' }, file)
  assert.deepEqual([given, checked], ['no-pty,from="10.*"', true])
})

test('accounts are made by what the system has, and can log in without a password', () => {
  assert.deepEqual(accountSteps('app', 'ID=debian\n'), [
    { argv: ['useradd', '--create-home', '--shell', '/bin/sh', '--password', '*', 'app'] },
  ])
  assert.deepEqual(
    accountSteps('app', 'NAME="Alpine Linux"\nID=alpine\n').map(({ argv }) => argv[0]),
    ['adduser', 'chpasswd'],
  )
})
