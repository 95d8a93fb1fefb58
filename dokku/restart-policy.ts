import type { HostRestartPolicy } from 'dockerode'
import { UserError } from '#lib/errors.ts'
import type { App } from './app.ts'

/** Dokku's default: a crashed container is started again up to ten times. */
export const defaultRestartPolicy = 'on-failure:10'

/** The engine's form of Dokku's word: always, unless-stopped, on-failure, on-failure:COUNT or no. */
export function parseRestartPolicy(text: string): HostRestartPolicy {
  const [, name, count] = /^(always|unless-stopped|no|on-failure(?::(\d{1,4}))?)$/.exec(text) ?? []
  if (name === undefined)
    throw new UserError('bad-restart-policy', `${JSON.stringify(text.slice(0, 40))} is not a restart policy`, {
      hint: 'on-failure:10, on-failure, always, unless-stopped or no',
    })
  if (count === undefined) return { Name: name }
  return { Name: 'on-failure', MaximumRetryCount: Number(count) }
}

export function restartPolicyOf(app: App): string {
  return app.properties.get('ps restart-policy') ?? defaultRestartPolicy
}

/** With the policy `no`, or `ps:set restore false`, what ended or was removed by hand stays as it is until the next change of the app. */
export function leavesEnded(app: App): boolean {
  return restartPolicyOf(app) === 'no' || app.properties.get('ps restore') === 'false'
}
