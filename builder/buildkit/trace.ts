import { fields, raw, text } from './protobuf.ts'

/** A step of a build as BuildKit tells it; it is told again each time it changes. */
export interface Vertex {
  digest: string
  name: string
  cached: boolean
  started: boolean
  completed: boolean
  error: string
}

/** How far a piece of work of a step is, such as the download of a layer. */
export interface Work {
  vertex: string
  id: string
  current: number
  total: number
}

/** Bytes a step wrote. */
export interface Log {
  vertex: string
  data: Uint8Array
}

/** One message of the stream `moby.buildkit.trace`. */
export interface Trace {
  vertexes: Vertex[]
  work: Work[]
  logs: Log[]
  warnings: string[]
}

/** Decodes a StatusResponse of BuildKit's control API (fields as in its control.proto). */
export function decodeTrace(message: Uint8Array): Trace {
  const trace: Trace = { vertexes: [], work: [], logs: [], warnings: [] }
  for (const { number, value } of fields(message)) {
    if (number === 1) trace.vertexes.push(vertex(raw(value)))
    else if (number === 2) trace.work.push(work(raw(value)))
    else if (number === 3) trace.logs.push(log(raw(value)))
    else if (number === 4) for (const field of fields(raw(value))) if (field.number === 3) trace.warnings.push(text(field.value))
  }
  return trace
}

function vertex(message: Uint8Array): Vertex {
  const result: Vertex = { digest: '', name: '', cached: false, started: false, completed: false, error: '' }
  for (const { number, value } of fields(message)) {
    if (number === 1) result.digest = text(value)
    else if (number === 3) result.name = text(value)
    else if (number === 4) result.cached = value === 1
    else if (number === 5) result.started = true
    else if (number === 6) result.completed = true
    else if (number === 7) result.error = text(value)
  }
  return result
}

function work(message: Uint8Array): Work {
  const result: Work = { vertex: '', id: '', current: 0, total: 0 }
  for (const { number, value } of fields(message)) {
    if (number === 1) result.id = text(value)
    else if (number === 2) result.vertex = text(value)
    else if (number === 4) result.current = Number(value)
    else if (number === 5) result.total = Number(value)
  }
  return result
}

function log(message: Uint8Array): Log {
  const result: Log = { vertex: '', data: new Uint8Array() }
  for (const { number, value } of fields(message)) {
    if (number === 1) result.vertex = text(value)
    else if (number === 4) result.data = raw(value)
  }
  return result
}
