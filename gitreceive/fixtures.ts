import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { git } from '#lib/git.ts'
import { type Repositories, type RepositoryOptions, repositories } from './repository.ts'

/** A scratch directory that goes when the test ends. */
export async function scratch(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gitreceive-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** Repositories under a scratch root, whose pre-receive hook is this shell script. */
export async function receiver(t: TestContext, hook = 'exit 0', options: Partial<RepositoryOptions> = {}): Promise<Repositories> {
  const dir = await scratch(t)
  const hooksPath = join(dir, 'hooks')
  await mkdir(hooksPath)
  await writeFile(join(hooksPath, 'pre-receive'), `#!/bin/sh\n${hook}\n`)
  await chmod(join(hooksPath, 'pre-receive'), 0o755)
  return repositories(join(dir, 'root'), { hooksPath, ...options })
}

/** Git with an identity, in a work tree. */
export async function gitIn(dir: string, ...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com', '-c', 'protocol.file.allow=always']
  return (await git([...identity, '-C', dir, ...args])).stdout.trim()
}

/** The same, and gives all that git says, whether it worked or not. */
export async function gitReports(dir: string, ...args: string[]): Promise<string> {
  return await git(['-C', dir, ...args], { allow: [1, 128] }).then(({ stdout, stderr }) => stdout + stderr)
}

/** A work tree with one commit on main of these files; a link is written as `-> target`. Returns its path. */
export async function workTree(t: TestContext, files: Record<string, string>): Promise<string> {
  const dir = await scratch(t)
  await gitIn(dir, 'init', '--quiet', '--initial-branch=main')
  await commit(dir, files)
  return dir
}

/** Adds files and commits; returns the commit. */
export async function commit(dir: string, files: Record<string, string>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(dir, name)
    await mkdir(dirname(path), { recursive: true })
    if (content.startsWith('-> ')) await symlink(content.slice(3), path)
    else await writeFile(path, content)
  }
  await gitIn(dir, 'add', '--all', '--force')
  await gitIn(dir, 'commit', '--quiet', '--allow-empty', '--message', 'change')
  return await gitIn(dir, 'rev-parse', 'HEAD')
}
