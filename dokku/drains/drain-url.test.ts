import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UserError } from '#lib/errors.ts'
import { maskedUrl, parseDrainUrl } from './drain-url.ts'

test('parseDrainUrl reads where lines go, with the usual port', () => {
  const read = (text: string) => {
    const { kind, host, port } = parseDrainUrl(text)
    return [kind, host, port]
  }
  assert.deepEqual(read('syslog://logs.example.com'), ['udp', 'logs.example.com', 514])
  assert.deepEqual(read('syslog+tcp://10.0.0.1:1514'), ['tcp', '10.0.0.1', 1514])
  assert.deepEqual(read('syslog+tls://logs.example.com'), ['tls', 'logs.example.com', 6514])
  assert.deepEqual(read('https://u:p@logs.example.com/in?token=x'), ['https', 'logs.example.com', 443])
  assert.deepEqual(read('http://[2001:db8::1]:8080'), ['http', '2001:db8::1', 8080])
  assert.deepEqual(read('plugin://loki/team'), ['plugin', 'loki', 0])
})

test('parseDrainUrl refuses what lines cannot be sent to, and never shows a password', () => {
  for (const text of [
    '',
    'logs.example.com',
    'ftp://logs.example.com',
    'file:///etc/passwd',
    'unix:///run/dokku.sock',
    'syslog://',
    'syslog://host/path',
    'syslog+tls://user:hunter2@host',
    'https://host#x',
    'https://ho st',
    'http://host:99999',
    `https://${'a'.repeat(3000)}`,
  ])
    assert.throws(
      () => parseDrainUrl(text),
      ({ code, message }: UserError) => code === 'bad-drain' && !message.includes('hunter2'),
      text,
    )
})

test('parseDrainUrl never throws anything but UserError', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
      try {
        parseDrainUrl(text)
      } catch (error) {
        assert.ok(error instanceof UserError)
      }
    }),
  )
})

test('maskedUrl leaves out passwords and the values of a query', () => {
  assert.equal(maskedUrl('https://u:p@h/in?token=x&key=y'), 'https://********@h/in?token=********&key=********')
  assert.equal(maskedUrl('syslog://h:514'), 'syslog://h:514')
})
