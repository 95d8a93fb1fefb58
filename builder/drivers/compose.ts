import { realpath } from 'node:fs/promises'
import { posix, sep } from 'node:path'
import { parseEnv } from 'node:util'
import type { Docker } from '#lib/docker.ts'
import { hasCode } from '#lib/errors.ts'
import { contextPaths, readInside } from '../buildkit/context.ts'
import { checkCompose, fault } from '../compose/check.ts'
import { type ComposeFile, composeNames, findCompose, readCompose } from '../compose/file.ts'
import { planServices, type ServicePlan } from '../compose/plan.ts'
import type { ComposeService } from '../compose/schema.ts'
import type { BuildDriver, BuildRequest, BuildResult, ServiceSpec } from '../driver.ts'
import { buildDockerfile } from '../frontend.ts'
import { parseReference, resolveImage } from './image.ts'

/** Builds the services of a Compose file: each becomes a process type with an image of its own. */
export const compose: BuildDriver = {
  name: 'compose',
  summary: `a ${composeNames[0]}`,

  async detect({ dir }) {
    return (await findCompose(dir)) !== undefined
  },

  async build(request, engine) {
    const { source, output, env = {} } = request
    const file = await readCompose(source.dir)
    const defaults = variablesOf(await readInside(source.dir, '.env'))
    const checked = checkCompose(file, (name) => env[name] ?? defaults[name], request.advice)
    const files = await envFiles(source.dir, file, checked.services)
    const { plans, warnings } = planServices(file, checked.services, { envFiles: files.read, defaults })
    for (const line of [...checked.warnings, ...files.warnings, ...warnings]) output.detail(`Warning: ${line}`)
    return await buildAll(request, engine, file, plans)
  },
}

async function buildAll(request: BuildRequest, engine: Docker, file: ComposeFile, plans: readonly ServicePlan[]): Promise<BuildResult> {
  const [main] = plans
  const services: Record<string, ServiceSpec> = {}
  let imageId = ''
  for (const plan of plans) {
    const title = plan.process === plan.name ? plan.name : `${plan.name}, which is ${plan.process} here`
    request.output.detail(`Service ${title}`)
    const image = plan === main ? request.image : `${request.image}.${plan.process}`
    const built = await buildService({ ...request, image }, engine, file, plan)
    if (plan === main) imageId = built
    services[plan.process] = plan === main ? plan.spec : { ...plan.spec, image: built }
  }
  return { imageId, services, processes: Object.fromEntries(plans.map(({ process }) => [process, null])) }
}

async function buildService(request: BuildRequest, engine: Docker, file: ComposeFile, plan: ServicePlan): Promise<string> {
  const { build, image, instructions, name } = plan
  if (build === undefined) {
    const reference = parseReference(image ?? '').name
    const { registries, signal } = request
    await resolveImage(engine, reference, request.output, { ...(registries && { registries }), ...(signal && { signal }) })
    return await buildDockerfile(request, engine, { text: [`FROM ${reference}`, ...instructions, ''].join('\n'), paths: [] })
  }
  const at = ['services', name, 'build']
  const { dir } = request.source
  const context = posix.normalize(build.context)
  const root = await folderInside(dir, context)
  if (root === undefined)
    throw fault(file, at, `the tree has no folder ${JSON.stringify(build.context.slice(0, 100))}`, 'a context is a folder of the tree')
  const dockerfile = build.dockerfile ?? 'Dockerfile'
  const path = posix.join(context, dockerfile)
  const text = build.inline ?? (await readInside(dir, path))
  if (text === undefined) throw fault(file, at, `the tree has no ${path}`)
  // What has no value comes from outside, as other build arguments do.
  const args = Object.entries(build.args).flatMap(([key, value]): [string, string][] => {
    const given = value ?? request.env?.[key]
    return given === undefined ? [] : [[key, given]]
  })
  const choices = { ...request.source.choices, ...(build.network === 'none' && { network: 'none' as const }) }
  const wanted = { ...request, source: { dir, choices }, buildArgs: { ...Object.fromEntries(args), ...request.buildArgs } }
  return await buildDockerfile(wanted, engine, {
    dir: root,
    paths: await contextPaths(root, dockerfile),
    secrets: request.env ?? {},
    ...extended(text, instructions, build.target),
  })
}

/** A Dockerfile whose stage has further instructions. */
function extended(text: string, instructions: readonly string[], target: string | undefined): { text: string; target?: string } {
  if (instructions.length === 0) return { text, ...(target !== undefined && { target }) }
  // Blank lines end nothing, but a line that was left open would swallow the first of ours.
  if (target === undefined) return { text: [text, ...instructions, ''].join('\n') }
  const stage = 'dokku-service'
  return { text: [text, `FROM ${target} AS ${stage}`, ...instructions, ''].join('\n'), target: stage }
}

/** The path of a folder of a tree; undefined when there is none, or it leads out of the tree. */
async function folderInside(dir: string, path: string): Promise<string | undefined> {
  try {
    const root = await realpath(dir)
    const found = await realpath(posix.resolve(root, path))
    return `${found}${sep}`.startsWith(`${root}${sep}`) ? found : undefined
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ERR_INVALID_ARG_VALUE')) return undefined
    throw error
  }
}

/** The files that services read variables from. One that is not in the tree is usual: what stands in it is a secret. */
async function envFiles(dir: string, file: ComposeFile, services: Readonly<Record<string, ComposeService>>) {
  const read: Record<string, Record<string, string>> = {}
  const warnings: string[] = []
  for (const [name, { env_file: files, build }] of Object.entries(services)) {
    const instead =
      build === undefined ? `${name} gets what environment names, with values from the config` : `${name} has the config vars of the app`
    for (const { path, required } of files) {
      const text = await readInside(dir, path)
      if (text !== undefined) read[path] = variablesOf(text)
      else if (required)
        warnings.push(`${file.name} line ${file.lineOf(['services', name, 'env_file'])}: ${path} is not in the tree; ${instead}`)
    }
  }
  return { read, warnings }
}

function variablesOf(text = ''): Record<string, string> {
  return Object.fromEntries(Object.entries(parseEnv(text)).map(([key, value]) => [key, value ?? '']))
}
