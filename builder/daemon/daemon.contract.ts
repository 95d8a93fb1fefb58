import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { docker } from '#lib/docker.ts'
import { startRegistry } from '../registry/registry.fixture.ts'
import { tarHeader } from '../tar.fixture.ts'
import { daemon } from './daemon.fixture.ts'

const base = process.env.BUILDER_TEST_BASE ?? 'debian:trixie-slim'
const quick = (text = String(Math.random())) => ({ Dockerfile: `FROM ${base}\nCOPY . /app\n`, text })
const slow = () => ({ Dockerfile: `FROM ${base}\nRUN echo begun; sleep 120 # ${Math.random()}\n` })

/** Names of images under a prefix. */
async function images(prefix: string): Promise<string[]> {
  const found = await (await docker()).listImages({ filters: { reference: [`${prefix}/*`] } })
  return found.flatMap(({ RepoTags: tags }) => tags ?? []).sort()
}

describe('builder daemon', () => {
  let one: Awaited<ReturnType<typeof daemon>>
  before(async () => {
    one = await daemon('--at-once', '1', '--waiting', '1', '--keep', '3')
  })
  after(() => one.stop())

  test('builds what is handed over, says so to whoever does, and keeps the log', async () => {
    const receiving = await one.receive('shop', quick())
    assert.equal(await receiving.exited, 0, receiving.said())
    assert.match(receiving.said(), /^-----> Building shop with dockerfile\n(?: {7}.*\n)*=====> \S+\/shop is sha256:[0-9a-f]{64}\n$/)
    assert.deepEqual(await images(one.prefix), [`${one.prefix}/shop:1234567890ab`, `${one.prefix}/shop:latest`])
    const [job] = JSON.parse((await one.cli('jobs', '--json')).stdout)
    assert.equal(job.status, 'succeeded')
    assert.equal(job.user, 'alice')
    assert.equal((await one.cli('logs', String(job.id))).stdout, receiving.said())
    assert.match((await one.cli('jobs')).stdout, /^ {4}1 {2}succeeded .* alice$/m)
    assert.deepEqual(await readdir(join(one.state, 'trees')), [])
  })

  test('fails with the reason', async () => {
    const receiving = await one.receive('shop', { Dockerfile: `FROM ${base}\nRUN exit 7\n` }, 'abcdef0')
    assert.equal(await receiving.exited, 1)
    assert.match(receiving.said(), /^ ! {5}`RUN exit 7` failed with exit status 7$/m)
    assert.match((await one.cli('jobs')).stdout, /failed /)
    assert.ok(!(await images(one.prefix)).some((name) => name.includes('abcdef0')))
  })

  test('refuses a name that no image can have, a tree that is none, and one that leads out', async () => {
    for (const name of ['Shop', 'a..b', 'a-', 'a/b', 'a:b'])
      assert.match((await one.cli('receive', name, 'abcdef0')).stderr, /is no name of an image/)
    assert.match((await one.cli('receive', 'shop', '--upload-pack')).stderr, /--upload-pack/)
    assert.match((await one.cli('receive', 'shop', 'main')).stderr, /is no commit/)
    const garbage = await one.receive('shop', Readable.from(['x'.repeat(10_000)]))
    assert.equal(await garbage.exited, 1)
    assert.match(garbage.said(), /the archive cannot be used/)
    // Long after it is refused, more of it comes.
    const much = await one.receive(
      'shop',
      Readable.from([tarHeader('../out', 200 * 2 ** 20), ...Array.from({ length: 200 }, () => Buffer.alloc(2 ** 20))]),
    )
    assert.equal(await much.exited, 1)
    assert.equal(much.said(), ' !     the archive cannot be used: "../out" leads out of it\n')
    const leading = await one.receive('shop', { ...quick(), out: { link: '/etc/passwd' } })
    assert.equal(await leading.exited, 1)
    assert.match(leading.said(), /the link "\.\/out" leads out of it/)
  })

  test('lets one wait for its turn and no more, and cancels what runs and what waits', async () => {
    const first = await one.receive('shop', slow())
    await first.says(/^ +begun$/m)
    const second = await one.receive('other', slow())
    await second.says(/Waiting: 1 build is before this one/)
    for (let time = 0; time < 5; time++) {
      const third = await one.receive('third', Readable.from(Array.from({ length: 32 }, () => Buffer.alloc(2 ** 20))))
      assert.equal(await third.exited, 1)
      assert.equal(third.said(), ' !     1 build is waiting already, and no more may\n !     push again later\n')
    }
    const waiting = /^ +(\d+) {2}waiting /m.exec((await one.cli('jobs')).stdout)?.[1] ?? ''
    const building = /^ +(\d+) {2}building /m.exec((await one.cli('jobs')).stdout)?.[1] ?? ''
    assert.match((await one.cli('cancel', waiting)).stdout, /cancelled$/m)
    assert.equal(await second.exited, 1)
    assert.match(second.said(), / ! {5}the build was cancelled\n$/)
    const followed = one.cli('logs', building, '-f')
    assert.match((await one.cli('cancel', building)).stdout, /cancelled$/m)
    assert.equal(await first.exited, 1)
    assert.match((await followed).stdout, /begun\n(?:.*\n)* ! {5}the build was cancelled\n$/)
    const again = await one.cli('cancel', building)
    assert.match(again.stderr, /has ended already: cancelled/)
    assert.equal(again.exitCode, 1)
    assert.match((await one.cli('cancel', '4711')).stderr, /there is no job 4711/)
  })

  test('ends what nobody waits for any more', async () => {
    const receiving = await one.receive('shop', slow())
    await receiving.says(/^ +begun$/m)
    const id = /^ +(\d+) {2}building /m.exec((await one.cli('jobs')).stdout)?.[1] ?? ''
    receiving.kill('SIGKILL')
    // Follows until the job has ended.
    assert.match((await one.cli('logs', id, '-f')).stdout, /whoever asked for the build went away\n$/)
    assert.match((await one.cli('jobs')).stdout, new RegExp(`^ +${id} {2}cancelled `, 'm'))
  })

  test('forgets old jobs, their logs and the images of their commits, and never the latest image', async () => {
    for (const revision of ['aaaaaaa', 'bbbbbbb', 'ccccccc', 'ddddddd'])
      assert.equal(await (await one.receive('shop', quick(), revision)).exited, 0)
    const tags = (await images(one.prefix)).map((name) => name.split(':')[1])
    assert.deepEqual(tags, ['bbbbbbb', 'ccccccc', 'ddddddd', 'latest'])
    assert.equal(JSON.parse((await one.cli('jobs', '--json')).stdout).length, 3)
    assert.equal((await readdir(join(one.state, 'jobs'))).length, 6)
  })

  test('tells those who wait that it is being stopped, and forgets nothing when it is killed', async () => {
    const told = await one.receive('shop', slow())
    await told.says(/^ +begun$/m)
    assert.equal((await one.kill('SIGTERM')).status, 0)
    assert.equal(await told.exited, 1)
    assert.match(told.said(), /the builder is being stopped\n ! {5}push again once it is back\n$/)
    assert.match((await one.cli('jobs')).stderr, /no builder answers at/)
    await one.restart()
    const cut = await one.receive('shop', slow())
    await cut.says(/^ +begun$/m)
    await one.kill('SIGKILL')
    assert.equal(await cut.exited, 1)
    assert.match(cut.said(), /the builder went away in the middle of it/)
    await one.restart()
    assert.match((await one.cli('jobs')).stdout, /^ +\d+ {2}interrupted /m)
    assert.equal((await readdir(one.state)).includes('trees'), false)
  })
})

test('a daemon has its state for itself, and ends when a door does', async (t) => {
  const one = await daemon()
  t.after(() => one.stop())
  const second = await one.cli('serve', '--state', one.state)
  assert.match(second.stderr, /another builder serves with/)
  assert.equal(second.exitCode, 1)
  await one.kill('SIGTERM')
  // Nobody has installed gitreceive here.
  const doorless = await one.cli('serve', '--state', one.state, '--http', '127.0.0.1:0')
  assert.match(doorless.stderr, /gitreceive could not be started: .*ENOENT/)
  assert.equal(doorless.exitCode, 1)
})

test('a build that takes too long is ended', async (t) => {
  const one = await daemon('--timeout', '3')
  t.after(() => one.stop())
  const receiving = await one.receive('shop', slow())
  assert.equal(await receiving.exited, 1)
  assert.match(receiving.said(), /took longer than 3 seconds and was stopped\n$/)
  assert.match((await one.cli('jobs')).stdout, /failed/)
})

test('of many at once each has its turn, and what each said is its own', async (t) => {
  const one = await daemon('--at-once', '2')
  t.after(() => one.stop())
  const names = Array.from({ length: 8 }, (_, at) => `app-${at % 6}`)
  const receiving = await Promise.all(names.map((name, at) => one.receive(name, quick(`${at}`), `abcdef${at}`)))
  for (const [at, { exited, said }] of receiving.entries()) {
    assert.equal(await exited, 0, said())
    assert.match(said(), new RegExp(`^-----> Building ${names[at]} with`, 'm'))
    assert.equal(said().match(/^----->/gm)?.length, 1)
  }
  assert.equal((await one.cli('jobs')).stdout.match(/ succeeded /g)?.length, 8)
})

test('each service of a Compose file has an image, and old ones go together', async (t) => {
  const one = await daemon('--keep', '1')
  t.after(() => one.stop())
  const files = {
    ...quick(),
    'compose.yaml': `services:\n  web:\n    build: .\n    ports: ['5000']\n  worker:\n    image: ${base}\n    command: sleep 9\n`,
    'app.json': '{"builder": "compose"}',
  }
  for (const revision of ['aaaaaaa', 'bbbbbbb']) {
    const receiving = await one.receive('shop', files, revision)
    assert.equal(await receiving.exited, 0, receiving.said())
  }
  const tags = (await images(one.prefix)).map((name) => name.split(':')[1])
  assert.deepEqual(tags, ['bbbbbbb', 'bbbbbbb.worker', 'latest', 'latest.worker'])
})

test('images go to a registry with its login, and a push that it refuses fails', async (t) => {
  const registry = await startRegistry(await docker(), { htpasswd: { username: 'someone', password: 'right' } })
  const prefix = `${registry.host}/team`
  const one = await daemon('--push', prefix)
  t.after(async () => {
    await one.stop()
    for (const name of await images(prefix)) await (await docker()).getImage(name).remove({ force: true })
    await registry.stop()
  })
  const refused = await one.receive('shop', quick())
  assert.equal(await refused.exited, 1)
  assert.match(refused.said(), new RegExp(`Pushing ${prefix}/shop:1234567890ab\\n(?:.*\\n)* !     ${registry.host} does not take`))

  const auth = Buffer.from('someone:right').toString('base64')
  await writeFile(join(one.state, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }))
  const pushed = await one.receive('shop', quick())
  assert.equal(await pushed.exited, 0, pushed.said())
  const answer = await fetch(`http://${prefix.replace('/', '/v2/')}/shop/tags/list`, { headers: { authorization: `Basic ${auth}` } })
  const { tags }: { tags?: unknown } = Object(await answer.json())
  assert.deepEqual(Array.isArray(tags) && tags.sort(), ['1234567890ab', 'latest'])

  const away = await daemon('--push', '127.0.0.1:1/team')
  t.after(() => away.stop())
  const nowhere = await away.receive('shop', quick())
  assert.equal(await nowhere.exited, 1)
  assert.match(nowhere.said(), /127\.0\.0\.1:1 could not be reached/)
  for (const name of await images('127.0.0.1:1/team')) await (await docker()).getImage(name).remove({ force: true })
})
