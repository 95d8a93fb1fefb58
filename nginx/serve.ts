import { chmod, rename, rm, stat } from 'node:fs/promises'
import { createAdaptorServer } from '@hono/node-server'
import { type Door, guarded } from './door.ts'

type Fetch = (request: Request) => Response | Promise<Response>

/** Serves on a unix socket. It listens under another name first, so that nobody finds a socket that is not ready. */
export async function serveSocket(fetch: Fetch, path: string): Promise<{ remove(): Promise<void> }> {
  const fresh = `${path}.${process.pid}.new`
  await rm(fresh, { force: true })
  await listening(createAdaptorServer({ fetch }), { path: fresh })
  await chmod(fresh, 0o660)
  const { ino } = await stat(fresh)
  await rename(fresh, path)
  return {
    // One that came after this has put its own there.
    remove: async () => {
      const found = await stat(path).catch(() => undefined)
      if (found?.ino === ino) await rm(path, { force: true })
    },
  }
}

/** Serves over TCP to those who have the token; a newer appliance may listen beside this one. */
export async function serveDoor(fetch: Fetch, { host, port, token }: Door): Promise<{ remove(): Promise<void> }> {
  const server = createAdaptorServer({ fetch: guarded(fetch, token) })
  await listening(server, { host, port, reusePort: true })
  return { remove: () => new Promise((resolve) => server.close(() => resolve())) }
}

type Server = ReturnType<typeof createAdaptorServer>

async function listening(server: Server, where: { path: string } | { host: string; port: number; reusePort: true }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => resolve())
  })
}
