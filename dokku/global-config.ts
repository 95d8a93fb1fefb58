import type { App } from './app.ts'
import { type DockerOption, readOptions } from './docker-options.ts'
import type { Properties } from './global-properties.ts'

interface Kept {
  readonly properties: Properties
}

/** Config vars that every app has, unless it has one of that name; an app takes them up with its next release. */
export function globalConfig({ properties }: Kept): Record<string, string> {
  return JSON.parse(properties.get('config global') ?? '{}') as Record<string, string>
}

/** Makes these the only ones. */
export function storeGlobalConfig({ properties }: Kept, vars: Readonly<Record<string, string>>): void {
  const sorted = Object.entries(vars).toSorted(([a], [b]) => (a < b ? -1 : 1))
  properties.set('config global', sorted.length === 0 ? '' : JSON.stringify(Object.fromEntries(sorted)))
}

/** They come to containers as options, which never change a var of the app's own. */
export function globalConfigArgs({ instance }: App, phase: 'deploy' | 'run'): DockerOption[] {
  return Object.entries(globalConfig(instance)).flatMap(([key, value]) => readOptions(['--env', `${key}=${value}`], phase))
}
