import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Docker, docker } from '#lib/docker.ts'
import { readIfThere } from '#lib/files.ts'
import { recorder } from './conformance.ts'
import type { BuildRequest } from './driver.ts'
import { runtime } from './drivers/runtime.ts'

/** Where the sample apps are. */
export const apps = join(import.meta.dirname, '../tests/apps')

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

/** Builds and runs sample apps, and removes what came of it. */
export async function workshop(name: string) {
  const engine = await docker()
  const images: string[] = []
  const containers: Docker.Container[] = []
  // Where programs fetch over TLS that a proxy has signed anew.
  const ca = process.env.DOKKU_CA_FILE === undefined ? undefined : await readIfThere(process.env.DOKKU_CA_FILE)
  const cacheKey = `test-runtime-${name}`

  return {
    engine,
    async build(dir: string, more: Partial<BuildRequest> = {}): Promise<{ image: string; lines: string[] }> {
      const image = `test-builder-runtime:${name}-${process.pid}-${images.length}`
      images.push(image)
      const said = recorder()
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
      for (const container of containers) await container.remove({ force: true })
      for (const image of images)
        await engine
          .getImage(image)
          .remove({ force: true })
          .catch(() => {})
    },
  }
}
