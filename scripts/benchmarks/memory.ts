import { type Instance, ok } from '../../tests/e2e/harness.ts'

/** MB of memory that a container's processes hold themselves, without the page cache: `anon` of cgroup version 2, `total_rss` of version 1. */
export async function heldMemory({ engine }: Instance, container: string): Promise<number> {
  const read = 'cat /sys/fs/cgroup/memory.stat 2>/dev/null || cat /sys/fs/cgroup/memory/memory.stat'
  return parseMemory(ok(await engine.docker(['exec', container, 'sh', '-c', read]))) / 1e6
}

/** Bytes, of the text of a memory.stat. */
export function parseMemory(stat: string): number {
  const [, bytes] = /^(?:anon|total_rss) (\d+)$/m.exec(stat) ?? []
  if (bytes === undefined) throw new Error('memory.stat says neither anon nor total_rss')
  return Number(bytes)
}
