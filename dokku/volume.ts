import { join } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { lock } from '#lib/lock.ts'

/**
 * Takes an instance's volume for this process: two controls on one would undo each other's work. The one before may need
 * a moment to be gone; `onWait` is told of it. UserError `volume-in-use` after `waitMs`. Keep the answer: it holds the volume.
 */
export function holdVolume(dataDir: string, { waitMs, onWait }: { waitMs: number; onWait?: () => void }): { release(): void } {
  const file = join(dataDir, 'control.lock')
  const free = lock(file, 0)
  if (free !== undefined) return free
  onWait?.()
  const given = lock(file, waitMs)
  if (given !== undefined) return given
  throw new UserError('volume-in-use', 'another control uses the volume', {
    hint: 'docker ps shows it; each instance has volumes of its own, by DOKKU_NAME',
  })
}
