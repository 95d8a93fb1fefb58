import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ArchiveLimits, atMost, badArchive } from '#lib/archive.ts'
import { messageOf, UserError } from '#lib/errors.ts'
import { signalGroup, start } from '#lib/exec.ts'
import { git, gitArgv, gitEnvironment } from '#lib/git.ts'
import { gzipMagic, peek } from '#lib/peek.ts'
import type { App } from './app.ts'
import { type ArchiveEntry, tarEntries, zipEntries } from './archive-entries.ts'
import { borrow, gitsReason, takeCommit, taken, withScratch } from './git-scratch.ts'
import { repositoryHead } from './source.ts'

export const archiveTypes = ['tar', 'tar.gz', 'zip'] as const
export type ArchiveType = (typeof archiveTypes)[number]

export interface ArchiveCommit {
  readonly type: ArchiveType | undefined
  readonly limits: ArchiveLimits
  readonly message: string
  readonly author: { readonly name: string; readonly email: string }
}

/**
 * Makes a commit of what an archive holds, on top of what the app has; gives the commit, which no branch has yet. Nothing is
 * unpacked: entries become git's objects as they come, so that no name or link in them ever means a file of ours. Of an
 * archive with one folder it is what that folder holds. UserError `bad-archive`.
 */
export async function commitArchive(app: App, archive: Readable, { type, limits, message, author }: ArchiveCommit): Promise<string> {
  const format = await app.instance.repositories.formatOf(String(app.id))
  return await withScratch(app.instance, format, async (repository) => {
    await borrow(repository, app)
    try {
      await importEntries(repository, await entriesOf(archive, type, join(repository, 'archive'), limits))
    } catch (error) {
      throw error instanceof UserError ? error : badArchive(messageOf(error).slice(0, 200), error)
    }
    const run = async (...words: string[]) => (await git(['--git-dir', repository, ...words])).stdout.trim()
    const who = ['-c', `user.name=${author.name}`, '-c', `user.email=${author.email}`]
    const parent = (await repositoryHead(app))?.commit
    const parents = parent === undefined ? [] : ['-p', parent]
    const commit = await run(...who, 'commit-tree', await treeOf(run), ...parents, '-m', message)
    await run('update-ref', taken, commit)
    return await takeCommit(repository, app)
  })
}

/** The entries of an archive of any type; without one, its first bytes tell. */
async function entriesOf(archive: Readable, type: ArchiveType | undefined, file: string, limits: ArchiveLimits) {
  const { magic, whole } = await peek(archive)
  const is = type ?? (magic === gzipMagic ? 'tar.gz' : magic === 'PK' ? 'zip' : 'tar')
  if (is !== 'zip') return tarEntries(whole, is === 'tar.gz', limits)
  await pipeline(whole, atMost(limits.bytes), createWriteStream(file, { mode: 0o600 }))
  return zipEntries(file, limits)
}

/** Feeds git fast-import with entries, as fast as it takes them. */
async function importEntries(repository: string, entries: AsyncIterable<ArchiveEntry>): Promise<void> {
  // Large files go through as they come, instead of being held whole.
  const words = ['--git-dir', repository, '-c', 'core.bigFileThreshold=8m', 'fast-import', '--quiet', '--done', '--date-format=now']
  const program = start(gitArgv(words), { env: gitEnvironment() })
  let said = ''
  program.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, 8192)
  })
  program.stdout.resume()
  const fed = await pipeline(Readable.from(commands(entries)), program.stdin).catch((error: unknown) => error)
  // What git itself refused broke the pipe.
  if (fed !== undefined && said === '') signalGroup(program, 'SIGKILL')
  const { exitCode } = await program
  if (fed instanceof UserError) throw fed
  if (exitCode !== 0 && said !== '') throw badArchive(gitsReason(new Error(said)))
  if (fed !== undefined) throw fed
}

const modes = { file: '100644', program: '100755', symlink: '120000' } as const

/** The language of git fast-import: one commit that has every entry. */
async function* commands(entries: AsyncIterable<ArchiveEntry>): AsyncGenerator<string | Uint8Array> {
  yield `commit ${taken}\ncommitter dokku <dokku@localhost> now\ndata 0\n`
  for await (const entry of entries) {
    if (entry.kind === 'copy') yield `C ${quoted(entry.of)} ${quoted(entry.path)}\n`
    else {
      yield `M ${modes[entry.kind]} inline ${quoted(entry.path)}\ndata ${entry.size}\n`
      yield* entry.content
      yield '\n'
    }
  }
  yield 'done\n'
}

function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`
}

/** The tree that was imported, or the only folder in it. */
async function treeOf(run: (...words: string[]) => Promise<string>): Promise<string> {
  const entries = (await run('ls-tree', '-z', taken)).split('\0').filter((line) => line !== '')
  if (entries.length === 0) throw badArchive('it holds no file')
  const [, only] = entries.length === 1 ? (/^\d+ tree ([0-9a-f]+)\t/.exec(entries[0] ?? '') ?? []) : []
  return only ?? (await run('rev-parse', `${taken}^{tree}`))
}
