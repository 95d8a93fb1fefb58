import { createServer } from 'node:net'
import { hasCode } from '#lib/errors.ts'

/** Throws when somebody listens on a port: nginx would share it with a stranger that listens as it does, and both get half of the requests. */
export async function mustBeFree(port: number): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(hasCode(error, 'EADDRINUSE') ? new Error(`something else listens on port ${port}`, { cause: error }) : error),
    )
    server.listen(port, '0.0.0.0', () => resolve())
  })
  await new Promise((resolve) => server.close(resolve))
}
