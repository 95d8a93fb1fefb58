import * as z from 'zod'
import type { App } from './app.ts'
import { type Phase, phases } from './docker-flags.ts'
import { type DockerFlag, flagText, parseFlags } from './parse-flags.ts'

/** Commands beside docker-options that set options, in words of their own. */
const origins = ['resource', 'storage', 'network'] as const
export type OptionOrigin = (typeof origins)[number]

/** One option of `docker run` that somebody, or a plugin, set. */
export const dockerOption = z.object({
  phase: z.enum(phases),
  /** The process type that it is for; empty, for all. */
  process: z.string(),
  /** As `flagText` writes it. */
  option: z.string(),
  /** Which command set it, where that is not docker-options. */
  origin: z.enum(origins).exactOptional(),
})

export type DockerOption = z.infer<typeof dockerOption>

const row = dockerOption
  .extend({ origin: z.enum(['', ...origins]) })
  .transform(({ origin, ...one }): DockerOption => (origin === '' ? one : { ...one, origin }))

/** The options that were set for an app, which its next release takes, in the order in which they were. */
export function dockerOptions({ instance: { db }, id }: App): DockerOption[] {
  return db.all(row, 'SELECT phase, process, unseal(option) AS option, origin FROM docker_options WHERE app_id = ? ORDER BY id', id)
}

/** Those that one command set. */
export function optionsBy(app: App, origin?: OptionOrigin): DockerOption[] {
  return dockerOptions(app).filter((one) => one.origin === origin)
}

/** All options of an app, with others in place of those that one command set. */
export function withOptionsBy(app: App, origin: OptionOrigin | undefined, options: readonly DockerOption[]): DockerOption[] {
  const own = origin === undefined ? options : options.map((one) => ({ ...one, origin }))
  return [...dockerOptions(app).filter((one) => one.origin !== origin), ...own]
}

/** Makes these the only ones. */
export function storeDockerOptions({ instance: { db }, id }: App, options: readonly DockerOption[]): void {
  db.tx(() => {
    db.run('DELETE FROM docker_options WHERE app_id = ?', id)
    for (const { phase, process, option, origin } of options)
      db.run(
        'INSERT INTO docker_options (app_id, phase, process, option, origin) VALUES (?, ?, ?, seal(?), ?)',
        id,
        phase,
        process,
        option,
        origin ?? '',
      )
  })
}

/** A line of options as so many of them, for each of the phases and process types; see `parseFlags`. */
export function readOptions(line: string | readonly string[], phase: Phase, process = ''): DockerOption[] {
  return parseFlags(line, phase).map((flag) => ({ phase, process, option: flagText(flag) }))
}

/** The first options, and those of the second that are not among them: to add one twice is to add it once. */
export function withOptions(some: readonly DockerOption[], more: readonly DockerOption[]): DockerOption[] {
  const added = new Set<string>()
  return [...some, ...more].filter((one) => {
    const key = JSON.stringify([one.phase, one.process, one.option])
    return !added.has(key) && added.add(key)
  })
}

/** The options that hold in a phase: those for all process types, and those for this one. */
export function optionsFor(options: readonly DockerOption[], phase: Phase, process = ''): string[] {
  return options.filter((one) => one.phase === phase && (one.process === '' || one.process === process)).map(({ option }) => option)
}

/** The same as flags. */
export function flagsFor(options: readonly DockerOption[], phase: Phase, process = ''): DockerFlag[] {
  return optionsFor(options, phase, process).flatMap((option) => parseFlags(option, phase, { ours: true }))
}

/** An option as whoever may see a release may see it: what a variable holds is a secret. */
export function withoutValues({ phase, process, option }: DockerOption): string {
  const shown = option.replace(/^(--(?:env|build-arg) )'?(\w+)=?.*$/s, '$1$2')
  return `${phase}${process === '' ? '' : ` ${process}`} ${shown}`
}
