import { type Check, type Finding, ok, warning, wrong } from './check.ts'

/** What the engine says of itself. */
export interface EngineFacts {
  version: string
  apiVersion: string
  warnings: readonly string[]
}

/** Is it new enough, and what does it warn of? Versions of the API are the ones that are tested. */
export function engineFindings({ version, apiVersion, warnings }: EngineFacts): Finding[] {
  const upgrade = 'the distribution, or docs.docker.com/engine/install, has a newer one; apps are started again after it'
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number)
  if (major < 1 || (major === 1 && minor < 41)) return [wrong(`Docker ${version} is older than dokku works with: 20.10`, upgrade)]
  const about = warnings.map((text) => warning(`Docker says: ${text.replace(/^WARNING: /, '')}`, 'docker info shows it'))
  return about.length > 0 ? about : [ok(`Docker ${version}`)]
}

export const engine: Check = {
  name: 'engine',

  async look({ engine: docker }) {
    const [{ Version, ApiVersion }, { Warnings }] = (await Promise.all([docker.version(), docker.info()])) as [
      { Version: string; ApiVersion: string },
      { Warnings?: string[] | null },
    ]
    return engineFindings({ version: Version, apiVersion: ApiVersion, warnings: Warnings ?? [] })
  },
}
