import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { docker } from '#lib/docker.ts'
import { type ExecResult, run } from '#lib/exec.ts'
import { launch } from '#lib/launch.ts'
import { type Files, writeTree } from '../conformance.ts'

const main = new URL('../main.ts', import.meta.url).pathname

/** A program whose words are remembered. */
function running(words: string[], env: Record<string, string> = {}) {
  const own = { PATH: process.env.PATH ?? '/usr/bin:/bin', ...env }
  const started = launch([process.execPath, main, ...words], { cwd: '/', env: own, stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  const heard = new Set<() => void>()
  for (const stream of [started.stdout, started.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
      for (const hear of heard) hear()
    })
  return {
    ...started,
    said: () => said,

    /** Until it has said this; fails where it ends without. */
    async says(words: RegExp): Promise<void> {
      const ended = started.exited.then(() => assert.match(said, words))
      while (!words.test(said)) await Promise.race([new Promise<void>((resolve) => heard.add(resolve)), ended])
    },
  }
}

/** A daemon of the builder, with a state of its own. */
export async function daemon(...flags: string[]) {
  const dir = await mkdtemp(join(tmpdir(), 'builder-daemon-'))
  const prefix = `test-builder-daemon-${process.pid}-${Math.random().toString(36).slice(2, 8)}`
  const socket = join(dir, 'run/builder.sock')
  const state = join(dir, 'state')
  const trees: string[] = []
  const start = async () => {
    const serving = running(['serve', '--socket', socket, '--state', state, '--prefix', prefix, ...flags])
    await serving.says(/serving at/)
    return serving
  }
  let serving = await start()
  return {
    prefix,
    state,
    socket,

    cli: (...words: string[]): Promise<ExecResult> => run([process.execPath, main, ...words, '--socket', socket], { allow: 'any' }),

    /** Hands a tree over as gitreceive does for a push. */
    async receive(name: string, files: Files | Readable, revision = '1234567890abcdef') {
      const receiving = running(['receive', name, revision, 'alice', 'SHA256:x', '--socket', socket])
      const { stdin } = receiving
      assert.ok(stdin)
      stdin.on('error', () => {}) // It need not read all.
      if (files instanceof Readable) files.pipe(stdin)
      else {
        const tree = await writeTree(files)
        trees.push(tree)
        const tar = launch(['tar', '-c', '-C', tree, '.'], { cwd: '/', env: {}, stdio: ['ignore', 'pipe', 'inherit'] })
        tar.stdout?.pipe(stdin)
      }
      return receiving
    },

    kill: async (signal: NodeJS.Signals): Promise<{ status: number; said: string }> => {
      serving.kill(signal)
      return { status: await serving.exited, said: serving.said() }
    },

    async restart(): Promise<void> {
      serving = await start()
    },

    async stop(): Promise<void> {
      serving.kill('SIGKILL')
      await serving.exited
      const engine = await docker()
      for (const { RepoTags: tags } of await engine.listImages({ filters: { reference: [`${prefix}/*`] } }))
        for (const tag of tags ?? []) await engine.getImage(tag).remove({ force: true })
      for (const path of [dir, ...trees]) await rm(path, { recursive: true, force: true })
    },
  }
}
