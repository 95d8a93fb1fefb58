import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { type ExecResult, run } from '#lib/exec.ts'
import { root } from '../../scripts/sources.ts'

/** The program, as it lies on the PATH. */
export const program = join(root, 'plugn/plugn.js')

/** Node by its own name, and plugn and pluginhook by theirs. */
export async function commandsPath(folder: string): Promise<string> {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  for (const [name, text] of [
    ['plugn', `exec '${process.execPath}' '${program}' "$@"`],
    ['pluginhook', `exec '${process.execPath}' '${program}' pluginhook "$@"`],
  ] as const)
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return `${bin}:${dirname(process.execPath)}:${process.env.PATH}`
}

/** A host of plugins in a folder of its own. */
export async function host() {
  const folder = await mkdtemp(join(tmpdir(), 'plugn-host-'))
  after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'plugins')
  const env = { PATH: await commandsPath(folder), HOME: folder, PLUGIN_PATH: path, GIT_CONFIG_NOSYSTEM: '1' }
  return {
    folder,
    path,
    env,

    /** Runs a Bash script as one written for plugn would be run; any exit status is an answer. */
    bash: (script: string, { input = '', cwd = folder, ...more }: { input?: string; cwd?: string } & Record<string, string> = {}) =>
      run(['bash', '-c', script], { cwd, env: { ...env, ...more }, input, allow: 'any' }),

    /** Puts a plugin there, with these files; those without an extension are executable. */
    async plugin(name: string, files: Record<string, string>, options: { enabled?: boolean } = {}): Promise<string> {
      const dir = join(path, 'available', name)
      for (const [file, text] of Object.entries(files)) {
        await mkdir(dirname(join(dir, file)), { recursive: true })
        await writeFile(join(dir, file), text)
        await chmod(join(dir, file), /\.\w+$/.test(file) ? 0o644 : 0o755)
      }
      if (options.enabled !== false) await run([process.execPath, program, 'enable', name], { env })
      return dir
    },
  }
}

/** What a test compares: the exit status and the output. */
export function outcome({ exitCode, stdout }: ExecResult): [number, string] {
  return [exitCode, stdout]
}

/** A hook in Bash. */
export function hook(body: string): string {
  return `#!/usr/bin/env bash\n${body}\n`
}
