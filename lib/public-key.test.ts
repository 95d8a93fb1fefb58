import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UserError } from './errors.ts'
import { parsePublicKey } from './public-key.ts'

/** Made with ssh-keygen, with the fingerprints that `ssh-keygen -lf` prints. */
const known: [string, string][] = [
  [
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII0Ht4dYMKuSy6WGjQUOE1oBddCMXEnXPnVtj3mXSDXO',
    'SHA256:LtfsT/3Lu1k7kWpuOV8T/lN/M+0VPftJPACz3QW9avc',
  ],
  [
    'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCzFTNiaC1vyyOMwkmmg4W1iyEk1D76homPjfeuK4gk0H9VVPYoUKNlmGc+woPeM22kD10v32I4kXFpuVgjlROAvLHymNgOBc9LKDZU67gSmFjj7zTyp37sXMBhmNOsVE3Nr6rQqzHUQ8w6D75eZ8dCdeli32SDsp5n6Mf1hZ9+BlzEA9aYikB72r+U1H2gyR8e2pTDV2Hv9ZcSOxpYXdJTaJEV9yrmgoQCrvULNgRsCJzzoFaGoYK+EGXh9r3ooWVCBD8oh3zB5H55TKQEwFPFMYQDbukheu2lB5cI8z92GFhcISvPFna2FoZUU6IyPLmQwBxJvUdJ0ICvXLIL0wub',
    'SHA256:K+42OsbDerZ8YH85TpbUnPhT4r31yR9runSixDFFGHQ',
  ],
  [
    'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBN0MTllKG//VLNrtpN3EXF8BT4h190Yd0nGRB+nqySpR6QN3ujHcsk0wOWJ4bjucC0FiuMTkw8MbKPh4eRw3YfM=',
    'SHA256:mT9yVCOLAEgNV0H6A7n7+d51AHiC38/PBGSlHLXjiE4',
  ],
  [
    'ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBFnydYBsVsz8O0IrrtuknfQUz7WkVcJ0RpewA5MsPALJoP4vUNQe+v1vMfrWLsnoWkWyZOhmiNIweRSntMsb1iI8lJg7Kf8C6nkjxmwMj+t1LYe8Fk4Gs27ZIZAssmyISg==',
    'SHA256:w39uMARK5ASUyJT9/Gq4tsSjduzj7wEnvr2qjcTp0mY',
  ],
  [
    'ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAHD5QZMCL2BzhlPv3Qy9BmVNPX5xlZpcQ2QQMpmIioeQcc71AaoLHJarFQbop3G1M7kZRlbWt2tI0LJ2OYhrrmjsADo7+2TytpHngTCOg5YYrLWsyOxsfUDHdlzGV6FO18yXd06ZzX9FoFnktjoSKOqsz2xW8SSuUmdjVsCRn1tw8cA3Q==',
    'SHA256:Km3IjU6/av5hgI6eIOUwjWHf670IOAkNbasSf2KmfRU',
  ],
]
const [[ed25519, fingerprint]] = known as [[string, string]]
const [type, base64] = ed25519.split(' ') as [string, string]
const short =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC0qqmob0UG+sY05ZgI/FzJpkcHEKxAmlamBbvFATkB//k2H4op7jBho8PTBk6juI8PahY2S22EVYn558HiXNvljuiudhkqX9GAVf53qa1ab9ZAhPYLMc1Utia8FtX04faOYo3RKW5rlIUwv2VELKy8lQ5vghlvXRBlP1LXFGPWrw=='

const refuses = (text: string, words: RegExp) =>
  assert.throws(
    () => parsePublicKey(text),
    (error) => error instanceof UserError && error.code === 'bad-public-key' && words.test(error.message) && error.hint !== undefined,
  )

for (const [key, print] of known)
  test(`parsePublicKey knows a key of type ${key.split(' ')[0]} and its fingerprint`, () => {
    const [type, base64] = key.split(' ')
    assert.deepEqual(parsePublicKey(`${key} alice@laptop\n`), { type, base64, comment: 'alice@laptop', fingerprint: print })
  })

test('parsePublicKey knows the keys of security tokens', () => {
  const field = (bytes: Buffer | string) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return Buffer.concat([length, Buffer.from(bytes)])
  }
  const made = (type: string, ...fields: (Buffer | string)[]) => `${type} ${Buffer.concat([type, ...fields].map(field)).toString('base64')}`
  const point = Buffer.alloc(65, 4)
  parsePublicKey(made('sk-ssh-ed25519@openssh.com', Buffer.alloc(32), 'ssh:'))
  parsePublicKey(made('sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', point, 'ssh:'))
  refuses(made('sk-ssh-ed25519@openssh.com', Buffer.alloc(32)), /not a whole/)
  refuses(made('ecdsa-sha2-nistp256', 'nistp384', point), /not a whole/)
  refuses(made('ssh-ed25519', Buffer.alloc(33)), /not a whole/)
})

test('parsePublicKey takes line ends of Windows, a byte order mark, comment lines and no comment', () => {
  assert.equal(parsePublicKey(`\ufeff# my key\r\n\r\n${ed25519}\r\n`).fingerprint, fingerprint)
  assert.equal(parsePublicKey(`${ed25519} my  own\tkey`).comment, 'my own key')
})

test('parsePublicKey removes control characters from a comment', () => {
  assert.equal(parsePublicKey(`${ed25519} a\x1b[31mb\0`).comment, 'a[31mb')
})

test('parsePublicKey refuses what is no key, and says what it is', () => {
  refuses('', /no public key/)
  refuses('\n# nothing\n', /no public key/)
  refuses('hello world', /not a public key/)
  refuses('constructor AAAA', /not a public key/)
  refuses('-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----', /private key/)
  refuses('PuTTY-User-Key-File-3: ssh-ed25519', /private key/)
  refuses('---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----', /SSH2/)
  refuses('ssh-dss AAAAB3NzaC1kc3M=', /DSA/)
  refuses(`ssh-ed25519-cert-v01@openssh.com ${base64}`, /certificate/)
})

test('parsePublicKey refuses several keys', () => {
  refuses(`${ed25519}\n${ed25519}`, /2 lines/)
})

test('parsePublicKey refuses options before the key', () => {
  refuses(`command="/bin/sh" ${ed25519}`, /options/)
  refuses(`no-pty,environment="DOKKU_USER=root" ${ed25519}`, /options/)
})

test('parsePublicKey refuses a key whose inside is not its type', () => {
  refuses(`ssh-rsa ${base64}`, /says ssh-rsa, but the key inside is ssh-ed25519/)
})

test('parsePublicKey refuses a short RSA key', () => {
  refuses(short, /1024 bits/)
})

test('parsePublicKey refuses a key that is cut or damaged anywhere', () => {
  fc.assert(
    fc.property(fc.nat({ max: base64.length - 1 }), (at) => {
      refuses(`${type} ${base64.slice(0, at)}`, /./)
      refuses(`${type} ${base64.slice(0, at)}!${base64.slice(at + 1)}`, /base64/)
    }),
  )
  refuses(`${type} ${base64}AAAA`, /damaged/)
})
