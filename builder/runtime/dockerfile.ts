import type { BuildRequest } from '../driver.ts'
import type { Recipe } from '../frontend.ts'
import { cacheMount, envMount, scriptMount } from '../mounts.ts'
import type { Plan } from './plan.ts'

/** The images that the stages begin with. */
export interface Bases {
  build?: string
  run: string
  /** Somebody chose the one that runs: nothing is added to it. */
  chosen?: boolean
}

/** Directories among dependencies that tools may write to at any time, and nobody misses. */
const passing = ['.cache', '.vite', '__pycache__']

/** The Dockerfile of a plan and what its steps read. It has no effects. */
export function runtimeRecipe(
  plan: Plan,
  bases: Bases,
  request: Pick<BuildRequest, 'env' | 'envRevision' | 'cacheKey' | 'buildArgs' | 'ca'>,
): Recipe {
  const steps = stepsOf(plan, request)
  const stages = bases.build === undefined ? { text: '', from: {} } : buildStages(plan, bases.build, steps)
  const text = `${stages.text}${runStage(plan, bases, stages.from, steps)}`
  return { text, paths: plan.paths, secrets: steps.secrets }
}

interface Steps {
  /** Variables that point tools at their caches. */
  env: Record<string, string>
  /** Arguments that change what steps do. */
  args: string
  /** What the steps that were asked for so far read. */
  secrets: Record<string, string>
  /** An instruction that runs a command on the tree; with `keep`, what it changes among the dependencies goes into the image. */
  run(command: string, options?: { bind?: readonly string[]; keep?: readonly string[] }): string
  /** An instruction that runs a command which reads a file of ours. */
  with(name: string, text: string, command: (path: string) => string): string
}

function stepsOf({ runtime, caches }: Plan, request: Parameters<typeof runtimeRecipe>[2]): Steps {
  const variables = envMount(request)
  const secrets = { ...variables.secrets }
  const mount = (name: string, text: string) => {
    const { secrets: more, ...mount } = scriptMount(name, text)
    Object.assign(secrets, more)
    return mount
  }
  const cached = Object.entries(caches).map(([name, names]) => ({ names: names.split(' '), ...cacheMount(request, name) }))
  const args = Object.keys(request.buildArgs ?? {}).filter((name) => /^[A-Za-z_]\w*$/.test(name))
  return {
    env: Object.fromEntries(cached.flatMap(({ names, path }) => names.map((name) => [name, path]))),
    args: `${args.map((name) => `ARG ${name}\n`).join('')}${variables.arg}`,
    secrets,
    run(command, { bind = [], keep = [] } = {}) {
      const scripts = Object.entries(runtime.scripts).map(([name, file]) => mount(name, runtime.texts[file] ?? ''))
      const keeping = keep.length > 0 ? [mount('keep', keepScript(keep))] : []
      const binds = bind.map((path) => `--mount=type=bind,from=install,source=${path},target=${path},rw `)
      const flags = [...cached, ...scripts, ...keeping].map(({ flag }) => `${flag} `)
      const loads = [
        ...(request.ca === undefined || runtime.trust === undefined ? [] : [`/dev/dokku-${runtime.trust}`]),
        ...keeping.map(({ path }) => path),
      ].map((path) => `. ${path}; `)
      return `RUN ${[...binds, ...flags, variables.flag, variables.load, ...loads].join('')}${command}\n`
    },
    with(name, text, command) {
      const { flag, path } = mount(name, text)
      return `RUN ${flag} ${command(path)}\n`
    },
  }
}

/** Where the last stage takes things from: stages by what they have. */
interface From {
  dependencies?: string
  source?: string
  kept?: boolean
}

function buildStages(plan: Plan, image: string, steps: Steps): { text: string; from: From } {
  const { install, build, prune, layout, dependencies, tools } = plan
  const base = `FROM ${image} AS base\nWORKDIR /app\n${env({ ...plan.env, ...steps.env })}${tools === undefined ? '' : `RUN ${tools}\n`}`
  if (install === undefined) {
    if (build === undefined) return { text: '', from: {} }
    return { text: `${base}${steps.args}COPY . .\n${steps.run(build)}`, from: { source: 'base' } }
  }
  // An installation of nothing leaves nothing to copy.
  const missing = dependencies.length > 0 ? ` && mkdir -p ${dependencies.join(' ')}` : ''
  const last = [build, prune].filter((command) => command !== undefined).map((command) => steps.run(command))
  if (layout === 'whole') {
    const text = `${base}${steps.args}COPY . .\n${steps.run(install + missing)}${last.join('')}`
    return { text, from: { source: 'base', dependencies: 'base' } }
  }
  const installed = `${base}\nFROM base AS install\n${steps.args}${copies(plan.manifests)}${steps.run(install + missing)}`
  if (layout === 'joined') {
    const text = `${installed}\nFROM install AS build\nCOPY . .\n${last.join('')}`
    return { text, from: { source: 'build', dependencies: 'build' } }
  }
  if (build === undefined) return { text: installed, from: { dependencies: 'install' } }
  const inside = dependencies.filter(isInside)
  // Dependencies in the tree's own place are lent to the build, so that what is copied from there is the tree alone.
  const from = inside.length > 0 ? 'base' : 'install'
  const again = from === 'base' ? steps.args : ''
  const kept = `${dependencies.map((path) => `WORKDIR /kept${path}\n`).join('')}WORKDIR /app\n`
  const built = `\nFROM ${from} AS build\n${kept}${again}COPY . .\n${steps.run(build, { bind: inside, keep: dependencies })}`
  if (prune === undefined) return { text: installed + built, from: { dependencies: 'install', source: 'build', kept: true } }
  const pruned = `\nFROM install AS production\n${steps.run(prune)}`
  return { text: installed + pruned + built, from: { dependencies: 'production', source: 'build', kept: true } }
}

function runStage(plan: Plan, bases: Bases, from: From, steps: Steps): string {
  const { runtime, dependencies, layout } = plan
  const { user, run } = runtime
  const chown = `--chown=${user}:${user}`
  const copy = (stage: string | undefined, path: string, to: string) =>
    `COPY --from=${stage} ${isInside(to) ? `${chown} ` : ''}${path} ${to}\n`
  const apart = dependencies.filter((path) => layout === 'split' || !isInside(path))
  return [
    `\nFROM ${bases.run}\n`,
    env({ ...runtime.env.run, PORT: '5000' }),
    ...(bases.chosen || run.packages.length === 0 ? [] : [`RUN ${aptInstall(run.packages)}\n`]),
    ...Object.entries(run.files).map(([path, name]) => steps.with(name, runtime.texts[name] ?? '', (file) => `cp ${file} ${path}`)),
    ...(run.setup === undefined ? [] : [`RUN ${run.setup}\n`]),
    steps.with('user', userScript, (file) => `sh ${file} ${user}`),
    'WORKDIR /app\n',
    ...apart.map((path) => copy(from.dependencies, path, path)),
    from.source === undefined ? `COPY ${chown} . .\n` : `COPY --from=${from.source} ${chown} /app .\n`,
    ...(from.kept ? apart.map((path) => copy('build', `/kept${path}`, path)) : []),
    `USER ${user}\n`,
    ...(plan.start === undefined ? [] : [`CMD ${JSON.stringify(['/bin/sh', '-c', plan.start])}\n`]),
  ].join('')
}

function isInside(path: string): boolean {
  return path.startsWith('/app/')
}

/** Variables, one a line; `$NAME` in a value is another's. */
function env(variables: Record<string, string>): string {
  return Object.entries(variables)
    .map(([name, value]) => `ENV ${name}="${value.replace(/["\\]/g, '\\$&')}"\n`)
    .join('')
}

function copies(paths: readonly string[]): string {
  const byParent = Map.groupBy(paths, (path) => path.slice(0, path.lastIndexOf('/') + 1))
  return [...byParent].map(([parent, files]) => `COPY ${JSON.stringify([...files, `./${parent}`].map(literal))}\n`).join('')
}

/** A path as COPY takes it: it knows patterns and variables. */
function literal(path: string): string {
  return path.replace(/[[*?\\]/g, '[$&]').replace(/\$/g, '\\$$')
}

function aptInstall(packages: readonly string[]): string {
  const gone = '/var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log'
  return `apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${packages.join(' ')} >/dev/null && rm -rf ${gone}`
}

/** Makes a user where there is none of its name, Alpine's way too, and the directory of the app. */
const userScript = `{ id "$1" || useradd --create-home "$1" || adduser -D "$1"; } >/dev/null 2>&1
mkdir -p /app && chown "$1:$1" /app
`

/** Finds what a step writes among the dependencies, such as the client that Prisma makes there, and lays it by for the image. */
function keepScript(dependencies: readonly string[]): string {
  const names = passing.map((name) => `-name ${name}`).join(' -o ')
  return `touch /tmp/begun
trap 'status=$?
[ "$status" -ne 0 ] || find ${dependencies.join(' ')} \\( ${names} \\) -prune -o ! -type d -cnewer /tmp/begun -print0 | xargs -0r cp -a --parents -t /kept
exit "$status"' EXIT
`
}
