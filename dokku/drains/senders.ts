import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { UserError } from '#lib/errors.ts'
import { reach } from '../fetch-guard.ts'
import { allowedHosts } from '../git-hosts.ts'
import type { Instance } from '../instance.ts'
import type { AppLine } from '../logs/line.ts'
import { post, trusting } from '../post.ts'
import type { DrainUrl } from './drain-url.ts'
import { framed, syslogMessage } from './syslog.ts'

/** Sends lines to one place; what it throws is tried again, but `DrainRefused`. */
export interface Sender {
  send(lines: readonly AppLine[], signal: AbortSignal): Promise<void>
  close(): void
}

/** The receiver wants none of these lines, however often they are sent. */
export class DrainRefused extends Error {}

/** What sends to where a URL says; `inner`: it may be in a private network. */
export function senderFor(instance: Instance, to: DrainUrl, inner: boolean): Sender {
  const address = async () => {
    if (inner) return isIP(to.host) ? to.host : (await lookup(to.host)).address
    return (await reach({ url: '', scheme: 'https', host: to.host, port: to.port }, allowedHosts(instance.db))).address
  }
  if (to.kind === 'udp') return datagrams(to, address, instance.settings.hostname)
  if (to.kind === 'tcp' || to.kind === 'tls') return connected(to, address, instance)
  return to.kind === 'plugin' ? byPlugin(instance, to) : posts(instance, to, address)
}

function datagrams({ port }: DrainUrl, address: () => Promise<string>, hostname: string): Sender {
  return {
    async send(lines) {
      const host = await address()
      const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4')
      try {
        for (const line of lines)
          await new Promise<void>((resolve, reject) =>
            socket.send(syslogMessage(line, hostname), port, host, (error) => (error ? reject(error) : resolve())),
          )
      } finally {
        socket.close()
      }
    },
    close: () => undefined,
  }
}

/** One connection as long as it holds. */
function connected(to: DrainUrl, address: () => Promise<string>, { settings, ca }: Instance): Sender {
  let socket: Socket | undefined
  const open = async (signal: AbortSignal): Promise<Socket> => {
    const host = await address()
    const options = { host, port: to.port, keepAlive: true }
    const made =
      to.kind === 'tcp' ? connect(options) : connectTls({ ...options, ...(isIP(to.host) ? {} : { servername: to.host }), ...trusting(ca) })
    made.once('close', () => {
      if (socket === made) socket = undefined
    })
    // A receiver says nothing that is of interest, but its end is.
    made.resume().on('error', () => undefined)
    try {
      await once(made, to.kind === 'tcp' ? 'connect' : 'secureConnect', { signal })
      return made
    } catch (error) {
      made.destroy()
      throw error
    }
  }
  return {
    async send(lines, signal) {
      socket ??= await open(signal)
      const to = socket
      const messages = Buffer.concat(lines.map((line) => framed(syslogMessage(line, settings.hostname, 64 * 1024))))
      const stop = () => to.destroy(new Error('the receiver takes nothing'))
      signal.addEventListener('abort', stop, { once: true })
      try {
        await new Promise<void>((resolve, reject) => to.write(messages, (error) => (error ? reject(error) : resolve())))
      } finally {
        signal.removeEventListener('abort', stop)
      }
    },
    close: () => socket?.destroy(),
  }
}

/** A POST of JSON lines. */
function posts({ ca }: Instance, { url }: DrainUrl, address: () => Promise<string>): Sender {
  return {
    async send(lines, signal) {
      const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
      const status = await post({ url, address: await address(), ca }, 'application/x-ndjson', body, signal)
      if (status >= 200 && status < 300) return
      const refused = [400, 413, 422].includes(status)
      throw refused ? new DrainRefused(`it answers ${status}`) : new Error(`it answers ${status}`)
    },
    close: () => undefined,
  }
}

/** JSON lines on the standard input of the plugin's hook; exit status 0 says that it has them. */
function byPlugin({ plugins }: Instance, { host: plugin, url }: DrainUrl): Sender {
  return {
    async send(lines, signal) {
      if (!(await plugins.hooksOf(plugin)).includes('log-drain')) throw new Error(`no plugin ${plugin} handles log-drain`)
      let said = ''
      const stderr = new PassThrough().on('data', (chunk: Buffer) => {
        said = `${said}${chunk}`.slice(-500)
      })
      const stdin = Readable.from(lines.map((line) => `${JSON.stringify(line)}\n`))
      const status = await plugins.trigger('log-drain', [url.href], { stdin, stdout: new PassThrough().resume(), stderr, signal }, plugin)
      if (status !== 0) throw new Error(`the plugin ${plugin} ended with status ${status}: ${said.trim()}`)
    },
    close: () => undefined,
  }
}

/** Does the plugin of that name take lines? UserError `bad-drain` when not. */
export async function checkDrainPlugin({ plugins }: Instance, { kind, host }: DrainUrl): Promise<void> {
  if (kind !== 'plugin' || (await plugins.hooksOf(host)).includes('log-drain')) return
  throw new UserError('bad-drain', `there is no plugin ${host} that handles log-drain`, { hint: 'plugin:list' })
}
