import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { type TestContext, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { checkCertificate, covers, namesOf } from './check-certificate.ts'

interface Made {
  readonly name: string
  readonly chain: string
  readonly key: string
}

/** A small certificate authority of a test, by openssl. */
async function authority(t: TestContext) {
  const dir = await mkdtemp(`${tmpdir()}/authority-`)
  t.after(() => rm(dir, { recursive: true }))
  const openssl = async (...words: string[]) => await run(['openssl', ...words], { cwd: dir })
  const read = async (name: string): Promise<Made> => ({
    name,
    chain: await readFile(`${dir}/${name}.crt`, 'utf8'),
    key: await readFile(`${dir}/${name}.key`, 'utf8'),
  })
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  return {
    dir,
    openssl,
    async root(name: string): Promise<Made> {
      await openssl('req', '-x509', ...curve, '-days', '3650', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.crt`)
      return await read(name)
    },
    async issued(name: string, by: string, extensions: string, days = '90', key: readonly string[] = curve): Promise<Made> {
      await openssl('req', '-new', ...key, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
      await writeFile(`${dir}/${name}.ext`, extensions)
      const issuer = ['-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-CAcreateserial', '-extfile', `${name}.ext`]
      await openssl('x509', '-req', '-in', `${name}.csr`, ...issuer, '-days', days, '-out', `${name}.crt`)
      return await read(name)
    },
  }
}

const bad = (message: RegExp) => ({ code: 'bad-certificate', message })

test('a chain in any order is put in order, its leaf first', async (t) => {
  const made = await authority(t)
  const root = await made.root('root')
  const middle = await made.issued('middle', 'root', 'basicConstraints=CA:true')
  const leaf = await made.issued('leaf', 'middle', 'subjectAltName=DNS:shop.test,DNS:*.shop.test')
  const { chain, warnings } = checkCertificate({ chain: root.chain + middle.chain + leaf.chain, key: leaf.key }, [
    'shop.test',
    'www.shop.test',
  ])
  assert.equal(chain, leaf.chain + middle.chain + root.chain)
  assert.deepEqual(warnings, [])
})

test('a certificate for other names is said, and so is one that ends within 30 days', async (t) => {
  const made = await authority(t)
  await made.root('root')
  const leaf = await made.issued('leaf', 'root', 'subjectAltName=DNS:shop.test,DNS:*.shop.test', '20')
  const { warnings, leaf: found } = checkCertificate(leaf, ['shop.test', 'a.b.shop.test', 'other.test', '*.other.test'])
  assert.equal(warnings[0], 'the certificate is for shop.test, *.shop.test, and not for a.b.shop.test, other.test, *.other.test')
  assert.match(`${warnings[1]}`, /^the certificate expires on \d{4}-\d\d-\d\d$/)
  assert.deepEqual(namesOf(found), ['shop.test', '*.shop.test'])
  assert.ok(covers(found, '*.shop.test') && !covers(found, '*.test'))
})

test('what no browser would take is refused: another key, a broken chain, an end that is past, a weak key, a passphrase, garbage', async (t) => {
  const made = await authority(t)
  const [root, stranger] = [await made.root('root'), await made.root('stranger')]
  const extensions = 'subjectAltName=DNS:shop.test'
  const leaf = await made.issued('leaf', 'root', extensions)
  assert.throws(() => checkCertificate({ chain: leaf.chain, key: root.key }, []), bad(/the key is not the one/))
  assert.throws(
    () => checkCertificate({ chain: leaf.chain + stranger.chain, key: leaf.key }, []),
    bad(/chain is broken: CN=stranger is not the issuer of CN=leaf/),
  )
  const later = new Date(Date.now() + 100 * 24 * 60 * 60 * 1000)
  assert.throws(() => checkCertificate(leaf, [], later), bad(/expired on/))
  assert.throws(() => checkCertificate(leaf, [], new Date('2020-01-01')), bad(/not valid before/))
  const weak = await made.issued('weak', 'root', extensions, '90', ['-newkey', 'rsa:1024', '-nodes'])
  assert.throws(() => checkCertificate(weak, []), bad(/RSA key of 1024 bits is too weak/))
  await made.openssl('pkey', '-in', 'leaf.key', '-aes256', '-passout', 'pass:secret', '-out', 'locked.key')
  const locked = await readFile(`${made.dir}/locked.key`, 'utf8')
  assert.throws(() => checkCertificate({ chain: leaf.chain, key: locked }, []), bad(/has a passphrase/))
  assert.throws(() => checkCertificate({ chain: 'nothing', key: leaf.key }, []), bad(/there is no certificate in it/))
  assert.throws(() => checkCertificate({ chain: leaf.chain, key: 'nothing' }, []), bad(/the key cannot be read/))
  const torn = leaf.chain.replace(/\n[^\n]{40}/, '\n')
  assert.throws(() => checkCertificate({ chain: torn, key: leaf.key }, []), bad(/certificate 1 of the chain cannot be read/))
  assert.throws(() => checkCertificate({ chain: leaf.chain.repeat(11), key: leaf.key }, []), bad(/at most ten/))
})

test('an issuer of the right name that did not sign is no issuer', async (t) => {
  const made = await authority(t)
  await made.root('root')
  const leaf = await made.issued('leaf', 'root', 'subjectAltName=DNS:shop.test')
  const impostor = await made.root('root')
  assert.throws(() => checkCertificate({ chain: leaf.chain + impostor.chain, key: leaf.key }, []), bad(/chain is broken/))
})
