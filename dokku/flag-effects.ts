import type { ContainerCreateOptions } from 'dockerode'
import { dockerFlags, type Effect, ownFlags } from './docker-flags.ts'
import type { DockerFlag } from './parse-flags.ts'

/** What flags ask for, together: of lists all, of anything else the last. */
export function effectOf(flags: readonly DockerFlag[]): Effect {
  return flags.reduce(
    (effect: Effect, { name, value = '' }) => merge(effect, (dockerFlags[name] ?? ownFlags[name])?.effect(value) ?? {}),
    {},
  )
}

/** A container with its flags. They add to what it is, except that no variable of the app's changes and no limit is lifted. */
export function withFlags(container: ContainerCreateOptions, flags: readonly DockerFlag[]): ContainerCreateOptions {
  if (flags.length === 0) return container
  const { links, networks, buildArgs, noCache, Env = [], ...effect } = effectOf(flags)
  const nameOf = (variable: string) => variable.split('=', 1)[0]
  const own = new Set(container.Env?.map(nameOf))
  const merged = merge(container, { ...effect, Env: Env.filter((one) => !own.has(nameOf(one))) })
  const Memory = Math.min(...[container.HostConfig?.Memory, effect.HostConfig?.Memory].map((bytes) => bytes || Number.POSITIVE_INFINITY))
  // Swap counts for memory, unless somebody gave the app more of it.
  const MemorySwap = Math.max(Memory, effect.HostConfig?.MemorySwap ?? 0)
  return merge(merged, { HostConfig: Number.isFinite(Memory) ? { Memory, MemorySwap } : {} })
}

/** Both together: lists one after the other, objects key by key, and of anything else the second. */
function merge<T extends object>(first: T, second: T): T {
  const merged = { ...first } as Record<string, unknown>
  for (const [key, value] of Object.entries(second)) {
    const before = merged[key]
    if (Array.isArray(before) && Array.isArray(value)) merged[key] = [...before, ...value]
    else merged[key] = isObject(before) && isObject(value) ? merge(before, value) : value
  }
  return merged as T
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
