import { allApps } from '../app.ts'
import { endingSoon } from '../certificates.ts'
import type { Instance } from '../instance.ts'
import { chosenFor, stateOf } from '../letsencrypt/choices.ts'
import { type Check, type Finding, ok, warning, wrong } from './check.ts'

/** Certificates that end soon and that nobody renews, and orders that fail. */
export function certificateFindings(instance: Instance, now = Date.now()): Finding[] {
  const found = allApps(instance).flatMap((app): Finding[] => {
    const { failures, error } = stateOf(app)
    const failing = failures > 0 && chosenFor(app) !== 'off'
    const hint = `letsencrypt:report ${app.name}; letsencrypt:enable ${app.name} tries at once`
    const ending = endingSoon(app, now).map((text) => wrong(text, `certs:report ${app.name}`))
    return failing ? [...ending, warning(`no certificate comes for ${app.name}: ${(error ?? '').split('\n')[0]}`, hint)] : ending
  })
  return found.length > 0 ? found : [ok('none ends soon, and none fails to come')]
}

export const certificates: Check = { name: 'certificates', look: async (instance) => certificateFindings(instance) }
