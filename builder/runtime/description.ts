import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'smol-toml'
import { z } from 'zod'
import { readIfThere } from '#lib/files.ts'

/** What a tree may hold: a file, a value in it, a match in that. Paths may have `*` and `**`; of several files the first that agrees counts. */
const clue = z.strictObject({
  file: z.union([z.string(), z.array(z.string())]),
  /** Path of a value in a JSON file, such as `scripts.build`. */
  json: z.string().optional(),
  /** The same in a TOML file. */
  toml: z.string().optional(),
  /** In the text, or the value; its first group is what is found. */
  pattern: z.string().optional(),
  /** What is found, where it is not the tree that says it. */
  is: z.string().optional(),
  /** Holds when the rest does not. */
  not: z.literal(true).optional(),
})
export type Clue = z.infer<typeof clue>

/** All of them hold. */
const when = z.union([clue, z.array(clue)])

/** A command for the shell: `{name}` stands for a value, quoted; `{value}` for what the last clue found. Without a command, what it found is one. */
const step = z.strictObject({ when: when.optional(), run: z.string().optional() })
export type Step = z.infer<typeof step>

const steps = {
  /** Puts programs into the build image, before anything of the tree is there. */
  tools: z.string().optional(),
  /** What an installation reads. */
  manifests: z.array(z.string()).optional(),
  install: z.string().optional(),
  /** The installation where there is nothing to build. */
  production: z.string().optional(),
  /** Takes away what was only needed to build. */
  prune: z.string().optional(),
  /** Where an installation puts what it installs: it is copied into the image on its own. */
  dependencies: z.array(z.string()).optional(),
  /** Directories that builds share: the variables that point a tool there, with blanks between, by their name. */
  caches: z.record(z.string(), z.string()).optional(),
  /** Any of them: dependencies lie among the source, and are copied with it. */
  joined: z.array(clue).optional(),
  /** Any of them: an installation reads the whole tree. */
  whole: z.array(clue).optional(),
  /** Every one that holds, in order. */
  build: z.array(step).optional(),
  warning: z.string().optional(),
}
const variant = z.strictObject({
  name: z.string(),
  when: when.optional(),
  /** Variables of the build stages, besides the description's own. */
  env: z.record(z.string(), z.string()).optional(),
  ...steps,
})
export type Variant = z.infer<typeof variant>

const versionRules = z.strictObject({
  /** The tag where the tree does not say one. */
  default: z.string(),
  /** Tags among which a range finds its own. */
  known: z.array(z.string()).default([]),
  /** What local.Dockerfile provides. */
  local: z.string().optional(),
  aliases: z.record(z.string(), z.string()).default({}),
  /** The first that finds one; `minimum`: it or any later will do. */
  from: z.array(clue.extend({ minimum: z.literal(true).optional() })).default([]),
})
export type VersionRules = z.infer<typeof versionRules>

const description = z.strictObject({
  /** For people. */
  title: z.string(),
  /** Small ones are asked first. */
  order: z.number(),
  /** Any of them: it is ours. */
  detect: z.array(clue),
  /** Any of them: it is not. */
  except: z.array(clue).default([]),
  /** Directories that a build makes anew, so that those of the tree are left out; `*` and `**` as in clues. */
  ignore: z.array(z.string()).default([]),
  /** Who runs the app; made where the image has no such user. */
  user: z.string().default('app'),
  version: versionRules.default({ default: '', known: [], aliases: {}, from: [] }),
  /** `{version}` is the tag; `debian` is Debian's slim image. Without one to build in, nothing is built. */
  images: z.strictObject({ build: z.string().optional(), run: z.string() }),
  env: z
    .strictObject({ build: z.record(z.string(), z.string()).default({}), run: z.record(z.string(), z.string()).default({}) })
    .prefault({}),
  values: z.record(z.string(), z.strictObject({ default: z.string(), from: z.array(clue) })).default({}),
  /** The first that agrees; what it does not say, the description itself says for all. */
  variants: z.array(variant).default([]),
  ...steps,
  /** Shell scripts beside the description, by the name under which steps find them in /dev: `choose` is `/dev/dokku-choose`. */
  scripts: z.record(z.string(), z.string()).default({}),
  /** The name of the script that steps begin with where a bundle of certificates is at hand, for tools that cannot read it. */
  trust: z.string().optional(),
  run: z
    .strictObject({
      /** Debian packages that the image lacks. */
      packages: z.array(z.string()).default([]),
      /** Files beside the description, by their path in the image. */
      files: z.record(z.string(), z.string()).default({}),
      setup: z.string().optional(),
    })
    .prefault({}),
  /** The first that agrees is the image's command. */
  start: z.array(step).default([]),
})
export type Description = z.infer<typeof description>

/** A language, or another kind of tree: a folder of `runtimes`. */
export interface Runtime extends Description {
  name: string
  /** The Dockerfile with targets `build` and `run` for where no registry answers. */
  local?: string
  /** The other files of its folder that it names. */
  texts: Record<string, string>
}

/** Reads a folder's `runtime.toml` and the files beside it; what is wrong in it throws. */
export async function readRuntime(folder: string, name: string): Promise<Runtime> {
  const dir = join(folder, name)
  const described = description.parse(parse(await readFile(join(dir, 'runtime.toml'), 'utf8')))
  const names = [...Object.values(described.run.files), ...Object.values(described.scripts)]
  const texts = Object.fromEntries(await Promise.all(names.map(async (file) => [file, await readFile(join(dir, file), 'utf8')])))
  const local = await readIfThere(join(dir, 'local.Dockerfile'))
  return { ...described, name, texts, ...(local !== undefined && { local }) }
}

let read: Promise<Runtime[]> | undefined

/** All that we bring, in the order in which they are asked. */
export async function runtimes(): Promise<Runtime[]> {
  read ??= readAll(join(import.meta.dirname, '../runtimes'))
  return await read
}

async function readAll(folder: string): Promise<Runtime[]> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const all = await Promise.all(names.map((name) => readRuntime(folder, name)))
  return all.sort((a, b) => a.order - b.order)
}
