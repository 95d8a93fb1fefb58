import { docker } from '#lib/docker.ts'
import { ownContainer } from '#lib/own-container.ts'
import type { Settings } from '../settings.ts'
import { preflight } from './preflight.ts'
import { switchControl } from './switch.ts'

/** The roles of a newer image, in containers that `upgrade` makes of it. */
export async function upgradeRole(role: 'preflight' | 'upgrade', { dataDir, name }: Settings, env: NodeJS.ProcessEnv): Promise<void> {
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  if (role === 'preflight') return say(JSON.stringify(await preflight(dataDir, env)))
  const engine = await docker()
  await switchControl({ engine, name, dataDir, say })
  const own = engine.getContainer((await ownContainer(engine)).Id)
  await own.update({ RestartPolicy: { Name: 'no' } })
}
