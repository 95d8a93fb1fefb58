import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { networks } from './cidr.ts'
import { golden, hostile, place, shown, text } from './directives.fixture.ts'
import { quoted } from './directives.ts'
import { optionFiles } from './front-files.ts'
import { headers, told } from './headers.ts'
import { optionDirectives } from './option-directives.ts'
import { type Options, options } from './options.ts'

const ca = await readFile(`${import.meta.dirname}/golden/authority.pem`, 'utf8')

const allOptions: Options = options.parse({
  maxBodySize: '20m',
  bodyTimeout: '10s',
  headerTimeout: '11s',
  keepaliveTimeout: '12s',
  lingeringTimeout: '13s',
  sendTimeout: '14s',
  proxyConnectTimeout: '15s',
  proxyReadTimeout: '1h',
  proxySendTimeout: '500ms',
  proxyBuffering: false,
  proxyBufferSize: '8k',
  proxyBuffers: '16 8k',
  proxyBusyBuffersSize: '16k',
  proxyKeepalive: false,
  underscoresInHeaders: true,
  hsts: { maxAge: 60, includeSubdomains: true, preload: true },
  forwardedFor: '$proxy_add_x_forwarded_for',
  forwardedSsl: 'on',
  trustedProxies: ['10.0.0.0/8', 'fd00::/8'],
  realIpHeader: 'CF-Connecting-IP',
  bindAddress4: '192.0.2.1',
  bindAddress6: '2001:db8:0::1',
  headers: { 'X-Frame-Options': 'DENY', 'Content-Security-Policy': `default-src 'self'; report-to "a\\b"` },
  tlsProfile: 'modern',
  clientCa: ca,
  http3: true,
  accessLog: false,
})

test('the options of a site are as in golden/options.conf', async () => {
  await golden('options.conf', shown(optionDirectives(allOptions, place)) + headers('proxy', allOptions))
})

test('no options are no words, and the headers of all sites', () => {
  for (const found of [optionDirectives({}, place), optionDirectives(undefined, place)]) assert.deepEqual(found, { http: {}, server: '' })
  assert.equal(headers('grpc', { maxBodySize: '1m' }), headers('grpc'))
})

test('trusted proxies may be named by whom they belong to, and count once', () => {
  assert.deepEqual(networks(['10.0.0.0/8', 'private', '10.0.0.0/8']).slice(0, 2), ['10.0.0.0/8', '172.16.0.0/12'])
  assert.match(optionDirectives(options.parse({ trustedProxies: ['cloudflare'] }), place).server, /set_real_ip_from 2606:4700::\/32;/)
  assert.equal(options.safeParse({ trustedProxies: ['someone'] }).success, false)
})

test('a claim that would count only from a trusted proxy is our own word where none is trusted', () => {
  const headers = new Map(told(options.parse({ forwardedFor: '$http_x_forwarded_for', forwardedProto: '$http_x_forwarded_proto' })))
  assert.deepEqual([headers.get('X-Forwarded-For'), headers.get('X-Forwarded-Proto')], ['$remote_addr', '$scheme'])
})

test('no option takes a value that could leave its directive', () => {
  // The value of a header is quoted, and has a test of its own.
  for (const name of Object.keys(options.shape).filter((one) => one !== 'headers'))
    for (const value of hostile) {
      for (const tried of [
        value,
        [value],
        { [value]: 'x' },
        { X: `${value}\n` },
        { maxAge: value, includeSubdomains: value, preload: value },
      ])
        assert.equal(options.safeParse({ [name]: tried }).success, false, `${name}: ${JSON.stringify(tried)}`)
    }
})

test('no header has a name that could leave its directive, or that is for nginx to set', () => {
  for (const name of [
    ...hostile,
    'a b',
    'a_b',
    'Content-Length',
    'transfer-encoding',
    'Connection',
    'Strict-Transport-Security',
    'Proxy-Status',
  ])
    assert.equal(options.safeParse({ headers: { [name]: 'x' } }).success, false, JSON.stringify(name))
})

// Whatever passes, nginx's own words are the same as for tame values: blocks, ends of directives and quotes stand where ours do.
const skeleton = (text: string) => text.replace(/"(?:[^"\\]|\\.)*"/g, 'Q').replace(/[^;{}"\n]/g, '')
test('no header of an answer leaves its quotes', () => {
  const plain = skeleton(optionDirectives({ headers: { X: 'y' } }, place).server)
  fc.assert(
    fc.property(text, (value) => {
      const parsed = options.safeParse({ headers: { X: value } })
      if (!parsed.success) return
      assert.equal(skeleton(optionDirectives(parsed.data, place).server), plain)
      assert.doesNotMatch(optionDirectives(parsed.data, place).server.replace('$hsts', ''), /\$/)
    }),
    { numRuns: 3000 },
  )
})

test('no string that an option takes leaves its directive', () => {
  const strings = [
    'maxBodySize',
    'bodyTimeout',
    'proxyBufferSize',
    'proxyBuffers',
    'forwardedPort',
    'realIpHeader',
    'bindAddress4',
    'bindAddress6',
  ]
  fc.assert(
    fc.property(fc.constantFrom(...strings), text, (name, value) => {
      const parsed = options.safeParse({ [name]: value })
      if (parsed.success) assert.match(value, /^[\w.: -]+$/)
    }),
    { numRuns: 3000 },
  )
})

test('a quoted word says what it said before', () => {
  fc.assert(fc.property(fc.stringMatching(/^[ -~]{0,40}$/), (value) => assert.equal(JSON.parse(quoted(value)), value)))
})

test('the certificates of authorities are a file of their own, and nothing but certificates', () => {
  assert.deepEqual(optionFiles({ clientCa: ca }), [{ path: 'client-ca.pem', content: ca }])
  for (const clientCa of [`${ca}x`, '', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])
    assert.equal(options.safeParse({ clientCa }).success, false)
  assert.equal(options.safeParse({ clientCa: ca + ca }).success, true)
})
