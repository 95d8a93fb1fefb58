import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { isThere, writeWhole } from '#lib/files.ts'

const side = z.object({ version: z.string(), image: z.string() })

/** What is to be switched to, by whom, and what came of it. */
const schema = z.object({
  from: side.extend({ container: z.string(), restart: z.string() }),
  to: side.extend({ reference: z.string() }),
  by: z.string(),
  startedAt: z.string(),
  /** The first migration that the newer one brings, in whose name the database is copied before it; undefined for none. */
  migration: z.string().optional(),
  /** `returned`: the one from before runs again; `kept`: the newer one is not healthy, and took commands that a way back would lose. */
  outcome: z.enum(['switching', 'done', 'returned', 'kept']),
  /** Why it goes back, or went. */
  reason: z.string().default(''),
  finishedAt: z.string().optional(),
})

export type Upgrade = z.infer<typeof schema>

const file = (dataDir: string) => join(dataDir, 'upgrade.json')

/** The last upgrade, or the one that goes on. */
export async function readUpgrade(dataDir: string): Promise<Upgrade | undefined> {
  return (await isThere(file(dataDir))) ? schema.parse(JSON.parse(await readFile(file(dataDir), 'utf8'))) : undefined
}

export async function writeUpgrade(dataDir: string, upgrade: Upgrade): Promise<void> {
  await writeWhole(file(dataDir), `${JSON.stringify(upgrade)}\n`)
}

/** In one line, as `events` and `doctor` have it. */
export function upgradeText({ from, to, outcome, reason }: Upgrade): string {
  const way = `from dokku ${from.version} to ${to.version}`
  if (outcome === 'switching') return `the upgrade ${way} goes on`
  if (outcome === 'done') return `upgraded ${way}`
  return `the upgrade ${way} failed (${reason}); ${outcome === 'returned' ? from.version : to.version} runs`
}
