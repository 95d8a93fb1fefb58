import { Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { plain } from './output.ts'

/** A stream whose lines go to a function, one by one and plain; the last need not be ended. */
export function lineStream(line: (text: string) => void): Writable {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const lines = (rest + decoder.write(chunk)).split('\n')
      // A line without an end must not fill the memory.
      rest = (lines.pop() ?? '').slice(0, longest)
      for (const one of lines) line(plain(one))
      done()
    },
    final(done) {
      if (rest !== '') line(plain(rest))
      done()
    },
  })
}

const longest = 64 * 1024
