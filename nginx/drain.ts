import { setTimeout as sleep } from 'node:timers/promises'
import { upstreamKey } from './routes.ts'
import type { Upstream } from './site.ts'
import { ask } from './socket.ts'

/** How often nginx is asked while requests are still in flight. */
const intervalMs = 10

/**
 * Resolves once no request to the upstreams is in flight, or after `timeoutMs` with the number still open.
 * Exact when no route names them any more: a request is counted before it reads its route for the last time.
 */
export async function drain(
  socket: string,
  upstreams: readonly Upstream[],
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<{ open: number }> {
  const body = [...new Set(upstreams.map(upstreamKey))].join('\n')
  const deadline = performance.now() + options.timeoutMs
  for (;;) {
    const open = await inFlight(socket, body)
    if (open <= 0 || performance.now() >= deadline) return { open: Math.max(open, 0) }
    await sleep(
      Math.min(intervalMs, Math.max(1, deadline - performance.now())),
      undefined,
      options.signal ? { signal: options.signal } : {},
    )
  }
}

async function inFlight(socket: string, body: string): Promise<number> {
  const answer = await ask(socket, 'POST', '/open', { body })
  const open = Number(answer.text)
  if (answer.status !== 200 || !Number.isInteger(open)) throw new Error(`nginx did not count requests (${answer.status})`)
  return open
}
