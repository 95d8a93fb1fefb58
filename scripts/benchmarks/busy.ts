import { cpus } from 'node:os'

/** The part of all cores' time, 0 to 1, that is used during the next second: what others do to the figures. */
export async function busyPart(ms = 1_000): Promise<number> {
  const before = spent()
  await new Promise((resolve) => setTimeout(resolve, ms))
  const after = spent()
  return (after.busy - before.busy) / Math.max(1, after.busy - before.busy + after.idle - before.idle)
}

function spent(): { busy: number; idle: number } {
  const times = cpus().map((core) => core.times)
  const sum = (pick: (of: (typeof times)[number]) => number) => times.reduce((total, of) => total + pick(of), 0)
  return { idle: sum(({ idle }) => idle), busy: sum(({ user, nice, sys, irq }) => user + nice + sys + irq) }
}
