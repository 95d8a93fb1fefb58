import { groups } from '../../dokku/plugins.ts'
import { type Instance, ok } from '../../tests/e2e/harness.ts'
import { inTurn, timed } from './stats.ts'

/** Commands that are about an app each, or about none but what a list shows. */
const looks = /:(list|report)$/

/** The slowest of all lists and reports of all apps, in milliseconds, with a login alone beside each. */
export async function slowestReport(
  instance: Instance,
  silent: () => Promise<number>,
  rounds: number,
): Promise<{ name: string; ms: number; ssh: number }> {
  const figures: { name: string; ms: number; ssh: number }[] = []
  for (const { name, args = {}, hidden } of (await groups()).flatMap((group) => group.commands)) {
    const whole = Object.values(args).every(({ kind }) => kind === 'optional')
    if (!looks.test(name) || hidden || !whole) continue
    const { ms, ssh } = await inTurn(rounds, { ssh: silent, ms: () => timed(async () => ok(await instance.ssh(name))) })
    figures.push({ name, ms, ssh })
  }
  const [slowest] = figures.toSorted((a, b) => b.ms / b.ssh - a.ms / a.ssh)
  if (slowest === undefined) throw new Error('no command lists or reports')
  return slowest
}
