import { rename, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '#lib/errors.ts'
import { lock } from '#lib/lock.ts'

/** How long a newer appliance waits for an older one to finish what it is changing. */
const patienceMs = 60_000

/**
 * The right to write what is stored. One appliance has it, by a lock of the kernel's; a newer one over the same files asks for
 * it, and gets it between two changes. It goes back to the older one when the newer ends before it serves.
 */
export class Ownership {
  readonly #dir: string
  #lock: { release(): void } | undefined
  #running = 0
  #given = false
  #idle: (() => void) | undefined
  /** The connection to the older one, until this one serves. */
  #older: Socket | undefined

  private constructor(dir: string) {
    this.#dir = dir
  }

  /** Takes the right to write below `dir`, from an older appliance if there is one. */
  static async take(dir: string): Promise<Ownership> {
    const ownership = new Ownership(dir)
    if (!ownership.#locked(0)) await ownership.#ask()
    return ownership
  }

  /** Is there an older appliance that still serves? */
  get replaces(): boolean {
    return this.#older !== undefined
  }

  /** From now on this one serves, and a newer one may ask it. */
  async serve(): Promise<void> {
    const fresh = `${this.#socket}.${process.pid}.new`
    await rm(fresh, { force: true })
    const server = createServer((newer) => void this.#give(newer)).unref()
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(fresh, resolve))
    await rename(fresh, this.#socket)
    this.#older?.end('up\n')
    this.#older = undefined
  }

  /** Makes a change, unless a newer appliance has the right to. */
  async during<T>(change: () => Promise<T>): Promise<T> {
    if (this.#given)
      throw new UserError('appliance-replaced', 'a newer appliance takes over at this moment', {
        hint: 'ask again: it answers at the same place',
      })
    this.#running++
    try {
      return await change()
    } finally {
      this.#running--
      if (this.#running === 0) this.#idle?.()
    }
  }

  get #socket(): string {
    return `${this.#dir}/handover.sock`
  }

  #locked(waitMs: number): boolean {
    this.#lock = lock(`${this.#dir}/owner.lock`, waitMs)
    return this.#lock !== undefined
  }

  async #ask(): Promise<void> {
    const deadline = performance.now() + patienceMs
    while (performance.now() < deadline) {
      const older = await asked(this.#socket, deadline - performance.now())
      this.#older = older
      if (this.#locked(older === undefined ? 0 : 1000)) return
      older?.destroy()
      await sleep(100)
    }
    throw new Error(`another appliance uses ${this.#dir} and does not hand it over`)
  }

  async #give(newer: Socket): Promise<void> {
    let up = false
    newer
      .on('error', () => undefined)
      .on('data', (said) => {
        up ||= said.includes('up')
      })
    const ended = new Promise<void>((resolve) => newer.once('close', () => resolve()))
    this.#given = true
    if (this.#running > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    this.#lock?.release()
    this.#lock = undefined
    newer.write('yours\n')
    await ended
    // The newer one has ended before it served.
    if (!up && this.#locked(1000)) this.#given = false
  }
}

/** Resolves with the connection once the older appliance has said that the right is ours; undefined when there is nobody to say so. */
async function asked(path: string, waitMs: number): Promise<Socket | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(path)
    const timer = setTimeout(() => socket.destroy(), waitMs)
    const settle = (found: Socket | undefined) => {
      clearTimeout(timer)
      resolve(found)
    }
    socket.on('error', () => undefined)
    socket.once('data', () => settle(socket)).once('close', () => settle(undefined))
  })
}
