import { randomBytes } from 'node:crypto'
import { chmod, chown, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { messageOf } from '#lib/errors.ts'
import { frameReader, headerReader } from './protocol.ts'
import { openSession, type Session } from './session.ts'

export interface ListenOptions {
  /** Permissions of the socket: who may write to it may call. */
  mode: number
  uid?: number
  gid?: number
}

/**
 * Listens for thin clients on a unix socket. The socket is renamed into place with its owner and mode, over the one of a daemon
 * before, so clients find one of the two at every moment. `close` takes no new sessions; those that run go on. `drain` also
 * leaves a note beside the socket, by which clients know that it is worth waiting longer for a successor.
 */
export async function listen(path: string, options: ListenOptions, onSession: (session: Session) => Promise<void>) {
  const waiting = new Set<Socket>()
  const server = createServer((socket) => {
    waiting.add(socket)
    serve(socket, (session) => {
      waiting.delete(socket)
      return onSession(session)
    })
    socket.once('close', () => waiting.delete(socket))
  })
  // A name of its own: closing a server removes the name it was bound to, which must not be its successor's.
  const note = `${path}.draining`
  const fresh = `${path}.${randomBytes(3).toString('hex')}.new`
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(fresh, 1024, () => resolve())
  })
  try {
    if (options.uid !== undefined || options.gid !== undefined) await chown(fresh, options.uid ?? -1, options.gid ?? -1)
    await chmod(fresh, options.mode)
    await rename(fresh, path)
    await rm(note, { force: true })
  } catch (error) {
    server.close()
    await rm(fresh, { force: true })
    throw error
  }
  const close = async (): Promise<void> => {
    server.close()
    // They have not been answered, so their clients ask the successor.
    for (const socket of waiting) socket.destroy()
  }
  return {
    close,
    async drain(): Promise<void> {
      // Without the note clients only give up sooner.
      await writeFile(note, '').catch(() => undefined)
      await close()
    },
  }
}

function serve(socket: Socket, onSession: (session: Session) => Promise<void>): void {
  const read = frameReader()
  const header = headerReader()
  let open: ReturnType<typeof openSession> | undefined
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const frame of read(chunk)) {
        if (open !== undefined) {
          open.take(frame)
          continue
        }
        const whole = header(frame)
        if (whole === undefined) continue
        open = openSession(socket, whole)
        void handle(open.session, onSession)
      }
    } catch (error) {
      refuse(socket, open?.session, error)
    }
  })
}

async function handle(session: Session, onSession: (session: Session) => Promise<void>): Promise<void> {
  try {
    await onSession(session)
    await session.exit(0)
  } catch (error) {
    session.stderr.write(`dokku: ${messageOf(error)}\n`)
    await session.exit(1)
  }
}

/** What the client sent is not the protocol, or not text: said to it where it listens, then no word more. */
function refuse(socket: Socket, session: Session | undefined, error: unknown): void {
  if (session === undefined) {
    const { session: stillborn } = openSession(socket, { mode: 'argv', args: [], env: {} })
    stillborn.stderr.write(`dokku: refused: ${messageOf(error)}\n`)
    void stillborn.exit(1)
    socket.removeAllListeners('data').resume()
  } else socket.destroy()
}
