import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { packTar } from 'modern-tar'
import { docker } from '#lib/docker.ts'
import { run } from '#lib/exec.ts'
import { serveBuildpacks } from './buildpack.fixture.ts'
import { recorder } from './conformance.ts'
import { stackOf } from './stack.ts'

const engine = await docker()
const packs = await serveBuildpacks(engine)
const { build: stack } = await stackOf(engine, { source: { dir: '/' }, image: 'none', labels: {}, output: recorder().output })

/** Runs a shell line in the stack as root, with files of an app where herokuish takes source from. */
async function inStack(line: string, files: Record<string, string> = {}, env: Record<string, string> = {}) {
  const container = await engine.createContainer({
    Image: stack,
    Cmd: ['bash', '-c', line],
    Env: Object.entries({ ...env }).map(([name, value]) => `${name}=${value}`),
    HostConfig: { Init: true },
  })
  try {
    const entries = Object.entries({ 'tmp/app/keep': '', ...files }).map(([name, body]) => ({
      header: { name, size: Buffer.byteLength(body) },
      body,
    }))
    await container.putArchive(Buffer.from(await packTar(entries)), { path: '/' })
    const stream = await container.attach({ stream: true, stdout: true, stderr: true })
    const [out, err]: [Buffer[], Buffer[]] = [[], []]
    engine.modem.demuxStream(
      stream,
      { write: (chunk: Buffer) => out.push(chunk) } as never,
      { write: (chunk: Buffer) => err.push(chunk) } as never,
    )
    await container.start()
    const { StatusCode: status } = (await container.wait()) as { StatusCode: number }
    return { status, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }
  } finally {
    await container.remove({ force: true })
  }
}

const app = (files: Record<string, string>) => Object.fromEntries(Object.entries(files).map(([name, text]) => [`tmp/app/${name}`, text]))

describe('herokuish', () => {
  after(() => packs.close())

  test('an installed buildpack is found by its detect, in the order of names', async () => {
    const install = `herokuish buildpack install ${packs.url('copy')} main 02_copy && herokuish buildpack install ${packs.url('greeter')}#v1 "" 01_greeter`
    const both = await inStack(`${install} && herokuish buildpack list && herokuish buildpack detect`, app({ 'greeting.txt': 'hello' }))
    assert.equal(both.out, '01_greeter\n02_copy\n-----> Greeter app detected\n', both.err)
    const one = await inStack(
      `${install} && /build && test ! -e /app/.git && stat -c '%u %n' /app/plain`,
      app({ plain: '', '.git/config': '' }),
    )
    assert.match(one.out, /^-----> Copy app detected\n {7}[^\n]*\n1000 \/app\/plain\n$/, one.err)
    assert.deepEqual([(await inStack('/build')).status, (await inStack('/build')).err], [65, ' !     Unable to select a buildpack\n'])
  })

  test('.env is read, and nothing in it is run', async () => {
    const env = 'NAME="two words"\nexport OTHER=$(touch /ran)`touch /ran`\n# COMMENT=1\nnot a line\n'
    const { out, err } = await inStack(
      'BUILDPACK_URL=$URL /build >/dev/null; cat /app/name; ls /ran; cat /tmp/env/OTHER; ls /tmp/env',
      app({ '.env': env, 'greeting.txt': 'x' }),
      {
        URL: packs.url('greeter'),
      },
    )
    assert.equal(out, 'two words$(touch /ran)`touch /ran`NAME\nOTHER\n')
    assert.match(err, /cannot access '\/ran'/)
  })

  test('a buildpack that hangs, or fills the disk, is ended and says so', async () => {
    const env = { HEROKUISH_BUILDPACKS: packs.url('copy') }
    const late = await inStack('/build', app({ 'takes-long': '' }), { ...env, HEROKUISH_TIMEOUT: '1' })
    assert.deepEqual([late.status, late.err], [67, ' !     the buildpack was ended: it took longer than 1 seconds\n'])
    const large = await inStack('/build', app({ 'writes-much': '9000000' }), { ...env, HEROKUISH_FILE_SIZE: '4096' })
    assert.deepEqual(
      [large.status !== 0, /larger than HEROKUISH_FILE_SIZE|File too large|File size limit/.test(large.out + large.err)],
      [true, true],
      large.out + large.err,
    )
    const little = await inStack('/build && stat -c %s /app/zeroes', app({ 'writes-much': '9000' }), {
      ...env,
      HEROKUISH_FILE_SIZE: '4096',
    })
    assert.match(little.out, /\n9000\n$/)
  })

  test('a buildpack that leaves something running, or is killed, ends the build; what it says of itself is not taken for ours', async () => {
    const env = { HEROKUISH_BUILDPACKS: packs.url('copy') }
    const begun = performance.now()
    const left = await inStack('/build && test -f /app/leaves-running', app({ 'leaves-running': '' }), env)
    assert.deepEqual([left.status, performance.now() - begun < 60_000], [0, true], left.err)
    const killed = await inStack('/build', app({ 'is-killed': '' }), env)
    assert.deepEqual([killed.status, killed.err], [137, ' !     bin/compile of the buildpack was killed, most likely for memory\n'])
    const failed = await inStack('/build', app({ 'fails-with': '66' }), env)
    assert.deepEqual([failed.status, failed.err], [1, ' !     bin/compile of the buildpack failed with exit status 66\n'])
  })

  test('what a buildpack exports is run as the app’s user, and cannot end the build', async () => {
    const { out, err, status } = await inStack(
      `herokuish buildpack install $URL && cd /tmp/buildpacks/copy && printf '%s\\n' 'touch /usr/bin/outside' 'export GREETING="from the first"' 'exit 0' >export &&
git init -q && git add -A && git -c user.name=a -c user.email=a@b.c commit -qm x && mv /tmp/buildpacks/copy /tmp/first &&
HEROKUISH_BUILDPACKS="file:///tmp/first $URL" /build >/dev/null; ls /usr/bin/outside; ls /app`,
      app({ kept: '' }),
      { URL: packs.url('copy') },
    )
    assert.match(err, /cannot access '\/usr\/bin\/outside'/)
    assert.deepEqual([status, out], [0, 'keep\nkept\n'], err)
  })

  test('variables of the build arrive whatever they are called, and a URL is shown without its password', async () => {
    const exports = `export BASH_ENV='x'\nexport NAME='a b'\nexport PATH='/nowhere'\nexport UID='7'\n`
    const { out } = await inStack(
      'HEROKUISH_ENV_FILE=/tmp/app/vars BUILDPACK_URL=$URL /build >/dev/null; cd /tmp/env && head *',
      app({ vars: exports }),
      {
        URL: packs.url('copy'),
      },
    )
    assert.match(out, /NAME <==\na b\n[\s\S]*PATH <==\n\/nowhere\n[\s\S]*UID <==\n7/)
    const url = packs.url('copy').replace('//', '//me:a-password@')
    for (const [line, status] of [
      [
        `rm -rf /tmp/b && git clone -q $URL /tmp/b && cd /tmp/b && git rm -q bin/compile && herokuish buildpack install ftp${url.slice(4)}`,
        66,
      ],
      [`herokuish buildpack install ${url}#v99`, 66],
    ] as const) {
      const said = await inStack(line, {}, { URL: packs.url('copy') })
      assert.equal(said.status, status, said.err)
      assert.doesNotMatch(said.out + said.err, /a-password/)
    }
  })

  test('tests of an app run by the last buildpack, where it has such', async () => {
    const none = await inStack('herokuish buildpack test', app({ 'greeting.txt': '' }), { BUILDPACK_URL: packs.url('greeter') })
    assert.deepEqual([none.status, none.err], [1, ' !     Selected buildpack does not support test feature\n'])
    for (const status of [0, 3]) {
      const some = await inStack('herokuish buildpack test', app({ tests: `${status}\n` }), { BUILDPACK_URL: packs.url('copy') })
      assert.deepEqual([some.status, /-----> Running tests\nfor tests\n$/.test(some.out)], [status, true], some.err)
    }
  })

  test('a slug is generated without what .slugignore names, exported, and imported where nothing is', async () => {
    const files = { 'app/Procfile': 'web: true\n', 'app/notes.md': 'x', 'app/.slugignore': '*.md\n' }
    const { out } = await inStack(
      'herokuish slug generate && herokuish slug export >/tmp/s && rm -rf /app/* /app/.[a-z]* && herokuish slug import </tmp/s && ls /app; herokuish slug import </tmp/s',
      files,
    )
    assert.equal(out, 'Procfile\n')
  })

  test('processes run as whoever owns the app, and files of the app are read as nobody else', async () => {
    const files = { 'app/Procfile': 'web: echo "$FROM_PROFILE $(id -u)"\n', 'app/.profile.d/a.sh': 'export FROM_PROFILE="$(id -u)"\n' }
    assert.equal((await inStack('chown -R 1000:1000 /app && /start web', files)).out, '1000 1000\n')
    assert.equal((await inStack('/exec id -u', files)).out, '1000\n')
    assert.equal((await inStack('/exec id -u', files, { HEROKUISH_SETUIDGUID: 'false' })).out, '0\n')
  })

  test('herokuish test builds, starts web and compares its answer', async () => {
    const files = app({ Procfile: 'web: cd site && python3 -m http.server "$PORT"\n', 'site/index.html': 'hello' })
    const env = { BUILDPACK_URL: packs.url('copy') }
    assert.match((await inStack('herokuish test / hello', files, env)).out, /answers as expected/)
    const wrong = await inStack('herokuish test / other', files, env)
    assert.deepEqual([wrong.status, /answers "hello", expected "other"/.test(wrong.err)], [2, true])
  })

  test('buildstep: a tar in, an image by buildpacks out', async () => {
    const bin = await mkdtemp(join(tmpdir(), 'builder-bin-'))
    const image = `test-buildstep-${process.pid}`
    try {
      await writeFile(join(bin, 'builder'), `#!/bin/sh\nexec ${process.execPath} ${join(import.meta.dirname, 'main.ts')} "$@"\n`)
      await chmod(join(bin, 'builder'), 0o755)
      const entries = Object.entries({ '.buildpacks': packs.url('copy'), Procfile: 'web: echo started\n' })
      const tar = await packTar(entries.map(([name, body]) => ({ header: { name, size: Buffer.byteLength(body) }, body })))
      const env = { PATH: `${bin}:${process.env.PATH}` }
      const said = await run([join(import.meta.dirname, 'buildstep'), image, 'one'], { input: Buffer.from(tar), env })
      assert.match(said.stdout, /-----> Copy app detected[\s\S]*=====> test-buildstep-\d+:one is sha256:/)
      assert.equal((await run([join(import.meta.dirname, 'buildstep')], { env, allow: [64] })).exitCode, 64)
      assert.equal((await run(['docker', 'run', '--rm', `${image}:one`, '/start', 'web'], { env })).stdout, 'started\n')
    } finally {
      await rm(bin, { recursive: true })
      await engine
        .getImage(`${image}:one`)
        .remove({ force: true })
        .catch(() => {})
    }
  })
})
