import { createWriteStream } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { UserError } from '#lib/errors.ts'
import { launch } from '#lib/exec.ts'
import { lineStream } from '#lib/line-stream.ts'
import { output } from '#lib/output.ts'
import { confinedArgv, passed } from '#plugn'
import { own } from './credentials.ts'
import type { CronJob } from './cron-sources.ts'
import { firstWords } from './crontab.ts'
import type { Instance } from './instance.ts'
import { record } from './journal.ts'
import { actAs, callingPlugin } from './nested.ts'

/** As Dokku's: what runs longer hangs. */
const longestMs = 24 * 60 * 60 * 1000

/** Who is root here, as all programs of plugins are. */
const ours = new Set(['root', 'dokku'])

/**
 * Runs a job as the plugins' programs run, or as its own user. `dokku` in it may what the local administrator may; that of
 * a plugin which says what it needs, what a key that deploys may. How it failed is an event.
 */
export async function runJob(
  { db, log, stopping }: Instance,
  environment: Readonly<Record<string, string>>,
  job: CronJob,
): Promise<number> {
  const { command, confined, origin, stdin, user } = job
  const line = (text: string) => log.info({ cron: origin }, text)
  const identity = own('cron', confined === undefined ? 'admin' : 'deployer')
  const ended = await actAs({ identity, output: output(line, line) }, () =>
    callingPlugin(async (mark) => {
      const called = { ...environment, DOKKU_NESTED: mark }
      const own = confined && { ...confined.env, ...passed(called, confined.passes) }
      const program = launch(confinedArgv(confined, ['sh', '-c', command]), {
        cwd: '/',
        env: { ...(own ?? called), ...job.env },
        stdio: ['pipe', 'pipe', 'pipe'],
        ownGroup: true,
        ...(confined === undefined ? await userOf(user, origin) : { uid: confined.uid, gid: confined.gid }),
      })
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(longestMs)])
      signal.addEventListener('abort', () => program.kill('SIGTERM'), { once: true })
      program.stdin?.on('error', () => undefined).end(stdin ?? '')
      // A plugin that may not write everywhere does not so by our hand.
      const sink = job.logFile === undefined || confined !== undefined ? lineStream(line) : await appending(job.logFile)
      const streams = [program.stdout, program.stderr].flatMap((stream) => (stream === null ? [] : [stream]))
      await Promise.all(streams.map((stream) => pipeline(stream, sink, { end: false })))
      await finished(sink.end())
      return await program.exited
    }),
  )
  const shown = firstWords(command)
  const more = command.trim().split(/\s+/).length > 2 ? ' …' : ''
  if (ended !== 0 && !stopping.aborted) record(db, { by: 'cron', text: `${origin}: ${shown}${more} ended (exit status ${ended})` })
  return ended
}

async function appending(path: string): Promise<Writable> {
  await mkdir(dirname(path), { recursive: true })
  return createWriteStream(path, { flags: 'a', mode: 0o640 })
}

/** The ids of a user of the image; UserError `no-such-user`. */
async function userOf(name: string | undefined, origin: string): Promise<{ uid?: number; gid?: number }> {
  if (name === undefined || ours.has(name)) return {}
  const rows = (await readFile('/etc/passwd', 'utf8')).split('\n').map((row) => row.split(':'))
  const [, , uid, gid] = rows.find(([known]) => known === name) ?? []
  if (uid === undefined)
    throw new UserError('no-such-user', `${origin} wants to run as ${JSON.stringify(name)}, and there is no such user here`, {
      hint: 'name root, dokku, or another user of the image',
    })
  return { uid: Number(uid), gid: Number(gid) }
}
