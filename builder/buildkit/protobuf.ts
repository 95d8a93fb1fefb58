/** One field of a protobuf message: a number, or bytes that hold text, raw data or another message. */
export interface Field {
  number: number
  value: number | Uint8Array
}

/** Reads the fields of one message in order; what is not varint or length-delimited is skipped. Throws on a message cut short. */
export function* fields(message: Uint8Array): Generator<Field> {
  let at = 0
  const varint = () => {
    // Multiplied, not shifted: sizes and times do not fit 32 bits.
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++]
      if (byte === undefined) throw new RangeError('protobuf message is cut short')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
  const bytes = (length: number) => {
    if (at + length > message.length) throw new RangeError('protobuf message is cut short')
    at += length
    return message.subarray(at - length, at)
  }
  while (at < message.length) {
    const key = varint()
    const number = Math.floor(key / 8)
    const type = key % 8
    if (type === 0) yield { number, value: varint() }
    else if (type === 2) yield { number, value: bytes(varint()) }
    else if (type === 1) bytes(8)
    else if (type === 5) bytes(4)
    else throw new RangeError(`protobuf wire type ${type} is not known`)
  }
}

/** The text of a field, or '' for a number. */
export function text(value: Field['value']): string {
  return typeof value === 'number' ? '' : Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
}

/** The bytes of a field; a number has none. */
export function raw(value: Field['value']): Uint8Array {
  return typeof value === 'number' ? new Uint8Array() : value
}

/** Encodes a message of numbers, texts and bytes; a field may repeat. */
export function encode(message: readonly [number: number, value: number | bigint | string | Uint8Array][]): Buffer {
  return Buffer.concat(
    message.flatMap(([number, value]) => {
      if (typeof value === 'number' || typeof value === 'bigint') return [varint(number * 8), varint(value)]
      const bytes = Buffer.from(value)
      return [varint(number * 8 + 2), varint(bytes.length), bytes]
    }),
  )
}

function varint(value: number | bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}
