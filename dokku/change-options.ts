import { isDeepStrictEqual } from 'node:util'
import type { App } from './app.ts'
import { type Context, changing, deploying } from './context.ts'
import { type DockerOption, type OptionOrigin, optionsBy, storeDockerOptions, withOptionsBy } from './docker-options.ts'
import { releaseChange } from './workflow.ts'

/** What a command wants of the containers of an app. */
export interface OptionChange {
  /** Which command it is; docker-options itself has no name. */
  origin?: OptionOrigin
  /** What the release is called that has it. */
  description: string
  /** All that it wants, in place of what it wanted before. */
  change: (before: readonly DockerOption[]) => readonly DockerOption[]
  /** Only the next release has it. */
  noRestart?: boolean
}

/** Changes options of an app's containers: as a release of its own, where that makes a difference. One that does not get ready changes nothing. */
export async function changeOptions(
  app: App,
  { origin, description, change, noRestart = false }: OptionChange,
  context: Context,
): Promise<void> {
  const turn = noRestart ? changing : deploying
  await turn(app, context, async () => {
    const before = optionsBy(app, origin)
    const options = withOptionsBy(app, origin, change(before))
    const same = isDeepStrictEqual(deployed(options), deployed(withOptionsBy(app, origin, before)))
    if (noRestart || same) return storeDockerOptions(app, options)
    await releaseChange(app, description, { options }, { user: context.identity.name, output: context.output })
  })
}

/** What containers that serve have of them; builds and one-off commands take theirs when they begin. */
function deployed(options: readonly DockerOption[]): string[] {
  return options.filter(({ phase }) => phase === 'deploy').map((one) => JSON.stringify(one))
}
