import { access, constants, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type * as z from 'zod'
import { UserError } from '#lib/errors.ts'
import { readIfThere } from '#lib/files.ts'
import { didYouMean } from '#lib/nearest.ts'
import { plain } from '#lib/output.ts'
import { type Manifest, manifestSchema } from './manifest.ts'
import { byBytes } from './names.ts'
import { bareManifest } from './read-manifest.ts'
import { parseToml } from './toml.ts'

/** Something that is wrong with a plugin, or looks so. */
export interface Finding {
  readonly level: 'error' | 'warning'
  /** A file of the plugin, with line and column where they are known. */
  readonly where: string
  readonly message: string
}

export interface ValidateOptions {
  /** What it is to be called, where that is known. */
  readonly name?: string
  /** Names of hooks that its host calls. */
  readonly hooks?: Iterable<string>
}

/** Looks through a plugin's folder; runs nothing. */
export async function validatePlugin(dir: string, { name, hooks = [] }: ValidateOptions = {}): Promise<Finding[]> {
  const { manifest, findings } = await checkToml(dir)
  if (name !== undefined && manifest.name !== undefined && manifest.name !== name)
    findings.push(warning('plugin.toml', `it calls itself ${manifest.name}, and is to be ${name}`))
  const { daemon, external, needs } = manifest
  const elsewhere = [
    ...(daemon?.hooks ?? []),
    ...(external?.hooks ?? []),
    ...((await isThere(join(dir, 'hooks.ts'))) ? Object.keys(manifest.hooks) : []),
  ]
  const declared = [...Object.keys(manifest.hooks), ...(needs?.hooks ?? [])].filter((hook) => !elsewhere.includes(hook))
  for (const hook of declared)
    if (!(await isThere(join(dir, hook)))) findings.push(warning(hook, 'plugin.toml speaks of this hook, but nothing handles it'))
  const known = new Set([...hooks, ...declared])
  const all = [...findings, ...(await checkPrograms(dir, known))]
  // Names of files and keys are the plugin's, and would reach a terminal.
  return all.map(({ level, where, message }) => ({ level, where: plain(where), message: plain(message) }))
}

async function checkToml(dir: string): Promise<{ manifest: Manifest; findings: Finding[] }> {
  const content = await readIfThere(join(dir, 'plugin.toml'))
  if (content === undefined)
    return { manifest: bareManifest, findings: [warning('plugin.toml', 'there is none: nobody sees what this is')] }
  let tables: Record<string, unknown>
  try {
    tables = parseToml(content, 'plugin.toml')
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const [, where = 'plugin.toml', message = error.message] = /^(plugin\.toml:\d+:\d+): (.*)$/s.exec(error.message) ?? []
    return { manifest: bareManifest, findings: [{ level: 'error', where, message }] }
  }
  const parsed = manifestSchema.safeParse(tables.plugin ?? {})
  const unknown = [
    ...unknownKeys(tables, ['plugin'], ''),
    ...(typeof tables.plugin === 'object' ? unknownKeys(tables.plugin ?? {}, Object.keys(manifestSchema.shape), 'plugin.') : []),
  ]
  const issues = parsed.success ? [] : parsed.error.issues.map(issueOf)
  return { manifest: parsed.data ?? bareManifest, findings: [...unknown, ...issues] }
}

/** Other tools may read keys that we do not know. */
function unknownKeys(table: object, known: readonly string[], prefix: string): Finding[] {
  return Object.keys(table)
    .filter((key) => !known.includes(key))
    .map((key) => warning('plugin.toml', [`${prefix}${key} is not known`, didYouMean(key, known)].filter(Boolean).join(': ')))
}

function issueOf({ path, message }: z.core.$ZodIssue): Finding {
  return { level: 'error', where: 'plugin.toml', message: `${['plugin', ...path].join('.')}: ${message}` }
}

/** Hooks lie at the top and, as commands do in Dokku's plugins, in two folders. */
async function checkPrograms(dir: string, known: ReadonlySet<string>): Promise<Finding[]> {
  const places = ['', 'commands', 'subcommands'].map(async (folder) => {
    const entries = await readdir(join(dir, folder), { withFileTypes: true }).catch(() => [])
    return entries
      .filter((entry) => folder !== '' || !['commands', 'subcommands'].includes(entry.name) || !entry.isDirectory())
      .map((entry) => (folder === '' ? entry.name : `${folder}/${entry.name}`))
  })
  const findings = (await Promise.all(places))
    .flat()
    .sort(byBytes)
    .map((path) => checkProgram(dir, path, known.has(path)))
  return (await Promise.all(findings)).flat()
}

async function checkProgram(dir: string, path: string, isHook: boolean): Promise<Finding[]> {
  const full = join(dir, path)
  const found = await stat(full).catch(() => undefined)
  if (found === undefined) return [{ level: 'error', where: path, message: 'this link leads nowhere' }]
  if (!found.isFile()) return isHook ? [{ level: 'error', where: path, message: 'a hook must be a file' }] : []
  const start = await firstBytes(full)
  const script = start.startsWith('#!')
  if ((found.mode & 0o111) === 0) {
    if (isHook) return [{ level: 'error', where: path, message: 'this hook is not executable: chmod +x' }]
    return script && !path.includes('.') ? [warning(path, 'it begins like a program, but is not executable: chmod +x')] : []
  }
  if (!script) return isBinary(start) ? [] : [warning(path, 'its first line names no interpreter (#!): /bin/sh will run it')]
  const [, interpreter = ''] = /^#!\s*(\S+)/.exec(start) ?? []
  if (/^#![^\n]*\r\n/.test(start))
    return [{ level: 'error', where: path, message: 'its lines end as on Windows, so that its interpreter is not found' }]
  if (!interpreter.startsWith('/'))
    return [{ level: 'error', where: path, message: 'its interpreter must be an absolute path, such as /bin/sh' }]
  return (await isExecutable(interpreter)) ? [] : [warning(path, `its interpreter ${interpreter} is not on this machine`)]
}

async function firstBytes(path: string): Promise<string> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** ELF, Mach-O and the like hold zero bytes at once; text never does. */
function isBinary(start: string): boolean {
  return start.includes('\0')
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

function warning(where: string, message: string): Finding {
  return { level: 'warning', where, message }
}
