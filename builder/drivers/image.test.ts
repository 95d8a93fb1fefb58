import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseReference } from './image.ts'

const digest = `sha256:${'0a'.repeat(32)}`

describe('image reference', () => {
  test('names its registry', () => {
    const hosts = {
      nginx: 'docker.io',
      'library/nginx:1.29': 'docker.io',
      'ghcr.io/owner/name': 'ghcr.io',
      'localhost/name': 'localhost',
      'localhost:5000/name:1': 'localhost:5000',
      '127.0.0.1:5000/a/b': '127.0.0.1:5000',
      [`registry.example/x@${digest}`]: 'registry.example',
    }
    for (const [reference, host] of Object.entries(hosts)) assert.equal(parseReference(reference).host, host, reference)
  })

  test('gets a tag when it has neither tag nor digest', () => {
    assert.equal(parseReference('nginx').name, 'nginx:latest')
    assert.equal(parseReference('host:5000/nginx').name, 'host:5000/nginx:latest')
    assert.equal(parseReference('nginx:1').name, 'nginx:1')
    assert.equal(parseReference(`nginx@${digest}`).name, `nginx@${digest}`)
  })

  test('is refused when it cannot be one', () => {
    for (const reference of [
      '',
      '-x',
      '/etc/passwd',
      'a b',
      'a;b',
      'a\nb',
      'a:',
      'a:b:c',
      'a@sha256:1',
      'a//b',
      '$(x)',
      '../x?y=z',
      'a&tag=b',
      'x'.repeat(2000),
    ])
      assert.throws(() => parseReference(reference), { code: 'bad-image-name' }, JSON.stringify(reference))
  })
})
