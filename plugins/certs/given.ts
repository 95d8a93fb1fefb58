import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import {
  atMost,
  badArchive,
  type Context,
  entryCheck,
  type GivenCertificate,
  gzipMagic,
  messageOf,
  readBytes,
  readTar,
  UserError,
} from 'dokku'

const most = 1024 ** 2

/** A certificate and its key from two files of the host: only for whoever is there, as others must not read its files. */
export async function fromFiles(certificate: string, key: string, { identity }: Context): Promise<GivenCertificate> {
  if (identity.credential !== 'host')
    throw new UserError('no-file', 'files of the host are not read for whoever comes in over the network', {
      hint: 'cat server.crt server.key | ssh dokku@HOST certs:add APP',
    })
  const [chain, secret] = await Promise.all([certificate, key].map(readRegular))
  return { chain: chain ?? '', key: secret ?? '' }
}

/** A certificate and its key from standard input: a tar with both, or both in PEM, one behind the other. */
export async function fromInput(context: Context): Promise<GivenCertificate> {
  if (context.session.header.terminal !== undefined)
    throw new UserError('missing-argument', 'There is no certificate', { hint: 'cat server.crt server.key | ssh dokku@HOST certs:add APP' })
  const input = await readBytes(context, most)
  const text = input.toString('latin1')
  return text.includes('-----BEGIN ') && !text.includes('\0') && !text.startsWith(gzipMagic) ? split(text) : await fromTar(input)
}

/** The blocks of a PEM text: certificates, and what else there is, which is the key. */
export function split(text: string): GivenCertificate {
  const blocks = text.match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g) ?? []
  const isCertificate = (block: string) => block.startsWith('-----BEGIN CERTIFICATE')
  const keys = blocks.filter((block) => /^-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(block))
  if (keys.length !== 1)
    throw new UserError('bad-certificate', keys.length === 0 ? 'there is no key in it' : 'there is more than one key in it')
  return {
    chain: blocks
      .filter(isCertificate)
      .map((block) => `${block}\n`)
      .join(''),
    key: keys.join('\n'),
  }
}

async function fromTar(input: Buffer): Promise<GivenCertificate> {
  const check = entryCheck({ bytes: most, entries: 100 })
  const files = new Map<string, string>()
  try {
    const unzipped = input.toString('latin1', 0, 2) === gzipMagic ? [createGunzip()] : []
    for await (const { header, body } of readTar(Readable.from([input]), ...unzipped, atMost(most))) {
      if (!check(header)) throw badArchive(`${header.name} is of git`)
      if (header.type === 'file') files.set(header.name, await new Response(body).text())
      else await body.cancel()
    }
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError('bad-certificate', `standard input holds neither PEM nor an archive: ${messageOf(error)}`, { cause: error })
  }
  return { chain: pick(files, /\.(crt|cer|pem)$/i, 'server.crt', 'certificate'), key: pick(files, /\.key$/i, 'server.key', 'key') }
}

/** The file of an archive that is meant: the one of the usual name, else the only one. */
function pick(files: ReadonlyMap<string, string>, pattern: RegExp, usual: string, what: string): string {
  const found = [...files].filter(([name]) => pattern.test(name) && !basename(name).startsWith('.'))
  const chosen = found.find(([name]) => basename(name) === usual) ?? (found.length === 1 ? found[0] : undefined)
  if (chosen !== undefined) return chosen[1]
  const hint = `tar cf - server.crt server.key | ssh dokku@HOST certs:add APP`
  throw new UserError(
    'bad-certificate',
    found.length === 0 ? `the archive holds no ${what}` : `the archive holds more than one ${what}, and none is called ${usual}`,
    { hint },
  )
}

async function readRegular(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile() || found.size > most)
    throw new UserError('no-file', `${JSON.stringify(path.slice(0, 100))} is no file that can be read here`, {
      hint: 'paths are those of control’s container: docker cp brings a file there',
    })
  return await readFile(path, 'latin1')
}
