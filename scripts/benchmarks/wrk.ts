import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#lib/exec.ts'
import { median } from './stats.ts'

/** What wrk saw: requests per second, and the milliseconds below which 99 of 100 answers came. */
export interface Seen {
  rate: number
  p99: number
}

const milliseconds: Record<string, number> = { us: 0.001, ms: 1, s: 1000 }

/** Asks for some seconds over 32 kept connections, each host in turn; any wrong answer is an error. */
export async function wrk(
  port: number,
  options: { dir: string; hosts: readonly string[]; encrypted: boolean; seconds?: number },
): Promise<Seen> {
  const { dir, hosts, encrypted, seconds = 2 } = options
  const script = join(dir, 'hosts.lua')
  await writeFile(
    script,
    `local hosts, at, requests = { ${hosts.map((host) => `"${host}"`).join(', ')} }, 0, {}
function init()
  for index, host in ipairs(hosts) do
    requests[index] = wrk.format("GET", "/", { Host = host })
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
`,
  )
  const url = `${encrypted ? 'https' : 'http'}://localhost:${port}/`
  const { stdout } = await run(['wrk', '-t1', '-c32', `-d${seconds}s`, '--latency', '-s', script, url])
  const wrong = /Non-2xx.*|Socket errors.*/.exec(stdout)
  if (wrong !== null) throw new Error(wrong[0])
  const [, value, unit = ''] = /99%\s+([\d.]+)(us|ms|s)\b/.exec(stdout) ?? []
  return { rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]), p99: Number(value) * (milliseconds[unit] ?? Number.NaN) }
}

/** What rounds of several proxies showed, by their names: medians of each, and of what one is to another within a round. */
export interface Rounds {
  rate(name: string): number
  p99(name: string): number
  ratio(one: string, other: string, of: keyof Seen): number
}

/** Asks several proxies in turn, after a first time that does not count. */
export async function rounds(count: number, proxies: Readonly<Record<string, () => Promise<Seen>>>): Promise<Rounds> {
  const seen: Map<string, Seen>[] = []
  for (const ask of Object.values(proxies)) await ask()
  for (let round = 0; round < count; round++) {
    const one = new Map<string, Seen>()
    // Whoever is first in one round is last in the next.
    const order = round % 2 === 0 ? Object.entries(proxies) : Object.entries(proxies).toReversed()
    for (const [name, ask] of order) one.set(name, await ask())
    seen.push(one)
  }
  const all = (name: string, of: keyof Seen) => seen.map((round) => round.get(name)?.[of] ?? Number.NaN)
  return {
    rate: (name) => median(all(name, 'rate')),
    p99: (name) => median(all(name, 'p99')),
    ratio(one, other, of) {
      const others = all(other, of)
      return median(all(one, of).map((value, round) => value / (others[round] ?? Number.NaN)))
    },
  }
}
