import { join } from 'node:path'
import * as z from 'zod'
import { readIfThere, writeWhole } from '#lib/files.ts'
import { exclusively } from './exclusive.ts'
import type { Store } from './store.ts'

/** The first of the user ids for plugins: from here on nobody is anybody in an image, and a rootless engine has these too. */
const first = 20_000

const users = z.record(z.string(), z.int())

/** The user id of a plugin: no other plugin of the store has it, or ever had it. */
export async function userOf(store: Store, name: string): Promise<number> {
  return (await read(store))[name] ?? (await exclusively(store.root, () => assign(store, name)))
}

async function assign(store: Store, name: string): Promise<number> {
  const known = await read(store)
  const id = known[name] ?? Math.max(first - 1, ...Object.values(known)) + 1
  await writeWhole(pathOf(store), `${JSON.stringify({ ...known, [name]: id }, undefined, 2)}\n`)
  return id
}

async function read(store: Store): Promise<Record<string, number>> {
  return users.parse(JSON.parse((await readIfThere(pathOf(store))) ?? '{}'))
}

function pathOf({ root }: Store): string {
  return join(root, 'users.json')
}
