import { type Instance, ok } from '../../tests/e2e/harness.ts'

/** How long it is watched: long enough for what happens every few seconds. */
const watchedMs = 30_000

/** What part of a core a container takes while nobody asks it for anything, in percent. */
export async function idleCpu({ engine }: Instance, container: string): Promise<number> {
  const read = 'cat /sys/fs/cgroup/cpu.stat 2>/dev/null || cat /sys/fs/cgroup/cpuacct/cpuacct.usage'
  const used = async () => parseCpu(ok(await engine.docker(['exec', container, 'sh', '-c', read])))
  const [before, began] = [await used(), performance.now()]
  await new Promise((resolve) => setTimeout(resolve, watchedMs))
  return ((await used()) - before) / (performance.now() - began) / 10
}

/** Microseconds, of a cpu.stat, or of a cpuacct.usage, which has nanoseconds. */
export function parseCpu(text: string): number {
  const [, micros] = /^usage_usec (\d+)$/m.exec(text) ?? []
  if (micros !== undefined) return Number(micros)
  if (/^\d+\s*$/.test(text)) return Number(text) / 1000
  throw new Error('neither cpu.stat nor cpuacct.usage says what was used')
}
