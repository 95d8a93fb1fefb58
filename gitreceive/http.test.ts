import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHttpGit } from './http.ts'

test('parseHttpGit reads the two requests of a push or fetch', () => {
  const refs = (service: string) => parseHttpGit('GET', `/shop.git/info/refs?service=${service}`)
  assert.deepEqual(refs('git-receive-pack'), { name: 'shop', service: 'git-receive-pack', step: 'refs' })
  assert.deepEqual(refs('git-upload-pack'), { name: 'shop', service: 'git-upload-pack', step: 'refs' })
  assert.deepEqual(parseHttpGit('POST', '/shop/git-receive-pack'), { name: 'shop', service: 'git-receive-pack', step: 'rpc' })
})

test('parseHttpGit leaves other paths to others', () => {
  for (const url of ['/', '/shop.git', '/healthz', '/hooks/shop', '/info/refs', '/shop.git/config', '/shop/git'])
    assert.equal(parseHttpGit('GET', url), undefined)
})

test('parseHttpGit leaves hostile names to the grammar of names, unchanged', () => {
  const name = (path: string) => parseHttpGit('GET', `/${path}/info/refs?service=git-upload-pack`)?.name
  assert.equal(name('..%2f..%2fetc'), '../../etc')
  assert.equal(name('a/b.git'), 'a/b')
  assert.equal(name('$(id)'), '$(id)')
  assert.equal(name('a%00b'), 'a\0b')
})

test('parseHttpGit refuses the dumb protocol, other services, other methods and broken escapes', () => {
  const lines = [
    'GET /shop.git/HEAD',
    'GET /shop.git/objects/info/packs',
    'GET /shop.git/info/refs',
    'GET /shop.git/info/refs?service=git-upload-archive',
    'GET /shop.git/info/refs?service=git-receive-pack%20--foo',
    'POST /shop.git/git-upload-archive',
    'GET /shop.git/git-receive-pack',
    'POST /shop.git/info/refs?service=git-receive-pack',
    'GET /%zz/info/refs?service=git-upload-pack',
  ]
  for (const line of lines) {
    const [method = '', url = ''] = line.split(' ')
    assert.throws(() => parseHttpGit(method, url), { code: 'bad-git-command' }, line)
  }
})
