import { Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { Docker } from '#lib/docker.ts'

/** Turns a connection to the engine into a raw one, which the engine then uses as a client of ours. */
export function upgrade(engine: Docker, path: string, protocol: string, headers: Record<string, string | string[]>): Promise<Socket> {
  return new Promise((resolve, reject) => {
    engine.modem.dial(
      { path, method: 'POST', hijack: true, headers: { ...headers, Upgrade: protocol }, statusCodes: {} },
      (error, socket) => {
        if (error) reject(error)
        else if (socket instanceof Socket) resolve(socket)
        else reject(new Error(`${path}: the engine did not hand over the connection`))
      },
    )
  })
}

/** A POST whose answer is a stream; an answer other than 200 throws with the engine's words and its `statusCode`. */
export function post(
  engine: Docker,
  path: string,
  query: Record<string, string>,
  options: { body?: Readable; headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Readable> {
  return new Promise((resolve, reject) => {
    engine.modem.dial(
      {
        path: `${path}?${new URLSearchParams(query)}&`, // The client cuts the last character off.
        method: 'POST',
        isStream: true,
        headers: { ...options.headers },
        statusCodes: { 200: true },
        ...(options.body && { file: options.body }),
        ...(options.signal && { abortSignal: options.signal }),
      },
      (error, answer) => {
        if (error) reject(error)
        else if (answer instanceof Readable) resolve(answer)
        else reject(new Error(`${path}: the engine did not answer with a stream`))
      },
    )
  })
}

/** The JSON values of a stream that holds one per line. */
export async function* jsonLines(stream: Readable): AsyncGenerator<unknown> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line)
  }
  if (rest.trim() !== '') yield JSON.parse(rest)
}
