import type { Instance } from './instance.ts'
import { ensureRoles } from './roles.ts'

/** How soon roles that did not start, because of a taken port say, or that are still in use, are tried again. */
const healAgainMs = 5_000

/** What makes sure that the gateway and the appliance run as they should, and tries again where that did not work. */
export function roleHealing({ engine, settings, image, network, inOrder, log }: Instance): () => Promise<void> {
  let healing: NodeJS.Timeout | undefined
  const healAgain = () => {
    clearTimeout(healing)
    healing = setTimeout(heal, healAgainMs).unref()
  }
  const heal = (): Promise<void> =>
    inOrder('roles', async () => {
      try {
        if (!(await ensureRoles(engine, settings, image, network))) healAgain()
      } catch (error) {
        log.error({ err: error }, 'the gateway or the appliance does not start')
        healAgain()
      }
    })
  return heal
}
