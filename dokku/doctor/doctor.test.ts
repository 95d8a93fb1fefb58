import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createApp } from '../create.ts'
import { stateOnly } from '../fixtures.ts'
import { record } from '../journal.ts'
import { storeState } from '../letsencrypt/choices.ts'
import type { Upgrade } from '../upgrade/outcome.ts'
import { backupFindings } from './backups.ts'
import { certificateFindings } from './certificates.ts'
import type { Finding } from './check.ts'
import { clockFindings } from './clock.ts'
import { daysLeft, diskFindings, noteDisk } from './disk.ts'
import { dnsFindings } from './dns.ts'
import { diagnose } from './doctor.ts'
import { engineFindings } from './engine.ts'
import { hookFindings } from './hooks.ts'
import { bytesBelow, logFindings } from './logs.ts'
import { memoryFindings, readMeminfo } from './memory.ts'
import { orphanFindings } from './orphans.ts'
import { portFindings } from './ports.ts'
import { upgradeFindings } from './upgrade.ts'

const levels = (findings: readonly Finding[]) => findings.map(({ level }) => level)
const gib = 2 ** 30
const day = 86_400_000

test('backups tells of what failed and what is late, and that nothing is scheduled', () => {
  assert.deepEqual(levels(backupFindings({ schedule: 'off' }, undefined)), ['ok'])
  assert.deepEqual(levels(backupFindings({ schedule: '0 3 * * *', last: 'yesterday' }, undefined)), ['ok'])
  assert.deepEqual(levels(backupFindings({ 'last-failure': 'at 3: no room', 'last-proof-failure': 'at 4: rows' }, new Date())), [
    'wrong',
    'wrong',
    'warning',
  ])
})

test('upgrade tells of one that came to nothing, for as long as the version runs that it left', () => {
  const last: Upgrade = {
    from: { version: '1.0.0', image: 'a', container: 'c', restart: 'always' },
    to: { version: '2.0.0', image: 'b', reference: 'dokku/dokku:2.0.0' },
    by: 'ada',
    startedAt: '',
    outcome: 'returned',
    reason: 'it ended',
  }
  assert.deepEqual(levels(upgradeFindings(undefined, '1.0.0')), ['ok'])
  assert.deepEqual(levels(upgradeFindings(last, '1.0.0')), ['warning'])
  assert.deepEqual(levels(upgradeFindings(last, '1.0.1')), ['ok'])
  assert.deepEqual(levels(upgradeFindings({ ...last, outcome: 'done' }, '2.0.0')), ['ok'])
  assert.deepEqual(levels(upgradeFindings({ ...last, outcome: 'kept' }, '2.0.0')), ['wrong'])
})

test('ports finds what others publish to everybody, and what of the host apps reach', () => {
  const container = (name: string, ip: string, port: number, instance = '') => ({
    Names: [`/${name}`],
    Labels: { 'dokku.instance': instance },
    Ports: [{ IP: ip, PrivatePort: 80, PublicPort: port, Type: 'tcp' }],
  })
  const facts = { web: [80, 443], ssh: 3022, network: 'host' as const, instance: 'dokku' }
  const listening = (...ports: number[]) => ports.map((port) => ({ address: '0.0.0.0', port, uid: 0 }))
  const quiet = {
    ...facts,
    containers: [container('ours', '0.0.0.0', 3022, 'dokku'), container('near', '127.0.0.1', 5000)],
    listening: listening(80, 3022),
  }
  assert.deepEqual(levels(portFindings(quiet)), ['ok'])
  const loud = portFindings({
    ...facts,
    containers: [container('db', '0.0.0.0', 5432), container('db', '::', 5432)],
    listening: listening(5432, 22, 6379),
  })
  assert.deepEqual(
    loud.map(({ level, text }) => `${level}: ${text}`),
    [
      'ok: ports 80, 443 of the appliance are the host’s, where ufw and firewalld decide; port 3022 is published by Docker, which lets it past ufw and firewalld',
      'warning: the container db publishes port 5432 to everybody',
      'warning: processes of the host listen on all addresses, where apps reach them: ports 22, 6379',
    ],
  )
  assert.match(loud[1]?.hint ?? '', /ufw/)
  assert.match(portFindings({ ...quiet, network: 'published' })[0]?.text ?? '', /^ports 80, 443, 3022 are published by Docker/)
})

test('disk says when it is full, and when it will be', () => {
  const now = Date.parse('2026-01-11')
  assert.deepEqual(levels(diskFindings({ free: 50 * gib, total: 100 * gib }, [], now)), ['ok'])
  assert.deepEqual(levels(diskFindings({ free: 4 * gib, total: 100 * gib }, [], now)), ['wrong'])
  assert.deepEqual(levels(diskFindings({ free: 10 * gib, total: 100 * gib }, [], now)), ['warning'])
  const [soon] = diskFindings({ free: 50 * gib, total: 100 * gib }, [{ at: now - 10 * day, free: 100 * gib }], now)
  assert.match(soon?.text ?? '', /full in about 10 days/)
  assert.equal(
    daysLeft([
      { at: 0, free: 10 },
      { at: day / 2, free: 1 },
    ]),
    undefined,
  )
  assert.equal(
    daysLeft([
      { at: 0, free: 10 },
      { at: 2 * day, free: 12 },
    ]),
    undefined,
  )
})

test('disk is written down once a day, and what a clock that was set back makes impossible is forgotten', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'doctor-'))
  const instance = stateOnly()
  const there = Object.assign(instance, { settings: { ...instance.settings, dataDir: folder } })
  for (const at of [0, 1, day, 2 * day, 2 * day + 5]) await noteDisk(there, at + 10 * day)
  const noted = () => (JSON.parse(there.properties.get('doctor disk') ?? '[]') as { at: number }[]).map(({ at }) => at / day)
  assert.deepEqual(noted(), [10, 11, 12])
  await noteDisk(there, 11.5 * day)
  assert.deepEqual(noted(), [10, 11, 11.5])
  await rm(folder, { recursive: true })
})

test('clock finds one that was set back, or that differs from another', () => {
  const now = Date.parse('2026-01-01T12:00:00Z')
  assert.deepEqual(levels(clockFindings(now, now - 5000, now + 2000)), ['ok'])
  assert.deepEqual(levels(clockFindings(now, now - 5000, undefined)), ['unknown'])
  assert.deepEqual(levels(clockFindings(now, undefined, now + 60_000)), ['warning'])
  assert.match(clockFindings(now, undefined, now - 3_600_000)[0]?.text ?? '', /wrong by 60 minutes/)
  assert.match(clockFindings(now, now + day, now)[0]?.text ?? '', /set back/)
})

test('dns finds names that lead nowhere, unless they are not of the internet', () => {
  assert.deepEqual(levels(dnsFindings('localhost', [], [])), ['ok'])
  assert.deepEqual(levels(dnsFindings('apps.example.com', [], [])), ['wrong'])
  assert.deepEqual(levels(dnsFindings('apps.example.com', ['1.2.3.4'], [])), ['warning'])
  assert.deepEqual(levels(dnsFindings('apps.example.com', ['1.2.3.4'], ['5.6.7.8'])), ['warning'])
  assert.deepEqual(levels(dnsFindings('apps.example.com', [], ['1.2.3.4'])), ['ok'])
})

test('engine finds what is too old, and says what Docker warns of', () => {
  assert.deepEqual(levels(engineFindings({ version: '20.10.24', apiVersion: '1.41', warnings: [] })), ['ok'])
  assert.deepEqual(levels(engineFindings({ version: '19.03', apiVersion: '1.40', warnings: [] })), ['wrong'])
  assert.match(
    engineFindings({ version: '27', apiVersion: '1.47', warnings: ['WARNING: No swap limit support'] })[0]?.text ?? '',
    /says: No swap/,
  )
})

test('certificates finds orders that fail', async () => {
  const instance = stateOnly()
  const shop = await createApp(instance, 'shop')
  assert.deepEqual(levels(certificateFindings(instance)), ['ok'])
  storeState(shop, { failures: 3, error: 'no such host\nmore' })
  assert.deepEqual(
    certificateFindings(instance).map(({ text }) => text),
    ['no certificate comes for shop: no such host'],
  )
})

test('hooks finds those that failed since yesterday', () => {
  const { db } = stateOnly()
  assert.deepEqual(levels(hookFindings({ db })), ['ok'])
  record(db, { app: 'shop', by: 'ada', text: 'ps:rebuild (failed: hook-failed)' })
  record(db, { app: 'shop', by: 'ada', text: 'ps:rebuild (failed: hook-failed)' })
  record(db, { by: 'cron', text: 'tally: report ended (exit status 3)' })
  assert.deepEqual(
    hookFindings({ db }).map(({ text }) => text),
    ['ps:rebuild (failed: hook-failed), 2 times since yesterday', 'tally: report ended (exit status 3) since yesterday'],
  )
  assert.deepEqual(levels(hookFindings({ db }, Date.now() + 2 * day)), ['ok'])
})

test('memory finds what is used up, or promised twice', () => {
  const { total, available, swap } = readMeminfo('MemTotal:       8388608 kB\nMemAvailable:    4194304 kB\nSwapTotal:             0 kB\n')
  assert.deepEqual([total, available, swap], [8 * gib, 4 * gib, 0])
  assert.deepEqual(levels(memoryFindings({ total, available, swap, limits: [gib, gib] })), ['ok'])
  assert.deepEqual(levels(memoryFindings({ total, available, swap, limits: [8 * gib, 8 * gib, 8 * gib] })), ['warning'])
  assert.deepEqual(levels(memoryFindings({ total, available: gib, swap, limits: [0, 4 * gib] })), ['warning'])
  assert.deepEqual(levels(memoryFindings({ total, available: gib / 4, swap, limits: [] })), ['wrong'])
})

test('orphans and logs name what is left over and what has no end', async () => {
  assert.deepEqual(levels(orphanFindings({ containers: [], networks: [] })), ['ok'])
  assert.match(
    orphanFindings({ containers: ['old.web.1'], networks: ['dokku-app-9'] })[0]?.text ?? '',
    /container old\.web\.1, the network dokku-app-9/,
  )
  const json = (name: string, options: Record<string, string>) => ({ name, driver: 'json-file', options })
  assert.deepEqual(levels(logFindings([json('a', { 'max-size': '10m' }), { name: 'b', driver: 'journald', options: {} }], 5)), ['ok'])
  assert.match(logFindings([json('db', {})], 5)[0]?.text ?? '', /log of db has no limit/)
  assert.deepEqual(levels(logFindings([], 3 * gib)), ['warning'])
  const folder = await mkdtemp(join(tmpdir(), 'doctor-'))
  await writeFile(join(folder, 'one'), 'x'.repeat(1000))
  assert.deepEqual([await bytesBelow(folder), await bytesBelow(join(folder, 'nothing'))], [1000, 0])
  await rm(folder, { recursive: true })
})

test('a check that cannot look says so, and the others go on', async () => {
  const broken = { name: 'broken', look: () => Promise.reject(new Error('no engine\nand a stack')) }
  const fine = { name: 'fine', look: async () => [] }
  const found = await diagnose(stateOnly(), [broken, fine])
  assert.deepEqual(
    found.map(({ check, findings }) => [check, findings[0]?.text]),
    [
      ['broken', 'could not be looked at: no engine'],
      ['fine', undefined],
    ],
  )
})
