import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hook, host, outcome } from './harness.ts'

// Detect-and-select and drivers: which upstream's plugn never had. Every exit status is a promise to scripts.
const { bash, plugin } = await host()
await bash('plugn init')
const sends = (name: string) => ({
  'send-detect': hook(`[ "$1" = ${name} ] && echo "the ${name} one"`),
  send: hook(`echo "${name} $*"; exit 7`),
})
await plugin('chat', sends('chat'))
await plugin('mail', sends('mail'))
await plugin('any', { 'send-detect': hook('cat; [ "$1" != nobody ]') })
await plugin('off', sends('off'), { enabled: false })

test('detect lists who says yes, by name and its own first line, and reads nothing; nobody is 1', async () => {
  assert.deepEqual(outcome(await bash('plugn detect send mail', { input: 'unread' })), [0, 'any any\nmail the mail one\n'])
  assert.deepEqual(outcome(await bash('plugn detect send nobody')), [1, ''])
})

test('select calls the first that says yes and names the others; who lacks the hook is 123, nobody 1', async () => {
  await bash('plugn disable any')
  assert.deepEqual(await bash('plugn select send mail "a b"'), { exitCode: 7, stdout: 'mail mail a b\n', stderr: '' })
  assert.equal((await bash('plugn select send nobody')).exitCode, 1)
  await bash('plugn enable any')
  const { exitCode, stderr } = await bash('plugn select send mail')
  assert.equal(exitCode, 123)
  assert.match(stderr, /for several plugins, and goes to the first: any, mail \(the mail one\)\n.*any has no send/s)
})

test('driver takes --use, else the variable, else config.toml, else whoever detects', async () => {
  assert.deepEqual(outcome(await bash('plugn driver --use chat send x', { PLUGN_DRIVER_SEND: 'mail' })), [7, 'chat x\n'])
  await bash('plugn config set drivers send chat')
  assert.deepEqual(outcome(await bash('plugn driver send x', { PLUGN_DRIVER_SEND: 'mail' })), [7, 'mail x\n'])
  assert.deepEqual(outcome(await bash('plugn driver send x')), [7, 'chat x\n'])
  await bash('plugn config unset drivers send; plugn disable any')
  assert.deepEqual(outcome(await bash('plugn driver send mail')), [7, 'mail mail\n'])
})

test('a driver that is not there is 121, one that is not enabled 122, one without the hook 123, and nobody 1', async () => {
  await bash('plugn enable any')
  for (const [words, status] of [
    ['--use nowhere send', 121],
    ['--use off send', 122],
    ['--use any send', 123],
  ] as const)
    assert.deepEqual(outcome(await bash(`plugn driver ${words}`)), [status, ''], words)
  await bash('plugn disable any')
  assert.equal((await bash('plugn driver send nobody')).exitCode, 1)
})
