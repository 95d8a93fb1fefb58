import type { Instance } from '../instance.ts'
import { findOrphans } from '../orphans.ts'
import { type Check, type Finding, ok, warning } from './check.ts'

/** Containers and networks that belong to no app: the full pass removes them, so what is left resists it. */
export function orphanFindings({ containers, networks }: { containers: readonly string[]; networks: readonly string[] }): Finding[] {
  const found = [...containers.map((name) => `the container ${name}`), ...networks.map((name) => `the network ${name}`)]
  if (found.length === 0) return [ok('nothing is left over')]
  return [warning(`of no app: ${found.join(', ')}`, 'cleanup removes it now, or says what holds it')]
}

export const orphans: Check = { name: 'orphans', look: async (instance: Instance) => orphanFindings(await findOrphans(instance)) }
