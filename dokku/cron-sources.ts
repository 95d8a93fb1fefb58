import { createHash } from 'node:crypto'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode, UserError } from '#lib/errors.ts'
import { lineStream } from '#lib/line-stream.ts'
import { type Around, byBytes, type Confinement, type Manifest } from '#plugn'
import { type CronEntry, parseCronEntries, parseCronFile } from './crontab.ts'
import type { Hooks, InputOf } from './hooks.ts'

/** Something that is to run by itself. */
export interface CronJob extends CronEntry {
  /** The same for the same line of the same origin. */
  readonly id: string
  /** The plugin or file that it is from. */
  readonly origin: string
  /** What the plugin may, where it says what it needs. */
  readonly confined?: Confinement
}

/** The plugins in use, as far as they are asked. */
export interface AskedPlugins {
  readonly current: { readonly all: readonly { readonly name: string; readonly manifest: Manifest }[] }
  readonly confine: (name: string, manifest: Manifest) => Promise<Confinement | undefined>
  readonly warn: (text: string) => void
  answersOf(plugin: string, hook: 'cron-entries', input: InputOf<Hooks['cron-entries']>, own: Partial<Around>): Promise<readonly string[]>
}

/** What one plugin or file wants to run; `failed` where it could not be asked. */
export interface CronSource {
  readonly origin: string
  readonly jobs: readonly CronJob[]
  readonly problems: readonly string[]
  readonly failed: boolean
}

/** Longer files are not read. */
const longest = 1024 * 1024

/** Asks the plugins in use, and reads the files of a folder such as /etc/cron.d. */
export async function cronSources(plugins: AskedPlugins, folder: string): Promise<CronSource[]> {
  const read = (await names(folder)).map(async (name) => {
    const path = join(folder, name)
    const { mode, uid, size } = await lstat(path)
    // As cron: what somebody else could have written is not run as root.
    if ((mode & 0o170022) !== 0o100000 || uid !== 0 || size > longest)
      return failed(path, 'it is not a file of root that only root may write')
    return source(path, parseCronFile(await readFile(path, 'utf8')))
  })
  return await Promise.all([...plugins.current.all.map((one) => asked(plugins, one)), ...read])
}

async function asked(plugins: AskedPlugins, { name, manifest }: AskedPlugins['current']['all'][number]): Promise<CronSource> {
  const origin = `the plugin ${name}`
  const stderr = lineStream((line) => plugins.warn(`${name}: ${line}`))
  try {
    const answers = await plugins.answersOf(name, 'cron-entries', { scheduler: 'docker-local' }, { stderr })
    const confined = await plugins.confine(name, manifest)
    return source(origin, parseCronEntries(answers.join('\n')), confined && { confined })
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return failed(origin, `it failed at cron-entries (exit status ${error.exitCode})`)
  } finally {
    stderr.end()
  }
}

function source(
  origin: string,
  { entries, problems }: ReturnType<typeof parseCronFile>,
  more: Pick<CronJob, 'confined'> | undefined = {},
): CronSource {
  const id = (entry: CronEntry) =>
    createHash('sha256')
      .update(JSON.stringify([origin, entry]))
      .digest('hex')
      .slice(0, 10)
  return { origin, jobs: entries.map((entry) => ({ ...entry, ...more, origin, id: id(entry) })), problems, failed: false }
}

function failed(origin: string, problem: string): CronSource {
  return { origin, jobs: [], problems: [problem], failed: true }
}

/** As cron: a name with a dot is a copy that an editor or a package left. */
async function names(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => /^[A-Za-z0-9_-]+$/.test(name)).sort(byBytes)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}
