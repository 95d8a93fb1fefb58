import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { quoteWord } from '#lib/words.ts'
import {
  attempt,
  eventually,
  failed,
  type Instance,
  ok,
  type Plan,
  repo,
  runByHand,
  scratch,
  startInstance,
  versionImage,
} from './harness.ts'

const passphrase = 'correct horse battery staple'
const instance = await startInstance({ suffix: 'backup' })
const { engine, name, ssh } = instance
const source = await repo(versionImage('one'))
const kept = await scratch()
const opened: { remove(): Promise<unknown> }[] = [instance, source, kept]
after(() => Promise.all(opened.map((one) => one.remove())))

/** Runs a command with files for its standard streams: what passes is no text. */
const piped = async (of: Instance, line: string, files: { from?: string; to?: string }) =>
  await attempt([
    'sh',
    '-c',
    `${[...of.sshArgv(), '--', line].map(quoteWord).join(' ')}${files.from === undefined ? '' : ` < ${quoteWord(files.from)}`}${files.to === undefined ? '' : ` > ${quoteWord(files.to)}`}`,
  ])
const file = (of: string) => join(kept.dir, of)
const json = async (of: Instance, ...words: string[]) => JSON.parse(ok(await of.ssh(...words, '--format', 'json')))
/** All that is in a volume, with owners, modes and digests. */
const listing = async (of: Instance, app: string) =>
  ok(
    await of.ssh(
      'run',
      app,
      'sh',
      '-c',
      'cd /data && find . -printf "%p %y %m %U:%G %l\\n" | sort && find . -type f -exec sha256sum {} + | sort',
    ),
  )
const others = async () =>
  ok(await engine.docker(['ps', '--all', '--quiet', '--filter', `label=dokku.instance=${name}`, '--filter', 'status=paused']))

/** An instance that begins as what a backup holds. */
const restored = (suffix: string, archive: string, env: Record<string, string> = {}) =>
  startInstance({
    suffix,
    start: async (plan: Plan) => {
      const said = await restoreInto(plan.name, archive, env)
      assert.equal(said.exitCode, 0, said.stdout + said.stderr)
      await runByHand(plan)
      ok(await plan.engine.docker(['exec', plan.name, 'dokku', 'ssh-keys:remove', 'ada']))
    },
  })
const restoreInto = async (of: string, archive: string, env: Record<string, string> = {}) =>
  await attempt([
    'sh',
    '-c',
    `docker run --rm --interactive --label dokku.instance=${of} --no-healthcheck --volume /var/run/docker.sock:/var/run/docker.sock --volume ${of}:/var/lib/dokku --env DOKKU_NAME=${of} ${Object.entries(
      env,
    )
      .map(([key, value]) => `--env ${quoteWord(`${key}=${value}`)}`)
      .join(' ')} ${instance.image} restore < ${quoteWord(archive)}`,
  ])

before(async () => {
  assert.equal((await instance.push(source, 'shop')).exitCode, 0)
  ok(await ssh('config:set', 'shop', 'SECRET=of the shop', 'VERSION=two'))
  ok(await ssh('domains:add', 'shop', 'www.shop.test'))
  ok(await ssh('apps:create', 'named'))
  ok(await ssh('certs:generate', 'named', 'www.named.test'))
  ok(await ssh('storage:create', 'uploads'))
  ok(await ssh('storage:mount', 'shop', 'uploads:/data'))
  ok(await ssh('ps:restart', 'shop'))
  const filling =
    'mkdir -p /data/deep/er && echo precious > /data/deep/er/file && head -c 3000000 /dev/urandom > /data/large && ln -s deep/er/file /data/link && chown 1234:2345 /data/large && chmod 4750 /data/large'
  ok(await ssh('run', 'shop', 'sh', '-c', filling))
  ok(await ssh('network:create', `${name}-shared`))
  await engine.build(`${name}/fixture:latest`, versionImage('another'), name)
  ok(await ssh('git:from-image', 'other', `${name}/fixture:latest`))
  ok(await ssh('ps:scale', 'other', 'web=2'))
})

test('a backup is listed, described, read back and removed; nothing of it stays behind', async () => {
  assert.match(ok(await ssh('backup:list')), /No backups at local/)
  const { stdout, stderr, exitCode } = await ssh('backup:create')
  assert.equal(exitCode, 0, stderr)
  assert.match(stderr, /carries no key/)
  const [, made = ''] = /=====> (instance-\S+):/.exec(stdout) ?? []
  assert.match(ok(await ssh('backup:list')), new RegExp(`${made} .* not proved`))
  const info = await json(instance, 'backup:info', made)
  assert.deepEqual(info.apps, ['named', 'other', 'shop'])
  for (const part of ['backup', 'database', 'images', 'repositories/1', 'volumes/uploads', 'files/plugins'])
    assert.ok(info.parts[part]?.bytes > 0, part)
  assert.equal(info.key, 'none')
  assert.match(ok(await ssh('backup:report')), new RegExp(`Backup last: +${made} at local`))
  assert.match(failed(await ssh('backup:info', 'instance-20200101T000000Z')), /there is no backup/)
  ok(await ssh('backup:delete', made))
  assert.match(ok(await ssh('backup:list')), /No backups/)
  assert.equal(ok(await engine.docker(['exec', name, 'find', '/var/lib/dokku', '-maxdepth', '1', '-name', '.backup-*'])), '')
  assert.equal(ok(await engine.docker(['images', '--quiet', '--filter', `reference=${name}/backup`])), '')
})

test('an app is exported and imported under another name, with releases, repository and a volume of its own; the first one is left alone', async () => {
  const said = await piped(instance, 'apps:export shop', { to: file('shop') })
  assert.equal(said.exitCode, 0, said.stderr)
  assert.match(failed(await piped(instance, 'apps:import', { from: file('shop') })), /App shop already exists/)
  assert.match(ok(await piped(instance, 'apps:import copy', { from: file('shop') })), /copy is imported/)
  assert.equal((await instance.fetch('copy')).body, 'two')
  assert.equal(ok(await ssh('config:get', 'copy', 'SECRET')), 'of the shop\n')
  assert.equal((await json(instance, 'releases:list', 'copy')).length, (await json(instance, 'releases:list', 'shop')).length)
  assert.equal(await listing(instance, 'copy'), await listing(instance, 'shop'))
  ok(await ssh('run', 'copy', 'sh', '-c', 'rm /data/large'))
  assert.match(await listing(instance, 'shop'), /large/)
  ok(await ssh('releases:rollback', 'copy', 'v1'))
  await source.commit({ note: 'more' })
  assert.equal((await instance.push(source, 'copy')).exitCode, 0)
  ok(await ssh('apps:destroy', '--force', 'copy'))
  ok(await ssh('storage:destroy', '--force', 'copy-uploads'))
  assert.equal((await instance.fetch('shop')).body, 'two')
})

test('what would leave the machine is locked, or refused', async () => {
  assert.match(failed(await piped(instance, 'backup:create --to -', { to: file('refused') })), /nothing locks its secrets/)
  assert.equal((await readFile(file('refused'))).length, 0)
  assert.match(failed(await ssh('backup:create', '--to', 'ftp://somewhere/else')), /is no place for backups/)
  assert.match(failed(await ssh('backup:set', '--global', 'recipients', 'age1nonsense')), /is no age recipient/)
  assert.match(failed(await ssh('backup:set', 'shop', 'keep', '3')), /is set for all backups/)
  ok(await ssh('backup:set', '--global', 'passphrase', passphrase))
  assert.doesNotMatch(ok(await ssh('backup:report')), /battery/)
  const { exitCode, stderr } = await piped(instance, 'backup:create --to -', { to: file('instance') })
  assert.equal(exitCode, 0, stderr)
  assert.match((await readFile(file('instance'))).toString('latin1', 0, 30), /^age-encryption.org/)
  assert.equal(await others(), '')
})

test('a backup is proved by restoring it where nobody reaches it, and what is spoilt is found out', async () => {
  const made = async (...words: string[]) => /=====> (\S+):/.exec(ok(await ssh('backup:create', ...words)))?.[1] ?? ''
  const [whole, one] = [await made(), await made('shop')]
  for (const backup of [whole, one]) {
    assert.match(ok(await ssh('backup:verify', backup)), /is proved/)
    assert.match(ok(await ssh('backup:list')), new RegExp(`${backup} .* proved 20`))
  }
  await engine.docker([
    'exec',
    name,
    'sh',
    '-c',
    `printf x | dd of=/var/lib/dokku/backups/${whole}.dokku-backup bs=1 seek=20000 conv=notrunc 2>/dev/null`,
  ])
  const { exitCode, stderr } = await ssh('backup:verify', whole)
  assert.equal(exitCode, 1)
  assert.match(stderr, /cannot be used/)
  assert.match(ok(await ssh('backup:info', whole)), /failed its proof/)
  assert.match(ok(await ssh('events')), /failed its proof/)
  const proofs = `proof-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`
  for (const kind of ['container', 'network', 'volume'])
    assert.equal(ok(await engine.docker([kind, 'ls', '--quiet', '--filter', `name=${proofs}`])), '', kind)
  assert.equal((await instance.fetch('shop')).body, 'two')
})

test('archives that are cut, changed, foreign or locked are refused with the reason, and leave nothing behind', async () => {
  const whole = await readFile(file('shop'))
  const changed = Buffer.from(whole)
  changed[Math.floor(whole.length / 2)] = (changed[Math.floor(whole.length / 2)] ?? 0) ^ 1
  const volumes = async () => ok(await engine.docker(['volume', 'ls', '--quiet', '--filter', `label=dokku.instance=${name}`]))
  const before = await volumes()
  for (const [bytes, reason] of [
    [whole.subarray(0, whole.length - 20_000), /cut off|truncated/i],
    [changed, /cannot be used|archive|checksum|invalid/i],
    [Buffer.from('PK, and no backup at all'), /neither a backup nor one that age encrypted/],
    [Buffer.alloc(0), /neither a backup nor one that age encrypted/],
    [(await readFile(file('instance'))).subarray(0, 5000), /no key|cannot be used/],
  ] as const) {
    await writeFile(file('bad'), bytes)
    const said = await piped(instance, 'apps:import spoilt', { from: file('bad') })
    assert.notEqual(said.exitCode, 0)
    assert.match(said.stderr, reason)
    assert.doesNotMatch(said.stderr, / {4}at /)
    failed(await ssh('apps:exists', 'spoilt'), 20)
  }
  assert.equal(await volumes(), before)
  assert.match(failed(await piped(instance, 'backup:restore -', { from: file('instance') })), /the backup holds 3 apps/)
})

test('the drill: everything is destroyed, and an engine and the archive are enough to have all of it again', async () => {
  const [releases, files, keys] = [
    await json(instance, 'releases:list', 'shop'),
    await listing(instance, 'shop'),
    ok(await ssh('certs:show', 'named', 'crt')),
  ]
  const hostKey = await attempt(['ssh-keyscan', '-t', 'ed25519', '-p', String(instance.ports.ssh), engine.address])
  await instance.remove()
  const wrong = await restoreInto(`${name}-wrong`, file('instance'), { DOKKU_BACKUP_KEY: 'this is not the passphrase' })
  assert.match(failed(wrong), /no key that was given opens the backup/)
  ok(await engine.docker(['volume', 'rm', `${name}-wrong`]))
  const again = await restored('again', file('instance'), { DOKKU_BACKUP_KEY: passphrase })
  opened.push(again)
  await eventually(async () => assert.equal((await again.fetch('shop')).body, 'two'), 60)
  await eventually(async () => assert.equal((await again.fetch('other')).body, 'another'), 60)
  assert.deepEqual(await json(again, 'releases:list', 'shop'), releases)
  assert.equal(await listing(again, 'shop'), files)
  assert.match(ok(await again.ssh('domains:report', 'shop', '--domains-app-vhosts')), /www\.shop\.test/)
  assert.equal(ok(await again.ssh('certs:show', 'named', 'crt')), keys)
  assert.equal(ok(await again.ssh('config:get', 'shop', 'SECRET')), 'of the shop\n')
  assert.match(ok(await again.ssh('ps:scale', 'other')), /web: 2/)
  assert.match(ok(await again.ssh('network:list')), new RegExp(`${name}-shared`))
  const shown = await attempt(['ssh-keyscan', '-t', 'ed25519', '-p', String(again.ports.ssh), engine.address])
  assert.equal(shown.stdout.split(' ').at(-1), hostKey.stdout.split(' ').at(-1))
  ok(await again.ssh('releases:rollback', 'shop', 'v1'))
  await source.commit({ note: 'after the restore' })
  assert.equal((await again.push(source, 'shop')).exitCode, 0)
  assert.match(failed(await restoreInto(again.name, file('instance'), { DOKKU_BACKUP_KEY: passphrase })), /another control uses the volume/)
})
