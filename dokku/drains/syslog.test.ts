import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppLine } from '../logs/line.ts'
import { framed, syslogMessage } from './syslog.ts'

const line: AppLine = {
  time: '2026-11-23T10:00:00.123456789Z',
  stream: 'stderr',
  text: 'no such table',
  app: 'shop',
  dyno: 'web.1',
  release: 12,
  container: 'c0ffee',
}

test('syslogMessage writes a message of RFC 5424', () => {
  assert.equal(
    String(syslogMessage(line, 'dokku.example.com')),
    '<11>1 2026-11-23T10:00:00.123456Z dokku.example.com shop web.1 stderr [dokku@32473 release="v12"] no such table',
  )
  assert.match(String(syslogMessage({ ...line, stream: 'stdout', release: null }, '')), /^<14>1 \S+ - shop web\.1 stdout - no/)
})

test('syslogMessage cuts a long text, and never within a character', () => {
  for (const most of [100, 101, 102, 103]) {
    const message = syslogMessage({ ...line, text: '😀'.repeat(100) }, 'h', most)
    assert.ok(message.length <= most && message.length > most - 4)
    assert.equal(String(message).includes('\ufffd'), false)
  }
})

test('framed counts bytes', () => assert.equal(String(framed(Buffer.from('ä b'))), '4 ä b'))
