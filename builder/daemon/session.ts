import { UserError } from '#lib/errors.ts'
import { launch } from '#lib/launch.ts'
import type { Output } from '#lib/output.ts'
import { read } from '../usage.ts'
import { socketPath } from './places.ts'

const socket = { type: 'string', default: socketPath } as const

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
  // A push does not wait until this is loaded.
  const [{ client }, { list, only }] = await Promise.all([import('./client.ts'), import('./commands.ts')])
  const daemon = client(values.socket)
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
  if (verb === 'logs') await daemon.log(id, (text) => void process.stdout.write(text), { follow: asked.follow ?? false })
  else out.result(`${id} ${(await daemon.cancel(id, user)).status}`)
  return 0
}
