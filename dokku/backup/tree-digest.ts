import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { readTar } from '../read-tar.ts'

/** One digest of all files in a tar, whatever their order: names, kinds, owners, modes, targets of links and contents; in hex. */
export async function treeDigest(tar: Readable): Promise<string> {
  const lines: string[] = []
  for await (const { header, body } of readTar(tar)) {
    const hash = createHash('sha256')
    for await (const chunk of body) hash.update(chunk)
    const { name, type = 'file', mode = 0, uid = 0, gid = 0, linkname = '' } = header
    lines.push(JSON.stringify([name.replace(/^\.\//, '').replace(/\/$/, ''), type, mode, uid, gid, linkname, hash.digest('hex')]))
  }
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex')
}
