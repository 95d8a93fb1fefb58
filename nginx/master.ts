import { readFile, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { launch, signalGroup } from '#lib/launch.ts'
import type { Settings } from './settings.ts'

/** nginx's master process: started here, or found, when whoever started it died. */
export interface Master {
  readonly pid: number
  /** Resolves with the exit status when it is gone, and its workers with it; 1 for one that was found. */
  readonly exited: Promise<number>
}

/** Where nginx's process id is. */
export function pidFile({ runDir }: Pick<Settings, 'runDir'>): string {
  return `${runDir}/nginx.pid`
}

/** What nginx says of configurations that it does not take, also once nobody reads its stderr any more. */
export function saidFile({ runDir }: Pick<Settings, 'runDir'>): string {
  return `${runDir}/said.log`
}

/** Starts nginx in a process group of its own and with our stderr, so that it outlives this process. */
export function startMaster(configuration: string, settings: Settings): Master {
  const env = nginxEnvironment()
  const argv: [string, ...string[]] = ['nginx', '-e', saidFile(settings), '-c', configuration]
  const started = launch(argv, { cwd: '/', env, stdio: ['ignore', 'inherit', 'inherit'], ownGroup: true })
  const { pid = 0 } = started
  return { pid, exited: started.exited.catch(() => 127).then((status) => gone(pid, settings, status)) }
}

/** nginx is told nothing of our own settings: a token is among them. */
export function nginxEnvironment(): Record<string, string> {
  return Object.fromEntries(['PATH', 'TZ'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
}

/** The nginx that runs already with this configuration, if there is one. */
export async function findMaster(configuration: string, settings: Settings): Promise<Master | undefined> {
  const pid = Number(await readFile(pidFile(settings), 'utf8').catch(() => '0'))
  if (!(await isMaster(pid, configuration))) return undefined
  const ended = async () => {
    while (await isMaster(pid, configuration)) await sleep(200)
    return await gone(pid, settings, 1)
  }
  return { pid, exited: ended() }
}

/** Workers outlive a master that was killed, and would keep the ports. */
async function gone(pid: number, settings: Settings, status: number): Promise<number> {
  if (pid > 0) signalGroup({ pid }, 'SIGKILL')
  await rm(pidFile(settings), { force: true })
  return status
}

/** One that has ended and was not waited for has no words any more. */
async function isMaster(pid: number, configuration: string): Promise<boolean> {
  if (!(pid > 0)) return false
  const title = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return title.startsWith('nginx: master process') && title.replaceAll('\0', ' ').includes(` -c ${configuration}`)
}
