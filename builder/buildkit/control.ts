import type { Docker } from '#lib/docker.ts'
import { upgrade } from './engine.ts'
import { call, client } from './grpc.ts'

/** A call of BuildKit's control API, by its name in control.proto. */
export type ControlCall = (name: string, request: Uint8Array, signal?: AbortSignal) => AsyncGenerator<Buffer>

/** Opens BuildKit's control API, which is a part of the Engine's (`POST /grpc`), for as long as the work takes. */
export async function withControl<T>(engine: Docker, work: (control: ControlCall) => Promise<T>): Promise<T> {
  const socket = await upgrade(engine, '/grpc', 'h2c', {})
  const session = client(socket)
  try {
    return await work((name, request, signal) => call(session, `/moby.buildkit.v1.Control/${name}`, request, signal))
  } finally {
    session.destroy()
    socket.destroy()
  }
}
