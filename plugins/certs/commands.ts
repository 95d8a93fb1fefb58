import { X509Certificate } from 'node:crypto'
import {
  type App,
  app,
  authorize,
  type Certificate,
  type Context,
  certificateOf,
  changeCertificate,
  changing,
  checkCertificate,
  command,
  type GivenCertificate,
  group,
  namesOf,
  type Origin,
  optional,
  param,
  parseHostName,
  reportCommand,
  selfSigned,
  UserError,
  word,
} from 'dokku'
import { fromFiles, fromInput } from './given.ts'

const given = {
  app: app(),
  certificate: optional(word('the file of the chain, in control’s container', 'CRT')),
  key: optional(word('the file of the key', 'KEY')),
}

const add = command({
  name: 'certs:add',
  summary: 'serve an app with a certificate, from standard input: a tar with both, or chain and key in PEM',
  args: given,
  examples: ['certs:add node-js-app', 'certs:add node-js-app server.crt server.key'],
  right: 'deploy',
  run: ({ args, context }) => take(args, context),
})

const update = command({
  name: 'certs:update',
  summary: 'replace the certificate of an app by another one, from standard input',
  args: given,
  examples: ['certs:update node-js-app', 'certs:update node-js-app server.crt server.key'],
  right: 'deploy',

  async run({ args, context }) {
    stored(args.app)
    await take(args, context)
  },
})

const generate = command({
  name: 'certs:generate',
  summary: 'serve an app with a certificate that signs itself: browsers warn of it',
  args: { app: app(), domain: word('the host that it is for', 'domain') },
  examples: ['certs:generate node-js-app www.example.com'],
  right: 'deploy',

  async run({ args, context }) {
    const host = parseHostName(args.domain)
    await store(args.app, await selfSigned(host), 'self-signed', context)
  },
})

const remove = command({
  name: 'certs:remove',
  summary: 'serve an app without a certificate',
  args: { app: app() },
  examples: ['certs:remove node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    await changing(args.app, context, async () => {
      stored(args.app)
      await changeCertificate(args.app, undefined, context.output)
    })
    context.output.step(`Removed the certificate of ${args.app.name}`)
  },
})

const show = command({
  name: 'certs:show',
  summary: 'print the certificate of an app, or its key',
  args: {
    app: app(),
    part: param<'crt' | 'key'>({ summary: 'crt or key', label: 'crt|key', parse: parsePart, complete: () => ['crt', 'key'] }),
  },
  examples: ['certs:show node-js-app crt', 'certs:show node-js-app key'],
  right: 'deploy',
  reads: () => true,

  async run({ args, context }) {
    if (args.part === 'key') authorize(context.identity, 'manage', 'see the key of a certificate', args.app)
    const { chain, key } = stored(args.app)
    context.output.line((args.part === 'crt' ? chain : key).trimEnd())
  },
})

const leaf = (one: App) => {
  const found = certificateOf(one)
  return found && new X509Certificate(found.chain)
}

const report = command(
  reportCommand('certs', {
    'ssl-dir': (one) => (leaf(one) === undefined ? '' : `/home/dokku/${one.name}/tls`),
    'ssl-enabled': (one) => String(leaf(one) !== undefined),
    'ssl-expires-at': (one) => leaf(one)?.validTo ?? '',
    'ssl-hostnames': (one) => namesOf(leaf(one)).join(' '),
    'ssl-issuer': (one) => oneLine(leaf(one)?.issuer),
    'ssl-origin': (one) => certificateOf(one)?.origin ?? '',
    'ssl-starts-at': (one) => leaf(one)?.validFrom ?? '',
    'ssl-subject': (one) => oneLine(leaf(one)?.subject),
    'ssl-verified': (one) => verified(certificateOf(one)),
  }),
)

async function take(args: { app: App; certificate: string | undefined; key: string | undefined }, context: Context): Promise<void> {
  if (args.certificate !== undefined && args.key === undefined)
    throw new UserError('missing-argument', 'The file of the key is missing', { hint: `certs:add ${args.app.name} CRT KEY` })
  const found =
    args.certificate === undefined || args.key === undefined
      ? await fromInput(context)
      : await fromFiles(args.certificate, args.key, context)
  await store(args.app, found, 'imported', context)
}

async function store(one: App, found: GivenCertificate, origin: Origin, context: Context): Promise<void> {
  const certificate = checkCertificate(found, one.hosts)
  await changing(one, context, () => changeCertificate(one, { certificate, origin }, context.output))
  for (const warning of certificate.warnings) context.output.warn(`Look: ${warning}`)
  context.output.step(`${one.name} is served with a certificate for ${namesOf(certificate.leaf).join(', ') || 'no name'}`)
  for (const url of one.urls) context.output.detail(url)
}

function stored(one: App): Certificate {
  const found = certificateOf(one)
  if (found !== undefined) return found
  throw new UserError('no-certificate', `${one.name} has no certificate`, {
    hint: `certs:add ${one.name}, or letsencrypt:enable ${one.name}`,
  })
}

/** Who vouches for it, in Dokku's words; whether a browser trusts the issuer is for the browser to say. */
function verified(found: Certificate | undefined): string {
  if (found === undefined) return ''
  const first = new X509Certificate(found.chain)
  return first.checkIssued(first) ? 'self signed' : 'verified by a certificate authority'
}

function parsePart(text: string): 'crt' | 'key' {
  if (text === 'crt' || text === 'key') return text
  throw new UserError('bad-choice', `${JSON.stringify(text.slice(0, 20))} is neither crt nor key`)
}

function oneLine(text = ''): string {
  return text.replaceAll('\n', ', ')
}

export default group('certs', 'Serve apps with certificates of your own', [add, update, generate, remove, show, report])
