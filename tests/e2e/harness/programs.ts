import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ExecOptions, type ExecResult, run } from '#lib/exec.ts'

/** Runs a program to its end, whatever its exit status; within five minutes. */
export async function attempt(argv: readonly [string, ...string[]], options: ExecOptions = {}): Promise<ExecResult> {
  return await run(argv, { signal: AbortSignal.timeout(300_000), ...options, allow: 'any' })
}

/** The stdout of something that must have worked; a failure shows all it printed. */
export function ok(result: ExecResult): string {
  assert.equal(result.exitCode, 0, `exit status ${result.exitCode}\n${result.stdout}\n${result.stderr}`)
  return result.stdout
}

/** All that something printed which must have failed, with this exit status. */
export function failed(result: ExecResult, exitCode = 1): string {
  assert.equal(result.exitCode, exitCode, `exit status ${result.exitCode}\n${result.stdout}\n${result.stderr}`)
  return `${result.stdout}${result.stderr}`
}

/** A scratch directory and how to remove it. */
export async function scratch(): Promise<{ dir: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'dokku-e2e-'))
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) }
}

const given = new Set<number>()

/** A port that nothing listens on, and never the same twice; below the range that outgoing connections take theirs from. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000)
    if (given.has(port)) continue
    given.add(port)
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer()
      server.once('error', () => resolve(false))
      server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
    })
    if (free) return port
  }
}

/** Asks until the answer is right; after the time is up, the last failure is the answer. */
export async function eventually<T>(ask: () => Promise<T>, seconds = 30): Promise<T> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
