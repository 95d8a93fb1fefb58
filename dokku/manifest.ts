import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import * as z from 'zod'
import { hasCode, UserError } from '#lib/errors.ts'
import { parseAppJson } from './manifest/app-json.ts'
import { parseChecksFile } from './manifest/checks-file.ts'
import { described } from './manifest/schema.ts'
import { checkProcessName } from './names.ts'
import { type Service, servicesSchema } from './services.ts'

/** What a repository says about how its processes run: from Procfile and app.json. */
export const manifestSchema = z.object({
  /** Process type to command; null means the image's own command. */
  processes: z.record(z.string(), z.string().nullable()),
  ...described.shape,
  /** Of process types that are services with images and names of their own. */
  services: servicesSchema.optional(),
  /** Of nginx's configuration, by its name in the repository. */
  template: z.object({ name: z.string(), text: z.string() }).optional(),
})

export type Manifest = z.infer<typeof manifestSchema>
export { parseAppJson } from './manifest/app-json.ts'
export type { Healthcheck } from './manifest/schema.ts'

/** An app without files of its own: one web process, the image's command. */
export const plainManifest: Manifest = { processes: { web: null }, healthchecks: {}, formation: {} }

/** Procfile and app.json are written by hand: nobody's is longer, in bytes. */
const mostBytes = 2 ** 20

/** Where the files are in the tree, and who is told what is not as its author may think. */
export interface ManifestFiles {
  procfile?: string | undefined
  appJson?: string | undefined
  note?: (text: string) => void
}

/** Reads Procfile, app.json and the old CHECKS of an extracted tree; a broken one throws UserError naming the file and the place. */
export async function readManifest(
  dir: string,
  { procfile = 'Procfile', appJson = 'app.json', note }: ManifestFiles = {},
): Promise<Manifest> {
  const [json, processes, checks] = await Promise.all([text(dir, appJson), text(dir, procfile), text(dir, 'CHECKS')])
  return readManifestTexts({ appJson: json, procfile: processes, checks }, { procfile, appJson }, note)
}

/** The texts of the files, where there are any. */
interface ManifestTexts {
  appJson?: string | undefined
  procfile?: string | undefined
  checks?: string | undefined
}

/** The same of their texts, and what the files are called. */
export function readManifestTexts(
  { appJson, procfile, checks }: ManifestTexts,
  names: { appJson: string; procfile: string },
  note?: (text: string) => void,
): Manifest {
  const { healthchecks, ...rest } = appJson === undefined ? plainManifest : parseAppJson(appJson, names.appJson)
  const old = healthchecks.web === undefined ? checks : undefined
  if (old !== undefined) note?.('The file CHECKS is an old way: say it as healthchecks in app.json')
  if (rest.addons !== undefined && rest.addons.length > 0)
    note?.('app.json: addons are kept with the release; nothing is made of them, link services by their plugins')
  return {
    ...rest,
    processes: procfile === undefined ? plainManifest.processes : parseProcfile(procfile, names.procfile),
    healthchecks: old === undefined ? healthchecks : { ...healthchecks, web: parseChecksFile(old) },
  }
}

/** What a build found out about running the app. */
interface Found {
  processes?: Manifest['processes'] | undefined
  services?: Record<string, Service> | undefined
}

/** With the process types that a build found; those of the Procfile go before them. */
export function withProcesses(manifest: Manifest, { processes: found, services }: Found): Manifest {
  if (found === undefined) return manifest
  for (const name of Object.keys(found)) checkProcessName(name)
  const named = manifest.processes === plainManifest.processes ? {} : manifest.processes
  return { ...manifest, processes: { ...found, ...named }, ...(services && { services }) }
}

/** With the command that somebody chose for a web process that has none. */
export function withStart(manifest: Manifest, command: string | undefined): Manifest {
  if (command === undefined || manifest.processes.web !== null) return manifest
  return { ...manifest, processes: { ...manifest.processes, web: command } }
}

/** `name: command` lines; empty lines and comments are skipped. `release` is not a process that runs. */
export function parseProcfile(content: string, file = 'Procfile'): Record<string, string> {
  const processes: Record<string, string> = {}
  for (const [index, line] of content.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const [, name, command] = /^([^\s:]+)\s*:\s*(\S.*)$/.exec(line.trim()) ?? []
    if (name === undefined || command === undefined)
      throw new UserError('bad-procfile', `${file} line ${index + 1} is not "name: command"`, { hint: 'web: node server.js' })
    processes[checkProcessName(name)] = command
  }
  if (Object.keys(processes).length === 0)
    throw new UserError('bad-procfile', 'the Procfile names no process', { hint: 'web: node server.js' })
  return processes
}

/** Reads a file of the tree itself: a link could point anywhere in control. */
async function text(dir: string, name: string): Promise<string | undefined> {
  const path = join(dir, name)
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = await file.stat()
      if (!stat.isFile()) throw notAFile(path)
      if (stat.size > mostBytes) throw new UserError('file-too-large', `${basename(path)} is larger than ${mostBytes / 1024} KiB`)
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    if (hasCode(error, 'ELOOP', 'EISDIR', 'ENXIO')) throw notAFile(path)
    throw error
  }
}

function notAFile(path: string): UserError {
  return new UserError('bad-manifest', `${basename(path)} is not a plain file`)
}
