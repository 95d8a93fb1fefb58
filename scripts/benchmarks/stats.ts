/** The middle value; of an even number of them the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('no values, no median')
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length / 2
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2
}

/** The value that this part of all values, from 0 to 1, is not above. */
export function percentile(values: readonly number[], part: number): number {
  if (values.length === 0) throw new Error('no values, no percentile')
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * part) - 1] ?? Number.NaN
}

/** Milliseconds that some work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** Medians of several measurements taken in turn, so that a slow moment of the machine hits them all. */
export async function inTurn<Name extends string>(
  rounds: number,
  measurements: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(measurements) as Name[]
  const values = names.map(() => [] as number[])
  for (let round = 0; round < rounds; round++) for (const [at, name] of names.entries()) values[at]?.push(await measurements[name]())
  return Object.fromEntries(names.map((name, at) => [name, median(values[at] ?? [])])) as Record<Name, number>
}
