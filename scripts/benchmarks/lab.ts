import { type Instance, startInstance } from '../../tests/e2e/harness.ts'
import { type Crowd, crowd } from './crowd.ts'
import { type SilentDoor, silentDoor } from './silent-door.ts'

/** What the rows measure on; each part is made when the first of them needs it. */
export interface Lab {
  /** An instance on the host's engine. */
  instance(): Promise<Instance>
  /** Its SSH door with nothing behind it. */
  silent(): Promise<SilentDoor>
  /** An instance on an engine of its own, with 1, 100 and 500 apps after each other. */
  crowd(): Promise<Crowd>
  /** How often to measure; a brief run only shows that a row works. */
  rounds(usual: number): number
  readonly brief: boolean
}

/** A lab, and how to clear it away. */
export function openLab({ brief }: { brief: boolean }): Lab & { close(): Promise<void> } {
  const rounds = (usual: number) => (brief ? Math.min(usual, 2) : usual)
  const instance = once(() => startInstance({ suffix: 'bench' }))
  const many = once(() => crowd(brief ? [1, 4, 8] : [1, 100, 500], rounds))
  return {
    brief,
    rounds,
    instance: instance.get,
    silent: once(async () => silentDoor(await instance.get())).get,
    crowd: many.get,
    async close() {
      await (await instance.made()?.catch(() => undefined))?.remove()
      await (await many.made()?.catch(() => undefined))?.remove()
    },
  }
}

function once<T>(make: () => Promise<T>): { get(): Promise<T>; made(): Promise<T> | undefined } {
  let made: Promise<T> | undefined
  return {
    get: () => {
      made ??= make()
      return made
    },
    made: () => made,
  }
}
