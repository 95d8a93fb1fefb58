import { connect } from 'node:net'

/** Those of the targets, as address:port, that take a TCP connection within the time. */
export async function answering(targets: readonly string[], timeoutMs = 3_000): Promise<string[]> {
  const tried = await Promise.all(targets.map(async (target) => ((await answers(target, timeoutMs)) ? [target] : [])))
  return tried.flat()
}

function answers(target: string, timeoutMs: number): Promise<boolean> {
  const [host = '', port] = target.split(':')
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: timeoutMs })
    const end = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket
      .once('connect', () => end(true))
      .once('timeout', () => end(false))
      .once('error', () => end(false))
  })
}

// Run as a program in the network that it is asked about.
if (import.meta.main) for (const target of await answering(process.argv.slice(2))) process.stdout.write(`${target}\n`)
