import { healthy } from '../health.ts'
import { type Check, ok, wrong } from './check.ts'

/** What `health` looks at: state, gateway, appliance. */
export const parts: Check = {
  name: 'parts',

  async look(instance) {
    const down = Object.entries(await healthy(instance, 0))
    if (down.length === 0) return [ok('state, SSH and appliance are up')]
    return down.map(([part, reason]) => wrong(`${part} is down: ${reason}`, `docker logs ${instance.settings.name} says more`))
  },
}
