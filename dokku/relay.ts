import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { Session } from '#execd'
import { demultiplexer, type Piece } from './logs/demultiplex.ts'
import { mayBeFailure, startFailure } from './start-failure.ts'

/** What the words of an engine that could not start the program are held back up to, in bytes; a program may begin likewise. */
const longestFailure = 4096

/**
 * Copies both ways between a session and a program in a container until the engine's stream ends: bytes as they are,
 * input to its end, output no faster than the caller takes it. Throws UserError `no-such-program` or `cannot-run` when the
 * engine says so in the program's place.
 */
export async function relay(
  session: Session,
  stream: NodeJS.ReadWriteStream,
  { program, tty }: { program: string; tty: boolean },
): Promise<void> {
  // A program that ends without reading all of its input is no error.
  stream.on('error', () => {})
  session.stdin.pipe(stream)
  if (tty) session.raw()
  const held: Piece[] = []
  let holding: boolean | undefined
  for await (const piece of pieces(stream, tty)) {
    holding ??= mayBeFailure(piece[1].toString())
    if (holding) held.push(piece)
    else await write(session[piece[0]], piece[1])
    if (holding && textOf(held).length > longestFailure) {
      for (const [channel, bytes] of held.splice(0)) await write(session[channel], bytes)
      holding = false
    }
  }
  session.stdin.unpipe(stream)
  const failure = startFailure(program, textOf(held))
  if (failure !== undefined) throw failure
  for (const [channel, bytes] of held) await write(session[channel], bytes)
}

/** A terminal's output is one stream. */
async function* pieces(stream: NodeJS.ReadWriteStream, tty: boolean): AsyncGenerator<Piece> {
  const read = demultiplexer()
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>)
      if (tty) yield ['stdout', chunk, true]
      else yield* read(chunk)
  } catch {
    // A stream that breaks ends; what became of the program, its exit status tells.
  }
}

function textOf(held: readonly Piece[]): string {
  return Buffer.concat(held.map(([, bytes]) => bytes)).toString()
}

async function write(to: Writable, bytes: Buffer): Promise<void> {
  if (!to.write(bytes)) await once(to, 'drain')
}

/** Keeps a terminal at its caller's size, from the first call of what is answered on: there is none before its program runs. */
export function followSize(session: Session, resize: (rows: number, columns: number) => Promise<unknown>): () => Promise<void> {
  let { rows, columns } = session.header.terminal ?? { rows: 0, columns: 0 }
  let turn: Promise<unknown> | undefined
  // One after another, so that the last size stays.
  const apply = async () => {
    turn = (turn ?? Promise.resolve()).then(() => resize(rows, columns)).catch(() => undefined)
    await turn
  }
  session.onResize((...size) => {
    ;[rows, columns] = size
    if (turn !== undefined) void apply()
  })
  return apply
}
