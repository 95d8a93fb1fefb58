import { StringDecoder } from 'node:string_decoder'
import { type Output, plain } from '#lib/output.ts'
import { withoutMounts } from '../mounts.ts'
import type { Trace, Vertex, Work } from './trace.ts'

/** How many of a failed step's last lines are kept. */
const tailLength = 20
/** A download says how far it is at most this often, in milliseconds. */
const workInterval = 5_000

interface Step {
  name: string
  decoder: StringDecoder
  rest: string
  tail: string[]
  announced: boolean
}

/** A step that failed: its instruction, the engine's words, and its last lines. */
export interface FailedStep {
  name: string
  error: string
  tail: string[]
}

/** Turns BuildKit's trace into plain lines: a heading per step, its output live, `CACHED` for what was not run. */
export class Progress {
  failed: FailedStep | undefined
  /** Names of all steps seen, the engine's own included. */
  readonly seen = new Set<string>()
  readonly #output: Output
  readonly #now: () => number
  readonly #steps = new Map<string, Step>()
  readonly #work = new Map<string, Work>()
  #speaking: string | undefined
  #saidWork: number

  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output
    this.#now = now
    this.#saidWork = now()
  }

  /** Takes in one message and prints what is new. */
  update(trace: Trace): void {
    for (const vertex of trace.vertexes) this.#vertex(vertex)
    for (const work of trace.work) this.#downloaded(work)
    for (const { vertex, data } of trace.logs) {
      const step = this.#steps.get(vertex)
      if (step) this.#lines(vertex, step, step.rest + step.decoder.write(Buffer.from(data)))
    }
    for (const warning of trace.warnings) this.#output.detail(`warning: ${plain(warning)}`)
    for (const vertex of trace.vertexes) if (vertex.completed) this.#completed(vertex)
  }

  #vertex(vertex: Vertex): void {
    this.seen.add(vertex.name)
    const step = this.#steps.get(vertex.digest) ?? {
      name: withoutMounts(plain(vertex.name).replace(/\s+/g, ' ')),
      decoder: new StringDecoder('utf8'),
      rest: '',
      tail: [],
      announced: false,
    }
    this.#steps.set(vertex.digest, step)
    if (!vertex.started || step.announced || isInternal(vertex.name)) return
    step.announced = true
    this.#output.detail(vertex.cached ? `${step.name} CACHED` : step.name)
    this.#speaking = vertex.digest
  }

  #completed(vertex: Vertex): void {
    const step = this.#steps.get(vertex.digest)
    if (!step) return
    const last = step.rest + step.decoder.end()
    step.rest = ''
    if (last !== '') this.#lines(vertex.digest, step, `${last}\n`)
    // Steps that were stopped because another one failed carry an error too.
    if (vertex.error === '' || /context canceled|: canceled$/i.test(vertex.error) || this.failed) return
    this.failed = { name: step.name, error: vertex.error, tail: step.tail }
    if (this.#speaking !== vertex.digest && step.tail.length > 0) {
      this.#output.detail(`${step.name} failed; its last lines:`)
      for (const line of step.tail) this.#output.detail(line)
    }
  }

  #lines(digest: string, step: Step, text: string): void {
    const lines = text.split('\n')
    step.rest = lines.pop() ?? ''
    for (const raw of lines) {
      const line = plain(lastDrawn(raw)).trimEnd()
      // Stages run side by side: say whose lines these are when the speaker changes.
      if (this.#speaking !== digest && !isInternal(step.name)) this.#output.detail(step.name)
      this.#speaking = digest
      this.#output.detail(line)
      step.tail.push(line)
      if (step.tail.length > tailLength) step.tail.shift()
    }
  }

  #downloaded(work: Work): void {
    this.#work.set(work.id, work)
    if (work.total === 0 || this.#now() - this.#saidWork < workInterval) return
    this.#saidWork = this.#now()
    let current = 0
    let total = 0
    for (const one of this.#work.values()) {
      current += one.current
      total += one.total
    }
    this.#output.detail(`${megabytes(current)} of ${megabytes(total)} MB`)
  }
}

/** A progress bar draws one line many times over; the last drawing counts. */
function lastDrawn(line: string): string {
  return (
    line
      .split('\r')
      .filter((part) => part !== '')
      .at(-1) ?? ''
  )
}

/** Steps of the engine's own, which tell a reader nothing. */
function isInternal(name: string): boolean {
  return !/^\[(?!internal\])/.test(name)
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
