import type { Instance } from './instance.ts'
import { readLogs } from './logs/last-lines.ts'

/** The last lines that control itself logged, where the engine keeps them. */
export async function controlLog({ engine, settings }: Instance, lines: number): Promise<string[]> {
  return await readLogs(engine.getContainer(settings.name), lines).catch(() => [])
}
