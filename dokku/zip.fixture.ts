import { crc32, deflateRawSync } from 'node:zlib'

/** A zip as Unix programs write it, for tests; names are taken as they are. */
export function zipOf(...entries: { name: string; body?: string; mode?: number }[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, body = '', mode = 0o100644 } of entries) {
    const content = deflateRawSync(body)
    const path = Buffer.from(name)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    // Names are UTF-8; the content is deflated.
    common.writeUInt16LE(0x800, 2)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(body), 10)
    common.writeUInt32LE(content.length, 14)
    common.writeUInt32LE(Buffer.byteLength(body), 18)
    common.writeUInt16LE(path.length, 22)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE((mode & 0o170000 ? mode : mode | 0o100000) * 0x10000, 6)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, rest, path)
    const local = [Buffer.from('PK\x03\x04'), common, path, content]
    parts.push(...local)
    offset += Buffer.concat(local).length
  }
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(Buffer.concat(directory).length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, ...directory, Buffer.from('PK\x05\x06'), end])
}
