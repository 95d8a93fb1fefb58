import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import type { Ask } from './http.ts'

export interface LoadResult {
  sent: number
  /** Every request that did not get a 200, with what happened and when, in seconds from the start. */
  failures: string[]
  /** How often each body was answered. */
  bodies: Map<string, number>
  /** Milliseconds that each request took. */
  times: number[]
}

export interface LoadOptions {
  /** Default: 6. */
  clients?: number
  pauseMs?: number
  /** How many requests there must be at least, however soon the work is done. */
  atLeast?: number
  /** As browsers do: asks once more where a connection was closed before it answered anything. */
  again?: boolean
}

/** Like `load`, and fails when a request did. */
export async function underLoad(target: Ask, work: () => Promise<unknown>, options: LoadOptions = {}): Promise<LoadResult> {
  const result = await load(target, work, options)
  assert.deepEqual(result.failures.slice(0, 10), [], `${result.failures.length} of ${result.sent} requests failed`)
  return result
}

/** Asks the same thing over and over while some work goes on: half of the clients keep their connection, half open one for each request. */
export async function load(target: Ask, work: () => Promise<unknown>, options: LoadOptions = {}): Promise<LoadResult> {
  const { clients = 6, pauseMs = 8, atLeast = 1, again = false } = options
  const result: LoadResult = { sent: 0, failures: [], bodies: new Map(), times: [] }
  const started = performance.now()
  let stopped = false

  async function client(n: number): Promise<void> {
    const agent = new Agent({ keepAlive: n % 2 === 0, maxSockets: 1 })
    while (!stopped) {
      const begun = performance.now()
      try {
        const { status, body } = await once(target, agent, again)
        if (status !== 200) throw new Error(`HTTP ${status}`)
        result.bodies.set(body, (result.bodies.get(body) ?? 0) + 1)
      } catch (error) {
        const seconds = ((performance.now() - started) / 1000).toFixed(2)
        result.failures.push(`${seconds} s, client ${n}: ${error instanceof Error ? error.message : error}`)
      }
      result.times.push(performance.now() - begun)
      result.sent++
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    agent.destroy()
  }

  const running = Array.from({ length: clients }, (_, n) => client(n))
  try {
    await work()
    while (result.sent < atLeast) await new Promise((resolve) => setTimeout(resolve, 50))
  } finally {
    stopped = true
    await Promise.all(running)
  }
  return result
}

function once(target: Ask, agent: Agent, again = false): Promise<{ status: number; body: string }> {
  const { address, port, host, path = '/' } = target
  return new Promise((resolve, reject) => {
    const asked = request({ host: address, port, path, headers: { host }, agent, timeout: 30_000 }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.on('error', reject)
    })
    asked.on('error', (error) => (again ? once(target, agent).then(resolve, reject) : reject(error)))
    asked.on('timeout', () => asked.destroy(new Error('no answer within 30 seconds')))
    asked.end()
  })
}
