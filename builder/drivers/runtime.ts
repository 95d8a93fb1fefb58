import type { Docker } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { baseImage, debianBase } from '../base.ts'
import type { BuildDriver, BuildRequest } from '../driver.ts'
import { buildDockerfile } from '../frontend.ts'
import { preparedImage } from '../prepared.ts'
import { treeAt } from '../runtime/clues.ts'
import { type Runtime, runtimes } from '../runtime/description.ts'
import { type Bases, runtimeRecipe } from '../runtime/dockerfile.ts'
import { detectRuntimes, type Plan, planBuild } from '../runtime/plan.ts'
import { serves, type Version } from '../runtime/version.ts'
import { resolveImage } from './image.ts'

const roles = ['build', 'run'] as const
type Role = (typeof roles)[number]

/** Builds source without a Dockerfile, by a description of its language: a folder of `runtimes` each. */
export const runtime: BuildDriver = {
  name: 'runtime',
  summary: 'source of a language we know, a static site, or a Procfile',

  async detect(source) {
    return (await detectRuntimes(await treeAt(source.dir), await runtimes())).length > 0
  },

  async build(request, engine) {
    const { output, source } = request
    const tree = await treeAt(source.dir)
    const [first, ...others] = await detectRuntimes(tree, await runtimes())
    if (first === undefined) throw await unknown()
    const plan = await planBuild(tree, first)
    const bases = await basesOf(engine, plan, request)
    const { said } = plan.version
    const title = [first.title, ...(/^\d/.test(bases.version) ? [bases.version] : [])].join(' ')
    output.detail([said === undefined ? title : `${title}: ${said}`, plan.variant].filter((word) => word !== undefined).join(', '))
    if (others.length > 0)
      output.detail(`It could also be ${others.map((one) => one.title).join(', ')}: a Dockerfile or buildpacks can say so`)
    if (plan.warning !== undefined) output.detail(`Warning: ${plan.warning}`)
    return { imageId: await buildDockerfile(request, engine, runtimeRecipe(plan, bases, request)) }
  },
}

async function unknown(): Promise<UserError> {
  const titles = (await runtimes()).map(({ title }) => title)
  return new UserError('build-failed', 'the tree is of no language that the runtime driver knows', {
    hint: `it knows ${titles.join(', ')}`,
  })
}

/** The images to build in and to run in: those that were chosen, else the official ones, else what stands for both. */
async function basesOf(engine: Docker, plan: Plan, request: BuildRequest): Promise<Bases & { version: string }> {
  const { runtime: wanted, version, install, build: steps } = plan
  const { registries, signal, source } = request
  const images = source.choices?.images ?? {}
  const local = (role: Role) => localImage(engine, wanted, role, version, request)
  const official: Partial<Record<Role, string>> = {}
  const bases: Partial<Record<Role, string>> = {}
  for (const role of roles) {
    const template = wanted.images[role]
    if (template === undefined || (role === 'build' && install === undefined && steps === undefined)) continue
    const chosen = images[`${wanted.name}:${role}`] ?? images[wanted.name]
    if (chosen !== undefined) {
      await resolveImage(engine, chosen, request.output, { ...(registries && { registries }), ...(signal && { signal }) })
      bases[role] = chosen
    } else if (template === 'debian') bases[role] = await debianBase(engine, request)
    else {
      official[role] = template.replace('{version}', version.tag)
      bases[role] = await baseImage(engine, official[role], () => local(role), request)
    }
  }
  // What an image of ours has built need not run in an official one, nor the other way round.
  const replaced = roles.some((role) => official[role] !== undefined && bases[role] !== official[role])
  if (replaced) for (const role of roles) if (official[role] !== undefined) bases[role] = await local(role)
  const { build, run } = bases
  if (run === undefined) throw new Error(`${wanted.name}: no image to run in`)
  const chosen = (images[`${wanted.name}:run`] ?? images[wanted.name]) !== undefined
  return { ...(build !== undefined && { build }), run, chosen, version: (replaced ? wanted.version.local : undefined) ?? version.tag }
}

async function localImage(engine: Docker, wanted: Runtime, role: Role, version: Version, request: BuildRequest): Promise<string> {
  const { local: text, name, title } = wanted
  const only = wanted.version.local
  if (text === undefined || only === undefined)
    throw new UserError('registry-unreachable', `no registry answers, and the image of ${title} is on this machine neither`)
  if (!serves(only, version))
    throw new UserError('runtime-version', `${version.said}, but no registry answers, and packages of Debian provide ${only} only`, {
      hint: `pull ${wanted.images[role]?.replace('{version}', version.tag)} where that is possible, or ask for ${only}`,
    })
  const args = { DEBIAN: await debianBase(engine, request) }
  return await preparedImage(engine, { name: `runtime-${name}-${role}`, text, target: role, args }, request)
}
