import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '#lib/errors.ts'
import type { App } from './app.ts'
import type { AppContainer } from './container.ts'
import type { Healthcheck } from './manifest.ts'

/** Runs a check's command in the container until it succeeds; UserError `check-failed` after as many attempts as it may have. */
export async function untilCommand(app: App, container: AppContainer, check: Healthcheck, signal: AbortSignal): Promise<void> {
  const { attempts = 3, wait = 5, initialDelay } = check
  await pause(initialDelay, signal)
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    const status = await runCheck(app, container, check, signal)
    if (status === 0 || signal.aborted) return
    if (attempt >= attempts)
      throw new UserError(
        'check-failed',
        `${container.process}.${container.index}: the check ${JSON.stringify(check.name ?? check.command?.join(' '))} failed ${attempts} times, at last with ${status === undefined ? 'no answer in its time' : `exit status ${status}`}`,
        { hint: 'enter the app and run the command of healthchecks in app.json by hand' },
      )
    await pause(wait, signal)
  }
}

/** The exit status of a check's command, run once in the container; undefined where it takes too long. */
export async function runCheck(app: App, { id }: AppContainer, check: Healthcheck, signal: AbortSignal): Promise<number | undefined> {
  const exec = await app.instance.engine.getContainer(id).exec({ Cmd: [...(check.command ?? [])], AttachStdout: true, AttachStderr: true })
  const stream = await exec.start({ hijack: true, stdin: false })
  const ended = new Promise<'ended'>((resolve) => {
    stream
      .on('close', () => resolve('ended'))
      .on('end', () => resolve('ended'))
      .on('error', () => resolve('ended'))
    stream.resume()
  })
  const first = await Promise.race([ended, pause(check.timeout ?? 5, signal)])
  if (first !== 'ended') {
    stream.destroy()
    return undefined
  }
  const { ExitCode: status } = await exec.inspect()
  return status ?? undefined
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  if (seconds > 0) await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined)
}
