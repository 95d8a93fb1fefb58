import { createHmac } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { type Docker, docker } from '#lib/docker.ts'
import type { Output } from '#lib/output.ts'
import { unpack } from '#lib/unpack.ts'
import type { BuildRequest, Choices } from './driver.ts'
import { selectDriver } from './drivers.ts'
import { pluginsIn } from './plugins.ts'
import { readLogins } from './registry/logins.ts'
import { pushImage } from './registry/push.ts'
import { treeLimits } from './tree.ts'
import { misused, pairs, read } from './usage.ts'

const flags = {
  tag: { type: 'string', short: 't' },
  driver: { type: 'string' },
  file: { type: 'string', short: 'f' },
  target: { type: 'string' },
  buildpack: { type: 'string', multiple: true },
  stack: { type: 'string' },
  'build-arg': { type: 'string', multiple: true },
  env: { type: 'string', multiple: true },
  label: { type: 'string', multiple: true },
  ca: { type: 'string' },
  debian: { type: 'string' },
  logins: { type: 'string' },
  push: { type: 'boolean', default: false },
  'no-cache': { type: 'boolean', default: false },
} as const

type Flags = ReturnType<typeof read<typeof flags>>['values']

/** `builder build`: builds a directory, or a tar on standard input. */
export async function build(words: string[], out: Output, signal: AbortSignal): Promise<number> {
  const { values, positionals } = read(words, flags)
  const [dir, ...more] = positionals
  if (dir === undefined || more.length > 0) throw misused('one directory is needed, or - for a tar on standard input')
  const image = values.tag ?? (dir === '-' ? undefined : nameOf(dir))
  if (image === undefined) throw misused('a name for the image is needed: -t IMAGE')
  if (dir !== '-') return await buildTree(resolve(dir), image, values, out, signal)
  const unpacked = await mkdtemp(join(tmpdir(), 'builder-tree-'))
  const stop = () => process.stdin.destroy(new Error('stopped'))
  signal.addEventListener('abort', stop)
  try {
    await unpack(process.stdin, unpacked, treeLimits)
    return await buildTree(unpacked, image, values, out, signal)
  } finally {
    signal.removeEventListener('abort', stop)
    await rm(unpacked, { recursive: true, force: true })
  }
}

/** `builder detect`: who would build a directory. */
export async function detect(words: string[], out: Output): Promise<number> {
  const { values, positionals } = read(words, flags)
  const [dir, ...more] = positionals
  if (dir === undefined || more.length > 0) throw misused('one directory is needed')
  const { driver, others } = await selectDriver({ dir: resolve(dir), choices: choicesOf(values) }, await pluginsIn(process.env))
  out.line(driver.name)
  for (const { name, summary } of others) out.warn(`${name} would do too, for there is ${summary}: --driver ${name}`)
  return 0
}

async function buildTree(dir: string, image: string, values: Flags, out: Output, signal: AbortSignal): Promise<number> {
  const engine = await docker()
  const request = await requestOf(engine, dir, image, values, { output: out, signal })
  const { driver, others } = await selectDriver(request.source, await pluginsIn(process.env))
  out.step(`Building ${image} with ${driver.name}`)
  for (const { name, summary } of others) out.detail(`${name} would do too, for there is ${summary}: --driver ${name}`)
  const { imageId, processes = {}, services = {} } = await driver.build(request, engine)
  const images = { [image]: imageId }
  for (const [type, command] of Object.entries(processes)) {
    const own = services[type]?.image
    out.detail(`${type}: ${command ?? "the image's own command"}${own === undefined ? '' : `, of ${image}.${type}`}`)
    if (own !== undefined) images[`${image}.${type}`] = own
  }
  if (values.push)
    for (const [name, id] of Object.entries(images)) {
      out.step(`Pushing ${name}`)
      await pushImage(engine, { image: id, name }, out, { registries: request.registries ?? (() => undefined), signal })
    }
  out.result(`${image} is ${imageId}`)
  return 0
}

async function requestOf(
  engine: Docker,
  dir: string,
  image: string,
  values: Flags,
  rest: Pick<BuildRequest, 'output'> & { signal: AbortSignal },
): Promise<BuildRequest> {
  const env = pairs(values.env, process.env)
  const { ca, debian } = values
  return {
    ...rest,
    advice: { memory: 'give the engine more, or build less at once', secret: (name) => `--env ${name}=VALUE gives it` },
    source: { dir, choices: choicesOf(values) },
    image,
    labels: pairs(values.label),
    buildArgs: pairs(values['build-arg']),
    noCache: values['no-cache'],
    registries: await readLogins(values.logins ?? join(process.env.DOCKER_CONFIG ?? join(homedir(), '.docker'), 'config.json')),
    ...(Object.keys(env).length > 0 && { env, envRevision: await revisionOf(engine, env) }),
    ...(ca !== undefined && { ca: await readFile(ca, 'utf8') }),
    ...(debian !== undefined && { debian }),
  }
}

function choicesOf({ driver, file, target, buildpack, stack }: Flags): Choices {
  return {
    ...(driver !== undefined && { selected: driver }),
    ...(file !== undefined && { dockerfile: file }),
    ...(target !== undefined && { target }),
    ...(buildpack !== undefined && { buildpacks: buildpack }),
    ...(stack !== undefined && { stack }),
  }
}

/** The name of a directory, as far as it can be one of an image. */
function nameOf(dir: string): string | undefined {
  const name = basename(resolve(dir))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  return name === '' ? undefined : `${name}:latest`
}

/** Tells one set of values from another, and nothing about them to who has no access to the engine: it is seen in the image's history. */
async function revisionOf(engine: Docker, env: Record<string, string>): Promise<string> {
  const { ID: key }: { ID?: unknown } = await engine.info()
  return createHmac('sha256', String(key)).update(JSON.stringify(env)).digest('hex').slice(0, 16)
}
