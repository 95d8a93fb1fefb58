import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { golden, hostile, place, shown, text } from './directives.fixture.ts'
import { together } from './directives.ts'
import { type Front, front } from './front.ts'
import { frontDirectives, redirectDirectives } from './front-directives.ts'
import { frontFiles } from './front-files.ts'

const hash = `$6$0123456789abcdef$${'a'.repeat(86)}`
const allFront: Front = front.parse({
  maintenance: { page: '<p>back soon', files: { 'img/logo.svg': 'PHN2Zy8+' } },
  auth: { users: [{ name: 'al ice"}', hash }], allowed: ['10.0.0.1', 'fd00::/8'] },
  redirects: [
    { from: 'example.com', to: 'www.example.com', code: 301 },
    { from: '*.example.org', to: 'www.example.org', code: 301 },
    { from: 'old.example.org', to: 'https://new.example.org:8443', code: 302 },
  ],
  allow: ['10.0.0.0/8'],
  deny: ['10.1.0.0/16'],
  limits: { rate: '10r/s', burst: 20, connections: 30 },
  pages: { 403: 'no', 502: 'down' },
})

test('what stands in front of a site is as in golden/front.conf', async () => {
  await golden('front.conf', shown(together(redirectDirectives(allFront), frontDirectives(allFront, place))))
})

test('nothing in front is no words', () => {
  for (const found of [frontDirectives({}, place), frontDirectives(undefined, place), redirectDirectives({})])
    assert.deepEqual(found, { http: {}, server: '' })
})

test('nothing in front of a site takes a value that could leave its directive', () => {
  const wrong = (value: string): unknown[] => [
    { auth: { users: [{ name: 'a', hash: value }], allowed: [] } },
    { auth: { users: [], allowed: [value] } },
    { redirects: [{ from: value, to: 'b.test', code: 301 }] },
    { redirects: [{ from: 'a.test', to: value, code: 301 }] },
    { redirects: [{ from: 'a.test', to: 'b.test', code: value }] },
    { allow: [value] },
    { deny: [value] },
    { limits: { rate: value } },
    { limits: { burst: value } },
    { limits: { connections: value } },
    { pages: { [value]: 'x' } },
    { maintenance: { files: { [value]: '' } } },
    { [value]: {} },
  ]
  for (const value of hostile) for (const tried of wrong(value)) assert.equal(front.safeParse(tried).success, false, JSON.stringify(tried))
})

test('what is wrong with a network, a redirect, a file or a page is said', () => {
  const messages = (value: unknown) => front.safeParse(value).error?.issues.map(({ message }) => message) ?? []
  assert.match(messages({ allow: ['10.0.0.0/33'] }).join(), /a network is an IP address/)
  assert.match(messages({ redirects: [{ from: 'a.test', to: 'A.test.', code: 301 }] }).join(), /does not lead to itself/)
  const twice = { from: 'a.test', to: 'b.test', code: 301 }
  assert.match(messages({ redirects: [twice, { ...twice, code: 302 }] }).join(), /leads to one other/)
  assert.match(messages({ maintenance: { files: { a: '', 'a/b': '' } } }).join(), /none is a folder too/)
})

test('names and pages that pass are whole lines of files, and no words of nginx', () => {
  const one = frontDirectives(front.parse({ auth: { users: [], allowed: [] }, pages: { 404: 'x' }, maintenance: { page: 'x' } }), place)
  fc.assert(
    fc.property(text, text, (name, page) => {
      const parsed = front.safeParse({ auth: { users: [{ name, hash }], allowed: [] }, pages: { 404: page }, maintenance: { page } })
      if (!parsed.success) return
      const [passwords] = frontFiles(parsed.data)
      assert.match(String(passwords?.content), /^[^:\n]+:[^:\n]+\n$/)
      assert.equal(frontDirectives(parsed.data, place).server.replaceAll(/fronts\/\w+/g, ''), one.server.replaceAll(/fronts\/\w+/g, ''))
    }),
    { numRuns: 2000 },
  )
})

test('a host or a destination that passes is a host to nginx', () => {
  fc.assert(
    fc.property(text, text, (from, to) => {
      const parsed = front.safeParse({ redirects: [{ from, to, code: 301 }] })
      if (!parsed.success) return
      const [one] = parsed.data.redirects ?? []
      assert.match(`${one?.from} ${one?.to}`, /^[a-z0-9.*-]+ (https?:\/\/)?[a-z0-9.-]+(:\d+)?$/)
    }),
    { numRuns: 3000 },
  )
})
