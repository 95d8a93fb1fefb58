import { text } from 'node:stream/consumers'
import { UserError } from '#lib/errors.ts'
import { launch } from '#lib/launch.ts'
import type { Output } from '#lib/output.ts'
import { count, misused, read } from '../usage.ts'
import { callers } from './callers.ts'
import { client } from './client.ts'
import type { Job } from './jobs.ts'
import { socketPath, stateDir } from './places.ts'

const socket = { type: 'string', default: socketPath } as const
const state = { type: 'string', default: stateDir } as const
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

/** `builder allow`. */
export async function allow(words: string[], out: Output): Promise<number> {
  const { values, positionals } = read(words, { state, token: { type: 'boolean', default: false } })
  const [name, ...more] = positionals
  if (name === undefined || more.length > 0) throw misused('a name is needed')
  const known = callers(values.state)
  out.line(values.token ? await known.allowToken(name) : await known.allowKey(name, await text(process.stdin)))
  return 0
}

/** `builder forbid`. */
export async function forbid(words: string[]): Promise<number> {
  const { values, positionals } = read(words, { state })
  const [name, ...more] = positionals
  if (name === undefined || more.length > 0) throw misused('a name is needed')
  await callers(values.state).forbid(name)
  return 0
}

/** `builder auth USER KEY`, or `USER -` with the secret on standard input: the doors' question, unless they have another program for it. */
export async function auth(words: string[], out: Output): Promise<number> {
  const { values, positionals } = read(words, { state })
  const [user = '', key = ''] = positionals
  const known = callers(values.state)
  if (key === '-') return (await known.hasToken(user, (await text(process.stdin)).replace(/\n$/, ''))) ? 0 : 1
  const caller = await known.byKey(key)
  if (caller === undefined) return 1
  out.line(`NAME=${caller.name}\nFINGERPRINT=${caller.fingerprint}`)
  return 0
}

/** `builder session -- WORDS...`: an ssh command of somebody whom execd let in. They push, and see to their own jobs. */
export async function session(words: string[], out: Output): Promise<number> {
  const options = {
    socket,
    repositories: { type: 'string' },
    receiver: { type: 'string' },
    follow: { type: 'boolean', short: 'f' },
  } as const
  const at = words.indexOf('--')
  const { values } = read(words.slice(0, at), options)
  const { values: asked, positionals } = read(words.slice(at + 1), { follow: options.follow })
  const [verb = '', ...rest] = positionals
  const { NAME, USER = '', FINGERPRINT = '' } = process.env
  const user = NAME ?? USER
  const daemon = client(values.socket)
  if (/^git(-|$)/.test(verb)) {
    const { repositories = '', receiver = '' } = values
    const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined))
    const started = launch(['gitreceive', 'serve', repositories, receiver], {
      cwd: '/',
      env: { ...env, RECEIVE_USER: user, RECEIVE_FINGERPRINT: FINGERPRINT },
      stdio: ['inherit', 'inherit', 'inherit'],
    })
    return await started.exited
  }
  if (verb === 'jobs' && rest.length === 0) {
    list(
      (await daemon.jobs()).filter((job) => job.user === user),
      out,
    )
    return 0
  }
  if (verb !== 'logs' && verb !== 'cancel')
    throw new UserError('usage', 'git push, jobs, logs JOB [-f] and cancel JOB are served here', { exitCode: 64 })
  const id = only(rest)
  // Of somebody else's job nothing is told, not even that it is there.
  if ((await daemon.get(id)).user !== user) throw new UserError('no-such-job', `there is no job ${id}`)
  if (verb === 'logs') await daemon.log(id, write, { follow: asked.follow ?? false })
  else out.result(`${id} ${(await daemon.cancel(id, user)).status}`)
  return 0
}

function list(jobs: readonly Job[], out: Output): void {
  for (const { id, status, image, user, created } of jobs)
    out.line([String(id).padStart(5), status.padEnd(11), created.replace(/\.\d+Z$/, 'Z'), image, user].join('  ').trimEnd())
}

function only([id, ...more]: string[]): number {
  if (id === undefined || more.length > 0) throw misused('the number of one job is needed')
  return count('job', id)
}
