import * as z from 'zod'
import { messageOf, UserError } from '#lib/errors.ts'
import { hasVariables, interpolate, type Lookup, variablesIn } from '#lib/interpolate.ts'
import type { Advice } from '../driver.ts'
import { buildFields, deployFields, type Fields, type Finding, findings, networkFields, serviceFields, topFields } from './fields.ts'
import type { ComposeFile, Path } from './file.ts'
import { type ComposeService, serviceSchema } from './schema.ts'

/** The services of a Compose file by name, and what of the file is not as it says, in lines for people. */
export interface Checked {
  services: Record<string, ComposeService>
  warnings: string[]
}

/** They are put in when a container is made, so that config vars stand in no image. */
const late = ['environment', 'command', 'entrypoint']

/**
 * Puts variables into a Compose file, except where containers get them, and reads it. UserError `bad-compose` where it is not one, with
 * the line; `compose-unsupported`, with every line and what to use instead, where it asks for what an app cannot have.
 */
export function checkCompose(file: ComposeFile, lookup: Lookup, advice?: Advice): Checked {
  const warnings = file.override === undefined ? [] : [`${file.override} is not read: what an app needs stands in ${file.name}`]
  const onMissing = (name: string, path: Path) =>
    warnings.push([`${place(file, path)}: ${name} is not set, and empty here`, advice?.secret(name)].filter(Boolean).join(': '))
  const value = fill(file, file.value, [], lookup, onMissing)
  const parsed = z.object({ services: z.record(z.string(), z.unknown()) }, 'should have services').safeParse(value)
  if (!parsed.success) throw fault(file, [], 'the file has no services')
  const found = [...findings(value as object, [], topFields), ...networkFindings(value as object), ...serviceFindings(parsed.data.services)]
  const all = found.map((one) => ({ ...one, text: instead(one, advice) }))
  const refused = all.filter((one) => one.refused)
  if (refused.length > 0) throw unsupported(file, refused)
  warnings.push(...all.map(({ path, text }) => `${place(file, path)} is not used: ${text}`))
  const services = Object.entries(parsed.data.services).map(([name, service]) => [name, readService(file, name, service)])
  if (services.length === 0) throw fault(file, ['services'], 'the file has no services')
  return { services: Object.fromEntries(services), warnings }
}

function instead({ path, text }: Finding, advice: Advice | undefined): string {
  const field = (path[0] === 'services' ? path.slice(2) : path).join('.')
  if (advice?.instead !== undefined) return advice.instead(field, text)
  return text.startsWith('--') ? `its containers can have the option ${text}` : text
}

/** UserError `bad-compose`: what is wrong at a place of a Compose file. */
export function fault(file: ComposeFile, path: Path, message: string, hint?: string): UserError {
  return new UserError('bad-compose', `${place(file, path)}: ${message}`, hint === undefined ? {} : { hint })
}

/** UserError `compose-unsupported`. */
export function unsupported(file: ComposeFile, refused: readonly Pick<Finding, 'path' | 'text'>[]): UserError {
  const lines = refused.map(({ path, text }) => `line ${file.lineOf(path)}: ${path.join('.')}: ${text}`)
  return new UserError('compose-unsupported', `${file.name} asks for what an app cannot have:\n  ${lines.join('\n  ')}`, {
    hint: 'take these lines out, and have it as they say',
  })
}

function place(file: ComposeFile, path: Path): string {
  return [`${file.name} line ${file.lineOf(path)}`, path.join('.')].filter(Boolean).join(': ')
}

function fill(file: ComposeFile, value: unknown, path: Path, lookup: Lookup, onMissing: (name: string, path: Path) => void): unknown {
  const inside = (one: unknown, key: string | number) => fill(file, one, [...path, key], lookup, onMissing)
  try {
    if (isExtension(path)) return undefined
    if (typeof value === 'string') return hasVariables(value) ? put(value, path, lookup, onMissing) : value
  } catch (error) {
    throw fault(file, path, messageOf(error), error instanceof UserError ? error.hint : undefined)
  }
  if (Array.isArray(value)) return value.map(inside)
  if (!isMapping(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inside(one, key)]))
}

/** Fields for other programs, whatever is in them: where fields are, and not where names are given, as in `environment`. */
function isExtension(path: Path): boolean {
  const depth = ['build', 'deploy'].includes(String(path[2])) ? [1, 3, 4] : [1, 3]
  return String(path.at(-1)).startsWith('x-') && depth.includes(path.length) && (path.length === 1 || path[0] === 'services')
}

function put(text: string, path: Path, lookup: Lookup, onMissing: (name: string, path: Path) => void): string {
  if (path[0] !== 'services' || !late.includes(String(path[2]))) return interpolate(text, lookup, (name) => onMissing(name, path))
  variablesIn(text) // What is broken shall not be found out by containers.
  return text
}

/** The app's network is one, and joins no other. */
function networkFindings(value: object): Finding[] {
  const { networks } = value as { networks?: unknown }
  if (!isMapping(networks)) return []
  const external = Object.entries(networks).filter(([, one]) => isMapping(one) && one.external !== undefined && one.external !== false)
  const text = '--link CONTAINER:ALIAS'
  const refused = external.map(([name]): Finding => ({ path: ['networks', name, 'external'], refused: true, text }))
  const names = Object.keys(networks).filter((name) => name !== 'default')
  if (refused.length > 0 || names.length === 0) return refused
  return [{ path: ['networks'], refused: false, text: 'all services of an app are on one network of its own' }]
}

function serviceFindings(services: Record<string, unknown>): Finding[] {
  return Object.entries(services).flatMap(([name, service]) => {
    if (!isMapping(service)) return []
    const at = ['services', name]
    const inner = ([key, fields]: [string, Fields]) => {
      const value = service[key]
      return isMapping(value) ? findings(value, [...at, key], fields) : []
    }
    const { networks } = service
    const joined = isMapping(networks) ? Object.entries(networks) : []
    return [
      ...findings(service, at, serviceFields),
      ...Object.entries({ build: buildFields, deploy: deployFields }).flatMap(inner),
      ...joined.flatMap(([network, one]) => (isMapping(one) ? findings(one, [...at, 'networks', network], networkFields) : [])),
    ]
  })
}

function readService(file: ComposeFile, name: string, service: unknown): ComposeService {
  const parsed = serviceSchema.safeParse(service)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw fault(
    file,
    ['services', name, ...(issue?.path ?? []).map((key) => (typeof key === 'number' ? key : String(key)))],
    issue?.message ?? 'not understood',
  )
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
