import type { Readable } from 'node:stream'

/** Where files of backups are kept, called by their names. Errors are UserErrors of `target-failed`. */
export interface Target {
  /** As people name it. */
  readonly url: string
  /** Stores a file whole, or nothing of it; one of that name is replaced. */
  put(name: string, content: Readable): Promise<void>
  get(name: string): Promise<Readable>
  /** The names of all files there. */
  list(): Promise<string[]>
  /** One that is not there is no error. */
  remove(name: string): Promise<void>
}
