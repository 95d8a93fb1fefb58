import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Docker } from '#lib/docker.ts'
import { type ControlCall, withControl } from './control.ts'
import { encode, fields, raw, text } from './protobuf.ts'
import { decodeTrace, type Trace } from './trace.ts'

/** A build for the BuildKit inside the engine. */
export interface Solve {
  session: string
  /** The `repository:tag` the image gets. */
  image: string
  /** Attributes of the Dockerfile frontend, such as `build-arg:NAME`. */
  attributes: Record<string, string>
  signal?: AbortSignal | undefined
}

/** Runs a build and returns the image's id; a failed one throws CallError with BuildKit's words. */
export async function solve(engine: Docker, request: Solve, follow: (trace: Trace) => void): Promise<string> {
  const ref = randomUUID().replaceAll('-', '')
  // `POST /build` takes no cgroup for the steps to run in.
  return await withControl(engine, async (control) => {
    const following = followTrace(control, ref, follow)
    try {
      let imageId: string | undefined
      for await (const answer of control('Solve', solveRequest(ref, request), request.signal))
        imageId = readMap(answer, 1)['containerimage.digest']
      await following
      if (imageId === undefined) throw new Error('the engine ended the build without naming an image')
      return imageId
    } catch (error) {
      // The trace says which step failed, and may end a little later than the build. An engine that is gone tells nothing.
      if (!request.signal?.aborted) await Promise.race([following, setTimeout(2_000, undefined, { ref: false })])
      throw error
    }
  })
}

/** The trace ends with the build; what cannot be followed does not fail it. */
async function followTrace(control: ControlCall, ref: string, follow: (trace: Trace) => void): Promise<void> {
  try {
    for await (const message of control('Status', encode([[1, ref]]))) follow(decodeTrace(message))
  } catch {
    // The build itself tells why it ended.
  }
}

/** SolveRequest of BuildKit's control.proto. */
function solveRequest(ref: string, { session, image, attributes }: Solve): Buffer {
  return encode([
    [1, ref],
    [3, 'moby'], // The exporter into the engine's own images.
    ...writeMap(4, { name: image }),
    [5, session],
    [6, 'dockerfile.v0'],
    ...writeMap(7, attributes),
    [8, encode([])],
  ])
}

function writeMap(number: number, map: Record<string, string>): [number, Buffer][] {
  return Object.entries(map).map(([key, value]) => [
    number,
    encode([
      [1, key],
      [2, value],
    ]),
  ])
}

function readMap(message: Uint8Array, number: number): Record<string, string> {
  const map: Record<string, string> = {}
  for (const entry of fields(message)) {
    if (entry.number !== number) continue
    let [key, value] = ['', '']
    for (const field of fields(raw(entry.value))) {
      if (field.number === 1) key = text(field.value)
      if (field.number === 2) value = text(field.value)
    }
    map[key] = value
  }
  return map
}
