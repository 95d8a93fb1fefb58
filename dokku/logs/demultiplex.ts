/** Which of a program's outputs bytes belong to, the bytes, and whether they end what the engine sent at once. */
export type Piece = [channel: 'stdout' | 'stderr', bytes: Buffer, ends: boolean]

/**
 * Takes apart what the engine sends of a program without a terminal, wherever the chunks were cut: 8 bytes of header
 * (which output, and how long), then so many bytes.
 */
export function demultiplexer(): (chunk: Buffer) => Generator<Piece> {
  let header: Buffer = Buffer.alloc(0)
  let left = 0
  return function* read(chunk) {
    for (let rest = chunk; rest.length > 0; ) {
      if (left === 0) {
        const missing = 8 - header.length
        header = Buffer.concat([header, rest.subarray(0, missing)])
        rest = rest.subarray(missing)
        if (header.length < 8) return
        left = header.readUInt32BE(4)
      }
      const bytes = rest.subarray(0, left)
      rest = rest.subarray(left)
      left -= bytes.length
      if (bytes.length > 0) yield [header[0] === 2 ? 'stderr' : 'stdout', bytes, left === 0]
      if (left === 0) header = Buffer.alloc(0)
    }
  }
}
