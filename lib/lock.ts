import { DatabaseSync } from 'node:sqlite'

/**
 * Takes a file for this process alone, or gives undefined when another one has it for longer than `waitMs`, blocking
 * meanwhile. The kernel keeps the lock, across containers too, and takes it back however the process ends: it is SQLite's
 * own, because Node has no call for one.
 */
export function lock(path: string, waitMs: number): { release(): void } | undefined {
  const file = new DatabaseSync(path, { timeout: waitMs })
  try {
    file.exec('BEGIN EXCLUSIVE')
    return { release: () => file.close() }
  } catch (error) {
    file.close()
    if ((error as { errcode?: number }).errcode === busy) return undefined
    throw error
  }
}

/** SQLITE_BUSY. */
const busy = 5
