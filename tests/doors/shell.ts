import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { signalGroup, start } from '#lib/exec.ts'
import { root } from '../../scripts/sources.ts'

/** The examples of a component's README, in order. */
export async function examples(component: string): Promise<string[]> {
  const text = await readFile(join(root, component, 'README.md'), 'utf8')
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
}

/** A shell as somebody has it who has installed the programs, and takes every host key. */
export async function shell(t: TestContext) {
  const bin = await mkdtemp(join(tmpdir(), 'doors-'))
  const programs = {
    builder: `exec ${process.execPath} ${root}/builder/main.ts "$@"`,
    execd: `exec ${process.execPath} ${root}/execd/main.ts "$@"`,
    gitreceive: `exec ${process.execPath} ${root}/gitreceive/main.ts "$@"`,
    ssh: 'exec /usr/bin/ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes "$@"',
  }
  for (const [name, line] of Object.entries(programs)) await writeFile(join(bin, name), `#!/bin/sh\n${line}\n`, { mode: 0o755 })
  const identity = {
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  }
  const started = start(['bash', '-e'], { env: { PATH: `${bin}:${process.env.PATH}`, HOME: bin, ...identity } })
  let said = ''
  for (const stream of [started.stdout, started.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  const until = async (words: RegExp) => {
    while (!words.test(said)) {
      const ended = await Promise.race([started.then(() => true), new Promise((next) => setImmediate(next))])
      if (ended) assert.fail(said)
    }
  }
  t.after(async () => {
    signalGroup(started, 'SIGKILL')
    await started
    await rm(bin, { recursive: true, force: true })
  })
  return {
    said: () => said,
    /** Types an example, and waits until it is done; a server that it starts in the background listens then. */
    async type(block: string) {
      said = ''
      // What is typed next is no input of an example.
      await writeFile(join(bin, 'example'), block)
      started.stdin.write(`. ${bin}/example </dev/null\necho "example done"\n`)
      await until(/^example done$/m)
      if (/&\n$/.test(block)) await until(/listening/)
    },
  }
}

/** Did an example print what stands beside it? */
export function assertPromised(block: string, said: string): void {
  for (const [, promised = ''] of block.matchAll(/ {4}# (.*)$/gm))
    assert.ok(
      said.split('\n').some((line) => line.trim() === promised),
      `${promised} was not printed:\n${said}`,
    )
}
