import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { type Docker, docker } from '#lib/docker.ts'
import { readIfThere } from '#lib/files.ts'
import { type Files, recorder, writeTree } from '../conformance.ts'
import type { BuildRequest } from '../driver.ts'
import { runtime } from '../drivers/runtime.ts'

/** Where the sample apps are. */
const apps = join(import.meta.dirname, '../../tests/apps')

/** A container of an image that a test has built. */
export interface Running {
  /** Asks its web process, over and over until it answers. */
  get(path?: string): Promise<{ status: number; text: string }>
  /** Runs a command in it. */
  run(...argv: string[]): Promise<string>
  logs(): Promise<string>
  /** Milliseconds it took to end when it was asked to. */
  stop(): Promise<number>
}

/** Builds and runs apps, and removes what came of it. */
export type Workshop = Awaited<ReturnType<typeof workshop>>

async function workshop(name: string) {
  const engine = await docker()
  const images: string[] = []
  const containers: Docker.Container[] = []
  const dirs: string[] = []
  // Where programs fetch over TLS that a proxy has signed anew.
  const ca = process.env.DOKKU_CA_FILE === undefined ? undefined : await readIfThere(process.env.DOKKU_CA_FILE)
  const cacheKey = `test-runtime-${name}`

  return {
    engine,

    /** A tree of its own with these files, or those of a sample app. */
    async tree(files: Files | string): Promise<string> {
      const dir = typeof files === 'string' ? await mkdtemp(join(tmpdir(), 'builder-app-')) : await writeTree(files)
      dirs.push(dir)
      if (typeof files === 'string') await cp(join(apps, files), dir, { recursive: true })
      return dir
    },

    async build(
      dir: string,
      more: Partial<BuildRequest> = {},
      listen?: (line: string) => void,
    ): Promise<{ image: string; lines: string[] }> {
      const image = `test-builder-runtime:${name}-${process.pid}-${images.length}`
      images.push(image)
      const said = recorder(listen)
      const source = { dir: dir.startsWith('/') ? dir : join(apps, dir) }
      await runtime.build({ source, image, labels: {}, output: said.output, cacheKey, ...(ca !== undefined && { ca }), ...more }, engine)
      return { image, lines: said.lines() }
    },

    /** The image's own command, or another, which a shell gets. */
    async start(image: string, line?: string): Promise<Running> {
      const container = await engine.createContainer({
        Image: image,
        ...(line !== undefined && { Cmd: ['/bin/sh', '-c', line] }),
        Env: ['PORT=5050'],
        HostConfig: { Init: true, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] },
      })
      containers.push(container)
      await container.start()
      const logs = async () => String(await container.logs({ stdout: true, stderr: true }))
      return {
        logs,
        async get(path = '/') {
          const { NetworkSettings } = await container.inspect()
          for (let wait = 0; wait < 400; wait++) {
            const { State } = await container.inspect()
            if (!State.Running) throw new Error(`it ended with ${State.ExitCode}: ${await logs()}`)
            try {
              const answer = await fetch(`http://${NetworkSettings.Networks.bridge?.IPAddress}:5050${path}`)
              return { status: answer.status, text: await answer.text() }
            } catch {
              await setTimeout(50)
            }
          }
          throw new Error(`nothing answers: ${await logs()}`)
        },
        async run(...argv) {
          const exec = await container.exec({ Cmd: argv, AttachStdout: true, AttachStderr: true, Tty: true })
          const chunks: Buffer[] = []
          for await (const chunk of await exec.start({ Tty: true })) chunks.push(Buffer.from(chunk))
          return Buffer.concat(chunks).toString()
        },
        async stop() {
          const begun = performance.now()
          await container.stop()
          return performance.now() - begun
        },
      }
    },

    async clear(): Promise<void> {
      for (const dir of dirs) await rm(dir, { recursive: true, force: true })
      for (const container of containers) await container.remove({ force: true })
      for (const image of images)
        await engine
          .getImage(image)
          .remove({ force: true })
          .catch(() => {})
    },
  }
}

/** A sample app that a runtime builds. */
export interface Sample {
  app: string
  /** What the build says of it. */
  says: RegExp
  /** What it answers at `/`. */
  text: string
  /** A change of one file, which its answer shows. */
  change: { file: string; from: string; to: string }
  /** What a build must not say when that is all that is new: that it fetches or installs again. */
  again: RegExp
}

/** The tests that every sample app passes; a runtime has tests of its own in `more`. */
export function testRuntime(name: string, samples: readonly Sample[], more: (shop: () => Workshop) => void = () => {}): void {
  describe(`runtime ${name}`, () => {
    let shop: Workshop
    before(async () => {
      shop = await workshop(name)
    })
    after(async () => await shop.clear())

    for (const { app, says, text, change, again } of samples)
      test(`builds ${app} into an image that answers, has no compilers, runs as nobody in particular and ends when asked; nothing is fetched twice`, async () => {
        const dir = await shop.tree(app)
        const { image, lines } = await shop.build(dir)
        assert.match(lines.join(''), says)
        const running = await shop.start(image)
        assert.deepEqual(await running.get(), { status: 200, text })
        const tools = 'gcc cc go rustc cargo javac mvn composer bundle-audit uv poetry pip make'
        assert.match(await running.run('sh', '-c', `id -u; touch /app/written; command -v ${tools} || echo none`), /^[1-9]\d*\s+none\s*$/)
        assert.ok((await running.stop()) < 3000)

        const path = join(dir, change.file)
        await writeFile(path, (await readFile(path, 'utf8')).replace(change.from, change.to))
        const next = await shop.build(dir)
        assert.doesNotMatch(next.lines.join(''), again)
        assert.deepEqual((await (await shop.start(next.image)).get()).text, text.replace(change.from, change.to))
      })

    more(() => shop)
  })
}
