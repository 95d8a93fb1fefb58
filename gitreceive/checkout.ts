import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { UserError } from '#lib/errors.ts'
import { ExecError, type Started, signalGroup, start } from '#lib/exec.ts'
import { git, gitArgv, gitEnvironment } from '#lib/git.ts'

export interface CheckoutLimits {
  /** Bytes of all files together, and of the archive on its way. Default: 4 GiB. */
  maxBytes?: number
  /** Files, links and directories. Default: 200,000. */
  maxEntries?: number
}

export interface Checkout {
  entries: number
  bytes: number
  /** Paths of submodules: a push does not carry their content, so they are empty directories. */
  submodules: string[]
}

const defaults = { maxBytes: 4 * 1024 ** 3, maxEntries: 200_000 }

/**
 * Writes the files of a commit into a directory that exists and is empty. `env` is a hook's environment, for objects
 * that are still in quarantine. Links are written as links and never followed. Throws UserError `empty-tree`,
 * `not-a-commit` or `tree-too-large`.
 */
export async function checkout(
  path: string,
  commit: string,
  dir: string,
  env: Record<string, string> = {},
  limits: CheckoutLimits = {},
): Promise<Checkout> {
  await checkCommit(path, commit, env)
  const found = await listTree(path, commit, env, limits)
  if (found.entries === 0)
    throw new UserError('empty-tree', 'The pushed commit has no files', { hint: 'commit a Dockerfile and the app, then push again' })
  await extract(path, commit, dir, env, limits.maxBytes ?? defaults.maxBytes, found.entries)
  return found
}

/** Paths of the submodules in a commit's tree. */
export async function submodules(path: string, commit: string, env: Record<string, string> = {}): Promise<string[]> {
  return (await listTree(path, commit, env, {})).submodules
}

/** A branch can only hold a commit; git itself would notice after the hook, which is after the deploy. */
async function checkCommit(path: string, commit: string, env: Record<string, string>): Promise<void> {
  if (!/^[0-9a-f]{40,64}$/.test(commit)) throw new Error(`not an object id: ${JSON.stringify(commit)}`)
  const { stdout } = await git(['--git-dir', path, 'cat-file', '-t', commit], { env })
  const type = stdout.trim()
  if (type === 'commit') return
  throw new UserError('not-a-commit', `A ${type} was pushed to a branch, which needs a commit`, {
    hint: type === 'tag' ? 'git push dokku TAG^{}:main' : 'git push dokku main',
  })
}

/** Counts the tree before anything is written: a few small objects can describe billions of files. */
async function listTree(path: string, commit: string, env: Record<string, string>, limits: CheckoutLimits): Promise<Checkout> {
  const { maxBytes, maxEntries } = { ...defaults, ...limits }
  const found: Checkout = { entries: 0, bytes: 0, submodules: [] }
  const lister = start(gitArgv(['--git-dir', path, 'ls-tree', '-r', '-t', '-l', '-z', '--full-tree', commit]), { env: gitEnvironment(env) })
  lister.stdin.end()
  const words = collect(lister)
  try {
    for await (const record of records(lister.stdout)) {
      const [, mode, size, name] = /^(\d+) \w+ [0-9a-f]+ +(-|\d+)\t(.*)$/s.exec(record) ?? []
      if (mode === undefined || name === undefined) throw new Error(`git ls-tree said ${JSON.stringify(record)}`)
      found.entries++
      found.bytes += Number(size) || 0
      if (mode === '160000') found.submodules.push(name)
      if (found.entries > maxEntries) throw tooLarge(`more than ${maxEntries} files`)
      if (found.bytes > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`)
    }
  } catch (error) {
    signalGroup(lister, 'SIGKILL')
    await lister
    throw error
  }
  const { exitCode } = await lister
  if (exitCode !== 0) throw new ExecError(['git', 'ls-tree'], exitCode, words())
  return found
}

async function extract(
  path: string,
  commit: string,
  dir: string,
  env: Record<string, string>,
  maxBytes: number,
  entries: number,
): Promise<void> {
  const archiver = start(gitArgv(['--git-dir', path, 'archive', '--format=tar', commit]), { env: gitEnvironment(env) })
  // Without --ignore-zeros tar leaves at the archive's end mark, while the padding after it is still on its way.
  const extractor = start(['tar', '-x', '--ignore-zeros', '--no-same-owner', '--no-same-permissions', '-f', '-', '-C', dir], {
    env: { PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
  })
  archiver.stdin.end()
  extractor.stdout.resume()
  const words = [collect(archiver), collect(extractor)] as const
  // Attributes in the tree may expand files on their way out; a header and its padding per entry come on top.
  let left = maxBytes + entries * 4096 + 1024 ** 2
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      left -= chunk.length
      done(left < 0 ? tooLarge(`more than ${maxBytes} bytes`) : null, chunk)
    },
  })
  const piped = await pipeline(archiver.stdout, counter, extractor.stdin).catch((error: unknown) => {
    for (const program of [archiver, extractor]) signalGroup(program, 'SIGKILL')
    return error
  })
  const [archived, extracted] = await Promise.all([archiver, extractor])
  if (piped instanceof UserError) throw piped
  if (archived.exitCode !== 0 && words[0]() !== '') throw new ExecError(['git', 'archive'], archived.exitCode, words[0]())
  if (extracted.exitCode !== 0) throw new ExecError(['tar', '-x'], extracted.exitCode, words[1]())
  if (archived.exitCode !== 0) throw new ExecError(['git', 'archive'], archived.exitCode, '')
  if (piped !== undefined) throw piped
}

/** The last words of a program, at most 8 KiB. */
function collect(program: Started): () => string {
  let text = ''
  program.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-8192)
  })
  return () => text
}

async function* records(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0)
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(0); end !== -1; end = rest.indexOf(0)) {
      yield rest.toString('utf8', 0, end)
      rest = rest.subarray(end + 1)
    }
  }
  if (rest.length > 0) throw new Error('git ls-tree ended inside a record')
}

function tooLarge(what: string): UserError {
  return new UserError('tree-too-large', `The pushed commit holds ${what}`, {
    hint: 'leave out what the build makes itself, such as node_modules, with .gitignore',
  })
}
