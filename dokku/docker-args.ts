import { Readable } from 'node:stream'
import { UserError } from '#lib/errors.ts'
import { type App, maybeApp } from './app.ts'
import { type By, heard } from './by.ts'
import { type Phase, phases } from './docker-flags.ts'
import { type DockerOption, dockerOptions, optionsFor, readOptions } from './docker-options.ts'
import { globalConfigArgs } from './global-config.ts'
import type { Instance } from './instance.ts'
import type { Release } from './release.ts'

/** What Dokku calls every image that no buildpack made. */
const source = 'dockerfile'

/** For whom options are asked. */
interface Asked {
  phase: Phase
  tag: string
  /** The process type, where containers are deployed. */
  process?: string
}

/**
 * The options that plugins add to those of an app: what they print for `docker-args-PHASE` and `docker-args-process-PHASE`. They read the options
 * so far on their input, and may print them again, as is the custom. UserError as of `parseFlags`.
 */
export async function pluginOptions(
  app: App,
  options: readonly DockerOption[],
  { phase, tag, process = '' }: Asked,
  around: Partial<ReturnType<typeof heard>> = {},
): Promise<DockerOption[]> {
  const set = optionsFor(options, phase, process)
  const added: DockerOption[] = []
  for (const hook of [`docker-args-${phase}`, `docker-args-process-${phase}`] as const) {
    const soFar = [...set, ...added.map(({ option }) => option)]
    const stdin = Readable.from([`${soFar.join(' ')}\n`])
    const answers = await app.instance.collect(hook, { app: app.name, source, tag, process }, { ...around, stdin })
    const read = answers.flatMap((answer) => readAnswer(hook, answer, phase, process))
    added.push(...read.filter(({ option }) => !soFar.includes(option)))
  }
  return added
}

function readAnswer(hook: string, answer: string, phase: Phase, process: string): DockerOption[] {
  try {
    return readOptions(answer, phase, process)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const { code, message, hint } = error
    throw new UserError(code, `what a plugin printed for ${hook}: ${message}`, { cause: error, ...(hint === undefined ? {} : { hint }) })
  }
}

/** A release with what is added to its containers by now: global config vars, and the options of plugins. */
export async function withArgs(app: App, release: Release, by: By): Promise<Release> {
  const args: DockerOption[] = globalConfigArgs(app, 'deploy')
  for (const [process, count] of Object.entries(release.formation))
    if (count > 0)
      args.push(...(await pluginOptions(app, release.options, { phase: 'deploy', tag: `v${release.version}`, process }, heard(by))))
  return { ...release, args }
}

/** What dokku itself answers where one plugin asks the others for options: those that were set. */
export function ownArgs(instance: Instance, hook: string, [name = '']: readonly string[]): string | undefined {
  const phase = phases.find((one) => hook === `docker-args-${one}` || hook === `docker-args-process-${one}`)
  const app = phase === undefined ? undefined : maybeApp(instance, name)
  return app === undefined || phase === undefined ? undefined : optionsFor(dockerOptions(app), phase).join(' ')
}
