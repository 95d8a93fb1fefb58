import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** Ends every process that has this variable with this value, and whatever it started: SIGHUP, and SIGKILL for those who stay. */
export async function hangUp(variable: string, value: string, graceMs = 5_000): Promise<void> {
  const entry = `${variable}=${value}`
  const deadline = performance.now() + graceMs
  for (const pid of await marked(entry)) signal(pid, 'SIGHUP')
  // The processes are nobody's children here, so the kernel tells us nothing of their end.
  for (let left = await marked(entry); left.length > 0 && performance.now() < deadline + graceMs; left = await marked(entry)) {
    if (performance.now() > deadline) for (const pid of left) signal(pid, 'SIGKILL')
    await pause(50)
  }
}

async function marked(entry: string): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && pid !== process.pid)
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      return environment.split('\0').includes(entry) ? [pid] : []
    }),
  )
  return found.flat()
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile.
  }
}

if (import.meta.main) {
  const [variable = '', value = ''] = process.argv.slice(2)
  await hangUp(variable, value)
}
