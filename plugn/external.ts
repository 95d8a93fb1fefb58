import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createConnection, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { messageOf, UserError } from '#lib/errors.ts'
import { greet, type Remote, remoteHooks } from './remote.ts'
import type { Responder } from './responder.ts'

export interface ExternalOptions {
  readonly plugin: string
  /** `unix:/path`, or `tls://host:port`. */
  readonly address: string
  readonly hooks: readonly string[]
  readonly config: Readonly<Record<string, string>>
  /** What lets us in at the other end. */
  readonly token?: string | undefined
  /** PEM of whoever signed the other end's certificate, instead of the system's. */
  readonly ca?: string | undefined
  /** SHA-256 of the one certificate that the other end may show. */
  readonly fingerprint?: string | undefined
}

/** How long a connection may take, where the caller has more time. */
const connectMs = 10_000

/** Handles hooks by a process in another container, or on another host. It is dialled at the first call, and again when the connection is lost. */
export function externalHooks(options: ExternalOptions): Responder {
  const { plugin, address, hooks, config, token } = options
  let remote: Promise<Remote> | undefined

  const dial = async (signal: AbortSignal): Promise<Remote> => {
    try {
      const found = await greet(await connect(options, signal), plugin, token)
      void found.peer.closed.then(() => {
        remote = undefined
      })
      return found
    } catch (error) {
      remote = undefined
      if (error instanceof UserError) throw error
      throw new UserError('plugin-away', `the plugin ${plugin} is not reached at ${address}: ${messageOf(error)}`, { cause: error })
    }
  }

  const stop = async () => (await remote?.catch(() => undefined))?.peer.close()
  return remoteHooks(
    plugin,
    hooks,
    config,
    (signal) => {
      remote ??= dial(signal)
      return remote
    },
    stop,
    // The variables of this machine mean nothing on another.
    () => ({}),
  )
}

async function connect({ address, ca, fingerprint }: ExternalOptions, caller: AbortSignal): Promise<Socket> {
  const signal = AbortSignal.any([caller, AbortSignal.timeout(connectMs)])
  if (address.startsWith('unix:')) return await ready(createConnection(address.slice('unix:'.length)), 'connect', signal)
  const { hostname, port } = new URL(address)
  const host = hostname.replace(/^\[|\]$/g, '')
  if (ca !== undefined) new X509Certificate(ca)
  const socket = connectTls({
    host,
    port: Number(port),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    // With a fingerprint that one certificate is right, whoever signed it.
    rejectUnauthorized: fingerprint === undefined,
  })
  await ready(socket, 'secureConnect', signal)
  if (fingerprint === undefined || socket.getPeerX509Certificate()?.fingerprint256 === fingerprint) return socket
  socket.destroy()
  throw new Error('its certificate is not the one that plugin.toml names')
}

/** The socket once it is connected. One that is given up may still fail later, and nobody is to fall over that. */
async function ready(socket: Socket, event: string, signal: AbortSignal): Promise<Socket> {
  socket.on('error', () => undefined)
  try {
    await once(socket, event, { signal })
    return socket
  } catch (error) {
    socket.destroy()
    throw signal.aborted ? new Error(`no connection within ${connectMs / 1000} s, or before the caller left`) : error
  }
}
