import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import * as z from 'zod'
import { eventually, greedyImage, ok } from '../../../tests/e2e/harness.ts'
import { atMost, type Row } from '../row.ts'
import { silentDoor } from '../silent-door.ts'
import { inTurn, timed } from '../stats.ts'

/** The last lines of many. */
export const logs: Row = {
  name: 'logs',
  what: '`logs --num 100` with 100 MB kept / `tail -n 100` of such a file over ssh',
  bar: atMost(2),
  gated: false,
  how: 'in turn with a login to the same sshd whose forced command is `tail`; half of the lines are of a container that is gone',
  async measure(lab) {
    const instance = await lab.instance()
    const image = `${instance.name}/greedy:latest`
    await instance.engine.build(image, greedyImage, instance.name)
    const lines = lab.brief ? 1000 : 50_000
    ok(await instance.ssh('apps:create', 'wordy'))
    ok(await instance.ssh('logs:set', 'wordy', 'max-size', '100m'))
    ok(await instance.ssh('config:set', 'wordy', `LINES=${lines}`))
    ok(await instance.ssh('git:from-image', 'wordy', image))
    ok(await instance.ssh('ps:restart', 'wordy'))
    await eventually(async () => {
      const report = JSON.parse(ok(await instance.ssh('logs:report', 'wordy', '--format', 'json')))
      if (Number(report['logs-kept-bytes']) < lines * 1000) throw new Error('not kept yet')
    })
    const tail = await silentDoor(instance, {
      command: 'tail -n 100 /tmp/lines',
      prepare: `yes ${'x'.repeat(999)} | head -n ${2 * lines} >/tmp/lines`,
    })
    const { ours, theirs } = await inTurn(lab.rounds(21), {
      theirs: tail,
      ours: () => timed(async () => ok(await instance.ssh('logs', 'wordy', '--num', '100'))),
    })
    return { value: ours / theirs, said: `${ours.toFixed(0)} / ${theirs.toFixed(0)} ms` }
  },
}

const perSecond = 50_000

/** Writes lines at a rate when it is asked to, and answers how many milliseconds it took, and which numbers they have. */
const writer = `
import { createServer } from 'node:http'
import { writeSync } from 'node:fs'
const words = ' is the number of a line as long as those of a web server that says who asked for what: GET / 200\\n'
let written = 0
const block = () => Buffer.from(Array.from({ length: ${perSecond / 100} }, () => ++written + words).join(''))
createServer(async (request, response) => {
  const blocks = Number(request.url.slice(1)) * 100
  const begun = performance.now()
  const before = written
  for (let n = 0; n < blocks; n++) {
    for (let at = 0, bytes = block(); at < bytes.length; ) {
      try { at += writeSync(1, bytes, at) } catch (error) { if (error.code !== 'EAGAIN') throw error }
    }
    const early = begun + (n + 1) * 10 - performance.now()
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
  }
  response.end(JSON.stringify({ ms: performance.now() - begun, before, written }))
}).listen(Number(process.env.PORT))
`

const written = z.object({ ms: z.number(), before: z.number(), written: z.number() })

/** An app that writes much, with its lines sent elsewhere. */
export const drain: Row = {
  name: 'drain',
  what: 'time of an app to write 50,000 lines/s with a drain - without, of that',
  bar: atMost(0.02),
  gated: false,
  how: 'for five seconds each, in turn; the drain is syslog over TCP to a server of the test, which counts: a line that is lost or dropped fails the row',
  async measure(lab) {
    const instance = await lab.instance()
    const { engine, name, ssh } = instance
    const image = `${name}/writer:latest`
    await engine.build(image, { Dockerfile: 'FROM node:24-slim\nCOPY . .\nCMD ["node", "writer.mjs"]\n', 'writer.mjs': writer }, name)
    ok(await ssh('git:from-image', 'writer', image))
    // By number: a line that comes twice must not stand for one that was lost.
    const received = new Set<string>()
    const server = createServer((socket) => {
      let rest = ''
      socket.on('data', (chunk) => {
        const text = rest + chunk.toString('latin1')
        for (const [, number = ''] of text.matchAll(/ (\d+) is the number/g)) received.add(number)
        rest = text.slice(-100)
      })
    })
    server.listen(0)
    await once(server, 'listening')
    const host = ok(await engine.docker(['inspect', '--format', '{{.NetworkSettings.Gateway}}', name])).trim()
    const url = `syslog+tcp://${host}:${(server.address() as AddressInfo).port}`
    const seconds = lab.brief ? 1 : 5
    const write = async () => written.parse(JSON.parse((await instance.fetch('writer', `/${seconds}`, { timeoutMs: 120_000 })).body))
    let sent = 0
    const { bare, drained } = await inTurn(lab.rounds(7), {
      bare: async () => (await write()).ms,
      drained: async () => {
        ok(await ssh('drains:add', 'writer', url))
        const { ms, before, written: last } = await write()
        sent += seconds * perSecond
        await eventually(async () => {
          let missing = 0
          for (let number = before + 1; number <= last; number++) if (!received.has(String(number))) missing += 1
          if (missing > 0) throw new Error(`${missing} of ${last - before} lines did not come`)
        }, 60)
        const [{ dropped }] = JSON.parse(ok(await ssh('drains:report', 'writer', '--format', 'json')))
        if (dropped > 0) throw new Error(`${dropped} lines were dropped`)
        ok(await ssh('drains:remove', 'writer', url))
        return ms
      },
    })
    server.close()
    return { value: drained / bare - 1, said: `${drained.toFixed(0)} / ${bare.toFixed(0)} ms, none of ${sent} lines lost` }
  },
}
