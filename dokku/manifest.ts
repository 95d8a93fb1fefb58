import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import * as z from 'zod'
import { hasCode, UserError } from '#lib/errors.ts'
import { parseJsonc } from '#lib/jsonc.ts'
import { checkProcessName } from './names.ts'
import { type Service, servicesSchema } from './services.ts'

const healthcheck = z.object({
  type: z.enum(['startup', 'readiness', 'liveness']).default('startup'),
  name: z.string().optional(),
  path: z.string().startsWith('/').optional(),
  content: z.string().optional(),
  httpHeaders: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  port: z.int().min(1).max(65535).optional(),
  listening: z.boolean().optional(),
  uptime: z.number().min(0).optional(),
  attempts: z.int().min(1).max(1000).optional(),
  timeout: z.number().min(0.1).max(3600).optional(),
  wait: z.number().min(0).max(3600).optional(),
  initialDelay: z.number().min(0).max(3600).default(0),
})

/** What a repository says about how its processes run: from Procfile and app.json. */
export const manifestSchema = z.object({
  /** Process type to command; null means the image's own command. */
  processes: z.record(z.string(), z.string().nullable()),
  healthchecks: z.record(z.string(), z.array(healthcheck)).default({}),
  formation: z.record(z.string(), z.object({ quantity: z.int().min(0).max(100).optional() })).default({}),
  /** Of process types that are services with images and names of their own. */
  services: servicesSchema.optional(),
  /** Of nginx's configuration, by its name in the repository. */
  template: z.object({ name: z.string(), text: z.string() }).optional(),
})

export type Manifest = z.infer<typeof manifestSchema>
export type Healthcheck = z.infer<typeof healthcheck>

/** An app without files of its own: one web process, the image's command. */
export const plainManifest: Manifest = { processes: { web: null }, healthchecks: {}, formation: {} }

const appJson = z.object({ healthchecks: manifestSchema.shape.healthchecks, formation: manifestSchema.shape.formation })

/** Procfile and app.json are written by hand: nobody's is longer, in bytes. */
const mostBytes = 2 ** 20

/** Reads Procfile and app.json of an extracted tree; a broken one throws UserError naming the file and the place. */
export async function readManifest(dir: string): Promise<Manifest> {
  const procfile = await text(join(dir, 'Procfile'))
  const json = await text(join(dir, 'app.json'))
  const described = json === undefined ? plainManifest : parseAppJson(json)
  return {
    processes: procfile === undefined ? plainManifest.processes : parseProcfile(procfile),
    healthchecks: described.healthchecks,
    formation: described.formation,
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

/** `name: command` lines; empty lines and comments are skipped. `release` is not a process that runs. */
export function parseProcfile(content: string): Record<string, string> {
  const processes: Record<string, string> = {}
  for (const [index, line] of content.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const [, name, command] = /^([^\s:]+)\s*:\s*(\S.*)$/.exec(line.trim()) ?? []
    if (name === undefined || command === undefined)
      throw new UserError('bad-procfile', `Procfile line ${index + 1} is not "name: command"`, { hint: 'web: node server.js' })
    processes[checkProcessName(name)] = command
  }
  if (Object.keys(processes).length === 0)
    throw new UserError('bad-procfile', 'the Procfile names no process', { hint: 'web: node server.js' })
  return processes
}

/** app.json with comments and trailing commas tolerated, as Dokku does; unknown keys are left to others. */
export function parseAppJson(content: string): Pick<Manifest, 'healthchecks' | 'formation'> {
  let value: unknown
  try {
    value = parseJsonc(content)
  } catch (cause) {
    throw new UserError('bad-app-json', `app.json is not JSON: ${(cause as Error).message}`, { cause })
  }
  const parsed = appJson.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new UserError('bad-app-json', `app.json: ${issue?.path.join('.') || 'top level'}: ${issue?.message ?? 'not understood'}`)
}

/** Reads a file of the tree itself: a link could point anywhere in control. */
async function text(path: string): Promise<string | undefined> {
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
