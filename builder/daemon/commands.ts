import type { Output } from '#lib/output.ts'
import { count, misused, read } from '../usage.ts'
import { client } from './client.ts'
import type { Job } from './jobs.ts'
import { socketPath } from './places.ts'

const socket = { type: 'string', default: socketPath } as const
const write = (text: string) => void process.stdout.write(text)

/** `builder receive`: what gitreceive calls for a push. */
export async function receive(words: string[]): Promise<number> {
  const { values, positionals } = read(words, { socket })
  const [name, revision, user = '', fingerprint = '', ...more] = positionals
  if (name === undefined || revision === undefined || more.length > 0) throw misused('NAME COMMIT USER FINGERPRINT are needed')
  try {
    const status = await client(values.socket).build({ name, revision, user, fingerprint }, process.stdin, write)
    return status === 'succeeded' ? 0 : 1
  } finally {
    // What was not read of the tree is not waited for.
    process.stdin.destroy()
  }
}

/** `builder jobs`. */
export async function jobs(words: string[], out: Output): Promise<number> {
  const { values } = read(words, { socket, json: { type: 'boolean', default: false } })
  const all = await client(values.socket).jobs()
  if (values.json) out.line(JSON.stringify(all))
  else list(all, out)
  return 0
}

/** `builder logs`. */
export async function logs(words: string[]): Promise<number> {
  const { values, positionals } = read(words, { socket, follow: { type: 'boolean', short: 'f', default: false } })
  await client(values.socket).log(only(positionals), write, values)
  return 0
}

/** `builder cancel`. */
export async function cancel(words: string[], out: Output): Promise<number> {
  const { values, positionals } = read(words, { socket })
  const { id, image, status } = await client(values.socket).cancel(only(positionals))
  out.result(`${id} ${image} ${status}`)
  return 0
}

/** Jobs, one to a line. */
export function list(jobs: readonly Job[], out: Output): void {
  for (const { id, status, image, user, created } of jobs)
    out.line([String(id).padStart(5), status.padEnd(11), created.replace(/\.\d+Z$/, 'Z'), image, user].join('  ').trimEnd())
}

/** The number of the one job that was named. */
export function only([id, ...more]: string[]): number {
  if (id === undefined || more.length > 0) throw misused('the number of one job is needed')
  return count('job', id)
}
