import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
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
}

/** Handles hooks by a process in another container, or on another host. It is dialled at the first call, and again when the connection is lost. */
export function externalHooks({ plugin, address, hooks, config, token, ca }: ExternalOptions): Responder {
  let remote: Promise<Remote> | undefined

  const dial = async (signal: AbortSignal): Promise<Remote> => {
    try {
      const found = await greet(await connect(address, ca, signal), plugin, token)
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

  return {
    ...remoteHooks(
      plugin,
      hooks,
      config,
      (signal) => {
        remote ??= dial(signal)
        return remote
      },
      // The variables of this machine mean nothing on another.
      () => ({}),
    ),
    async close() {
      ;(await remote?.catch(() => undefined))?.peer.close()
    },
  }
}

async function connect(address: string, ca: string | undefined, signal: AbortSignal): Promise<Socket> {
  if (address.startsWith('unix:')) {
    const socket = createConnection(address.slice('unix:'.length))
    await once(socket, 'connect', { signal })
    return socket
  }
  const { hostname, port } = new URL(address)
  if (ca !== undefined) new X509Certificate(ca)
  const socket = connectTls({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port),
    servername: hostname,
    ...(ca === undefined ? {} : { ca }),
  })
  await once(socket, 'secureConnect', { signal })
  return socket
}
