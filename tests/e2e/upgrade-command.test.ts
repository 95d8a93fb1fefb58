import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually, failed, engine as hostEngine, ok, startInstance, underLoad, versionImage } from './harness.ts'

// `dokku upgrade`, to images that differ from the one under test in one thing each.
const host = hostEngine()
const family = `${process.env.DOKKU_TEST_PREFIX ?? 'e2e'}-family/dokku`
const made = (tag: string, ...lines: string[]) =>
  host.build(`${family}:${tag}`, { Dockerfile: [`FROM ${process.env.DOKKU_IMAGE ?? ''}`, ...lines, ''].join('\n') }, 'family')
const called = (version: string) => `RUN sed -i 's/"version": "[^"]*"/"version": "${version}"/' /opt/dokku/package.json`
const migrated =
  'RUN cd /opt/dokku/dokku/migrations && echo "CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT;" > "$(printf %04d $(($(ls *.sql | wc -l) + 1)))-later.sql"'
/** Control ends where it would begin to listen, after the database was migrated. */
const ends = `RUN sed -i 's/^  const http = settings.httpDoor/  throw new Error("made to fail");\\n&/' /opt/dokku/dokku/daemon.ts`
await made('1.0.0', called('1.0.0'))
await made('1.1.0', called('1.1.0'))
await made('2.0.0', called('2.0.0'), migrated)
await made('2.1.0', called('2.1.0'), ends)
await made('3.0.0', called('3.0.0'), migrated, ends)
await made('foreign', 'LABEL org.opencontainers.image.title=else')
const instance = await startInstance({ suffix: 'verb', image: `${family}:1.0.0` })
const { engine, name, ssh } = instance
after(async () => {
  await instance.remove()
  const tags = ['1.0.0', '1.1.0', '2.0.0', '2.1.0', '3.0.0', 'foreign'].map((tag) => `${family}:${tag}`)
  await host.docker(['rmi', '--force', ...tags])
})
await engine.build(`${name}/fixture:latest`, versionImage('steady'), name)
ok(await ssh('git:from-image', 'steady', `${name}/fixture:latest`))

/** What is said once the switch is over, and that nothing of it is left. */
async function settled(outcome: RegExp): Promise<void> {
  await eventually(async () => assert.match(ok(await ssh('upgrade:report')), outcome), 90)
  await eventually(async () =>
    assert.deepEqual(await engine.lines('ps', '--all', '--filter', `name=^${name}-(upgrade|next|previous)$`, '--format', '{{.Names}}'), []),
  )
  assert.match(ok(await ssh('events')), outcome)
}

test('what an upgrade would do is said, and changes nothing', async () => {
  const said = ok(await ssh('upgrade', '2.0.0', '--check'))
  assert.match(said, /Migrations, which went well on a copy: \d{4}-later/)
  assert.match(said, /dokku 2\.0\.0 can take over from 1\.0\.0/)
  assert.match(ok(await ssh('version')), /1\.0\.0/)
  assert.match(ok(await ssh('upgrade', '--local')), /dokku 1\.0\.0 runs already/)
  assert.match(ok(await ssh('upgrade:report')), /Upgrade last: +none/)
  assert.doesNotMatch(ok(await engine.docker(['exec', name, 'ls', '-A', '/var/lib/dokku'])), /\.upgrade-/)
})

test('an image that is none of ours, is nowhere, or is named badly, is refused', async () => {
  assert.match(failed(await ssh('upgrade', 'foreign')), /is no image of dokku/)
  assert.match(failed(await ssh('upgrade', '0.0.9')), /0\.0\.9/)
  assert.match(failed(await ssh('upgrade', '$(id)')), /is not the name of an image/)
  assert.match(failed(await ssh('upgrade', '1.1.0', '--image', 'dokku/dokku')), /two ways/)
})

test('an upgrade fails no request, loses no command, and says what came of it; so does the way back to the version before', async () => {
  for (const [from, to] of [
    ['1.0.0', '1.1.0'],
    ['1.1.0', '1.0.0'],
  ] as const) {
    let typed = 0
    await underLoad(
      instance.target('steady'),
      async () => {
        assert.match(ok(await ssh('upgrade', to, '--local')), new RegExp(`dokku ${to} takes over from ${from}`))
        const runs = async () => /Upgrade version: +(\S+)/.exec(ok(await ssh('upgrade:report')))?.[1] === to
        while (!(await runs())) ok(await ssh('config:set', '--no-restart', 'steady', `TYPED=${++typed}`))
        await settled(new RegExp(`upgraded from dokku ${from} to ${to}`))
      },
      { clients: 4 },
    )
    if (typed > 0) assert.equal(ok(await ssh('config:get', 'steady', 'TYPED')).trim(), String(typed))
  }
})

test('one that does not become healthy makes way for the one before, with the database as it was', async () => {
  await underLoad(
    instance.target('steady'),
    async () => {
      for (const to of ['2.1.0', '3.0.0']) {
        ok(await ssh('upgrade', to, '--local'))
        await settled(new RegExp(`the upgrade from dokku 1\\.0\\.0 to ${to} failed \\(.*made to fail.*\\); 1\\.0\\.0 runs`))
        assert.match(ok(await ssh('version')), /1\.0\.0/)
        ok(await ssh('config:set', '--no-restart', 'steady', 'AFTER=1'))
      }
    },
    { clients: 4 },
  )
})

test('whatever switches may be killed, and goes on; a version that does not know the database is refused before anything is changed', async () => {
  ok(await ssh('upgrade', '2.0.0', '--local'))
  await engine.docker(['exec', `${name}-upgrade`, 'sh', '-c', 'kill -9 -1'])
  await settled(/upgraded from dokku 1\.0\.0 to 2\.0\.0/)
  const said = failed(await ssh('upgrade', '1.1.0', '--local'))
  assert.match(said, /cannot take over: a newer version has brought the database to \d{4}-later/)
  assert.match(ok(await ssh('version')), /2\.0\.0/)
  assert.equal((await instance.fetch('steady')).body, 'steady')
})
