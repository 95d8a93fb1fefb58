import { matchesGlob } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { quoteWord } from '#lib/words.ts'
import { find, findAny, pathsLike, type Tree } from './clues.ts'
import type { Runtime, Step, Variant } from './description.ts'
import { findVersion, type Version } from './version.ts'

/** How one tree is built: what its description leaves open is decided. */
export interface Plan {
  runtime: Runtime
  version: Version
  /** The way of its kind, such as npm. */
  variant?: string | undefined
  warning?: string | undefined
  /** What builds see: all of the tree but what is made anew. */
  paths: readonly string[]
  /** Variables of the build stages. */
  env: Record<string, string>
  tools?: string | undefined
  /** Files that the installation reads. */
  manifests: readonly string[]
  /** Split: dependencies are copied on their own. Joined: they lie among the source. Whole: and are installed once it is there. */
  layout: 'split' | 'joined' | 'whole'
  install?: string | undefined
  build?: string | undefined
  prune?: string | undefined
  /** Directories, from the root of the image. */
  dependencies: readonly string[]
  /** Variables with blanks between, by the name of the directory they point at. */
  caches: Record<string, string>
  /** The image's command; the web process of a Procfile goes before what the tree looks like. */
  start?: string | undefined
}

/** Which of them know a tree; the first one builds it. */
export async function detectRuntimes(tree: Tree, all: readonly Runtime[]): Promise<Runtime[]> {
  const matching = await Promise.all(
    all.map(async ({ detect, except }) => (await findAny(tree, detect)) !== undefined && !(await findAny(tree, except))),
  )
  return all.filter((_, index) => matching[index])
}

/** Decides how a tree is built; UserErrors `runtime-version` and `runtime-start` say what cannot be decided. */
export async function planBuild(tree: Tree, runtime: Runtime): Promise<Plan> {
  const rest = { ...tree, paths: tree.paths.filter((path) => !isIgnored(path, ['.git', ...runtime.ignore])) }
  const values = await valuesOf(rest, runtime)
  const variant = await variantOf(rest, runtime)
  const steps: Partial<Variant> = { ...common(runtime), ...variant }
  const filled = (text: string | undefined) => (text === undefined ? undefined : fill(text, values))

  const build = await commands(rest, [...(variant?.build ?? []), ...(runtime.build ?? [])], values)
  const whole = (await findAny(rest, steps.whole)) !== undefined
  const everything = build.length > 0 || whole
  const install = filled(everything ? steps.install : (steps.production ?? steps.install))
  const dependencies = install === undefined ? [] : (steps.dependencies ?? [])
  const joined = dependencies.length === 0 || (await findAny(rest, steps.joined)) !== undefined
  return {
    runtime,
    version: await findVersion(rest, runtime),
    variant: variant?.name,
    warning: steps.warning,
    paths: rest.paths,
    env: { ...runtime.env.build, ...variant?.env },
    tools: filled(steps.tools),
    manifests: manifestsOf(rest, steps.manifests ?? []),
    layout: whole && install !== undefined ? 'whole' : joined ? 'joined' : 'split',
    install,
    build: build.length > 0 ? build.join(' && ') : undefined,
    prune: everything ? filled(steps.prune) : undefined,
    dependencies: dependencies.map((path) => (path.startsWith('/') ? path : `/app/${path}`)),
    caches: steps.caches ?? {},
    start: await startOf(rest, runtime, values),
  }
}

/** What a description says for all its variants. */
function common(runtime: Runtime): Partial<Variant> {
  const { tools, manifests, install, production, prune, dependencies, caches, joined, whole, warning } = runtime
  return { tools, manifests, install, production, prune, dependencies, caches, joined, whole, warning }
}

function isIgnored(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesGlob(path, pattern) || matchesGlob(path, `${pattern}/**`))
}

async function variantOf(tree: Tree, { variants }: Runtime): Promise<Variant | undefined> {
  for (const variant of variants) if (await find(tree, variant.when)) return variant
  return undefined
}

async function valuesOf(tree: Tree, runtime: Runtime): Promise<Record<string, string>> {
  const found = Object.entries(runtime.values).map(async ([name, value]) => [
    name,
    (await findAny(tree, value.from))?.value ?? value.default,
  ])
  return Object.fromEntries(await Promise.all(found))
}

/** The files among which an installation finds what to install. */
function manifestsOf(tree: Tree, patterns: readonly string[]): string[] {
  const parents = new Set(tree.paths.map((path) => path.slice(0, Math.max(0, path.lastIndexOf('/')))))
  const named = new Set(patterns.flatMap((pattern) => pathsLike(tree, pattern)))
  return tree.paths.filter((path) => named.has(path) && !parents.has(path))
}

async function startOf(tree: Tree, runtime: Runtime, values: Record<string, string>): Promise<string | undefined> {
  const procfile = await tree.read('Procfile')
  const web = /^web:[ \t]*(\S.*)$/m.exec(procfile ?? '')?.[1]?.trimEnd()
  const [start] = web === undefined ? await commands(tree, runtime.start, values) : [web]
  if (start === undefined && procfile === undefined)
    throw new UserError('runtime-start', `it is a tree of ${runtime.title}, but nothing says how its web process is started`, {
      hint: 'add a file named Procfile with a line such as: web: COMMAND',
    })
  return start
}

async function commands(tree: Tree, steps: readonly Step[], values: Record<string, string>): Promise<string[]> {
  const all: string[] = []
  for (const { when, run } of steps) {
    const found = await find(tree, when)
    if (found) all.push(run === undefined ? found.value : fill(run, { ...values, value: found.value }))
  }
  return all
}

/** A command with the values in it, as words of the shell. */
function fill(text: string, values: Record<string, string>): string {
  return text
    .replace(/\{(\w+)\}/g, (all, name) => (Object.hasOwn(values, name) ? quoteWord(values[name] ?? '') : all))
    .replace(/\n\s*/g, ' ')
}
