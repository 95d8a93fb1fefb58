import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UserError } from '#lib/errors.ts'
import { jsonOf, parsePath, post, put, remove, valueAt } from './document.ts'
import { expanded } from './macros.ts'

const tree = { http: { gzip: true, server: [{ listen: 80 }, { listen: 81 }] } }
const at = (path: string) => parsePath(path)
const refused = (work: () => unknown, message: RegExp, code = 'tree-refused') =>
  assert.throws(work, (error) => error instanceof UserError && error.code === code && message.test(error.message))

test('a path leads through objects and lists; a negative or unknown index leads nowhere', () => {
  assert.equal(valueAt(tree, at('/http/server/1/listen')), 81)
  for (const path of ['/http/server/-1', '/http/server/2', '/http/server/01', '/http/server/x', '/no/where', '/__proto__', '/http/gzip/x'])
    assert.equal(valueAt(tree, at(path)), undefined, path)
  assert.equal(valueAt({ 'a/b': { 'c d': 1 } }, at('/a%2Fb/c%20d/')), 1)
  refused(() => at('/%zz'), /is not a path/)
})

test('POST merges one level of an object, adds to a list, and is nothing for a scalar', () => {
  assert.deepEqual(post({ a: { b: { c: 1 }, d: 2 } }, ['a'], { b: { e: 3 } }), { a: { b: { e: 3 }, d: 2 } })
  assert.deepEqual(post(tree, at('/http/server'), { listen: 82 }).http, {
    gzip: true,
    server: [{ listen: 80 }, { listen: 81 }, { listen: 82 }],
  })
  refused(() => post(tree, at('/http'), [1]), /only an object can be merged/)
  refused(() => post(tree, at('/http/gzip'), 1), /neither an object nor a list/, 'tree-scalar')
})

test('PUT replaces, where there is a parent, and changes nothing of what it was given', () => {
  const before = JSON.stringify(tree)
  assert.equal(valueAt(put(tree, at('/http/server/0/listen'), 8080), at('/http/server/0/listen')), 8080)
  assert.deepEqual(put(tree, [], { a: 1 }), { a: 1 })
  assert.equal(JSON.stringify(tree), before)
  refused(() => put(tree, at('/http/server/2'), {}), /has no element 2/)
  refused(() => put(tree, at('/http/server/-1'), {}), /has no element -1/)
  refused(() => put(tree, at('/stream/server'), []), /there is nothing at \/stream/)
  refused(() => put(tree, at('/http/gzip/x'), 1), /neither an object nor a list/)
  refused(() => put(tree, [], [1]), /the tree itself is an object/)
  assert.ok(Object.hasOwn(put({}, ['__proto__'], { polluted: true }), '__proto__'))
  assert.equal(({} as { polluted?: boolean }).polluted, undefined)
})

test('DELETE takes a key or an element away, and what is not there may go too', () => {
  assert.deepEqual(remove(tree, at('/http/server/0')).http, { gzip: true, server: [{ listen: 81 }] })
  assert.deepEqual(remove(tree, at('/http')), {})
  assert.deepEqual(remove(tree, []), {})
  for (const path of ['/no', '/no/where', '/http/none']) assert.deepEqual(remove(tree, at(path)), tree)
  refused(() => remove(tree, at('/http/server/-1')), /has no element -1/)
})

test('a body that is not JSON, or deeper than nginx could want, is refused', () => {
  refused(() => jsonOf('{'), /not JSON/)
  refused(() => jsonOf('['.repeat(40) + ']'.repeat(40)), /at most 32 levels/)
})

test('$value and $file are the value of that name, the default, or nothing', () => {
  const document = { a: { $value: '/one', default: 'x' }, b: [{ $file: '/two', default: 2 }], c: { $value: '/three' } }
  assert.deepEqual(expanded(document, { '/one': '1' }), { a: '1', b: [2], c: '' })
})
