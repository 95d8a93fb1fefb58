import assert from 'node:assert/strict'
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Docker, docker } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { run } from '#lib/exec.ts'
import { type Output, output, plain } from '#lib/output.ts'
import type { BuildDriver, BuildRequest } from './driver.ts'

/** A tree by path: text, or a file with a mode, or a link. */
export type Files = Record<string, string | { text: string; mode: number } | { link: string }>

/** What a driver brings so that one suite can test it. */
export interface DriverFixtures {
  /** Names of images and containers of the test begin with it. */
  prefix: string
  /** A tree that the driver builds into an image with these files in `root`. */
  holding(files: Files): Files
  root: string
  /** Files of `holding` that Docker's .dockerignore cannot keep out of the image. */
  always: readonly string[]
  /** A tree that writes the build argument GREETING into `greeting` in `root`. */
  greeting: Files
  /** A tree that cannot be built, and what the error must say. */
  broken: { files: Files; says: RegExp }
  /** A tree whose build prints `begun` and then takes a minute. */
  slow: Files
}

/** The tests every build driver passes, over a real engine. */
export function testDriver(driver: BuildDriver, fixtures: DriverFixtures): void {
  describe(`builder driver ${driver.name}`, () => {
    let engine: Docker
    const dirs: string[] = []
    const images: string[] = []
    let count = 0

    const source = async (files: Files) => {
      const dir = await writeTree(files)
      dirs.push(dir)
      return { dir }
    }
    const build = async (files: Files, more: Partial<BuildRequest> = {}) => {
      const image = `${fixtures.prefix}:${process.pid}-${count++}`
      images.push(image)
      const said = recorder()
      const { imageId } = await driver.build({ source: await source(files), image, labels: {}, output: said.output, ...more }, engine)
      return { image, imageId, lines: said.lines }
    }
    const built = async (files: Files, more: Partial<BuildRequest> = {}) => {
      const { image } = await build(files, more)
      const dir = await extract(engine, image, fixtures.root)
      dirs.push(dir)
      return dir
    }

    before(async () => {
      engine = await docker()
    })
    after(async () => {
      for (const dir of dirs) await rm(dir, { recursive: true, force: true })
      for (const image of images)
        await engine
          .getImage(image)
          .remove({ force: true })
          .catch(() => {})
    })

    test('recognises its own tree and no empty one', async () => {
      assert.equal(await driver.detect(await source(fixtures.holding({}))), true)
      assert.equal(await driver.detect(await source({})), false)
    })

    test('builds a tree into an image of the given name, whole', async () => {
      const { image, imageId } = await build(fixtures.holding({ 'a.txt': 'one\n', 'deep/er/b.txt': 'two\n' }))
      assert.equal((await engine.getImage(image).inspect()).Id, imageId)
      const dir = await extract(engine, image, fixtures.root)
      dirs.push(dir)
      assert.equal(await readFile(join(dir, 'a.txt'), 'utf8'), 'one\n')
      assert.equal(await readFile(join(dir, 'deep/er/b.txt'), 'utf8'), 'two\n')
    })

    test('keeps modes, links and odd names', async () => {
      const files: Files = {
        run: { text: '#!/bin/sh\n', mode: 0o755 },
        private: { text: 'x', mode: 0o600 },
        inside: { link: 'run' },
        outside: { link: '/etc/passwd' },
        dangling: { link: '../../nowhere' },
        '-e': 'dash',
        'two words\n': 'newline',
        [`${'long/'.repeat(40)}file`]: 'deep',
      }
      const dir = await built(fixtures.holding(files))
      for (const [path, file] of Object.entries(files)) {
        if (typeof file === 'string') assert.equal(await readFile(join(dir, path), 'utf8'), file)
        else if ('link' in file) assert.equal(await readlink(join(dir, path)), file.link)
        else assert.equal((await lstat(join(dir, path))).mode & 0o777, file.mode)
      }
    })

    test('leaves out what .dockerignore names, and keeps what it takes back', async () => {
      const dir = await built(
        fixtures.holding({
          '.dockerignore': '# comment\n*\n!kept\n!sub/dir/deep.txt\n**/*.log\n!.dockerignore\n',
          gone: '',
          kept: '',
          'kept.log': '',
          'sub/gone': '',
          'sub/dir/deep.txt': '',
          'sub/dir/deep.log': '',
        }),
      )
      const found = (await readdir(dir, { recursive: true })).filter((path) => !fixtures.always.includes(path))
      assert.deepEqual(found.sort(), ['.dockerignore', 'kept', 'sub', 'sub/dir', 'sub/dir/deep.txt'])
    })

    test('gives the image its labels', async () => {
      const { imageId } = await build(fixtures.holding({}), { labels: { 'test.one': 'a b', 'test.two': '"=\n' } })
      const { Labels } = (await engine.getImage(imageId).inspect()).Config
      assert.equal(Labels?.['test.one'], 'a b')
      assert.equal(Labels?.['test.two'], '"=\n')
    })

    test('passes build arguments byte for byte', async () => {
      const dir = await built(fixtures.greeting, { buildArgs: { GREETING: `it's "$HOME" & \\n` } })
      assert.equal(await readFile(join(dir, 'greeting'), 'utf8'), `it's "$HOME" & \\n`)
    })

    test('says that a step was not run again', async () => {
      const files = fixtures.holding({ 'cached.txt': 'same\n' })
      await build(files)
      assert.match((await build(files)).lines().join(''), /CACHED/)
    })

    test('fails with the reason when the tree cannot be built', async () => {
      await assert.rejects(build(fixtures.broken.files), (error) => {
        assert(error instanceof UserError)
        assert.equal(error.code, 'build-failed')
        assert.match(error.message, fixtures.broken.says)
        return true
      })
    })

    test('writes plain lines only', async () => {
      for (const line of (await build(fixtures.greeting, { noCache: true, buildArgs: { GREETING: 'x' } })).lines()) {
        assert.match(line, /^ {7}.*\n$/s)
        assert.equal(plain(line), line)
      }
    })

    test('builds nothing when it is aborted beforehand', async () => {
      const files = fixtures.holding({})
      await assert.rejects(build(files, { signal: AbortSignal.abort() }), { code: 'build-aborted' })
    })

    test('ends the build when it is aborted', async () => {
      const abort = new AbortController()
      const said = recorder((line) => {
        if (/begun$/m.test(line) && !line.includes('RUN')) abort.abort()
      })
      const image = `${fixtures.prefix}:${process.pid}-aborted`
      images.push(image)
      const building = driver.build(
        { source: await source(fixtures.slow), image, labels: {}, output: said.output, noCache: true, signal: abort.signal },
        engine,
      )
      await assert.rejects(building, { code: 'build-aborted' })
      await assert.rejects(engine.getImage(image).inspect(), { statusCode: 404 })
    })
  })
}

/** An output that remembers its lines. */
export function recorder(listen: (line: string) => void = () => {}): { output: Output; lines: () => string[] } {
  const lines: string[] = []
  const take = (line: string) => {
    lines.push(line)
    listen(line)
  }
  return { output: output(take, take), lines: () => lines }
}

/** Writes a tree into a new temporary directory. */
export async function writeTree(files: Files): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'builder-tree-'))
  for (const [path, file] of Object.entries(files)) {
    const at = join(dir, path)
    await mkdir(dirname(at), { recursive: true })
    if (typeof file === 'string') await writeFile(at, file)
    else if ('link' in file) await symlink(file.link, at)
    else {
      await writeFile(at, file.text)
      await chmod(at, file.mode)
    }
  }
  return dir
}

/** Copies a directory of an image into a new temporary directory, without running anything of it. */
export async function extract(engine: Docker, image: string, path: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'builder-image-'))
  const container = await engine.createContainer({ Image: image, Cmd: ['none'] })
  try {
    const chunks: Buffer[] = []
    for await (const chunk of await container.getArchive({ path: `${path}/.` })) chunks.push(Buffer.from(chunk))
    await run(['tar', '--extract', '--file=-', '--preserve-permissions', '-C', dir], { input: Buffer.concat(chunks) })
  } finally {
    await container.remove({ force: true })
  }
  return dir
}
