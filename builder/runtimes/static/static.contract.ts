import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testRuntime } from '../../runtime/runtime.fixture.ts'

testRuntime('static', [], (shop) => {
  test('serves the files of a site, and none that are hidden', async () => {
    const dir = await shop().tree({
      'index.html': '<p>home',
      'about.html': '<p>about',
      'sub/index.html': '<p>sub',
      'a.js': 'let a',
      '.secret': 'x',
      '.well-known/security.txt': 'y',
      '404.html': '<p>gone',
    })
    const { image, lines } = await shop().build(dir)
    assert.match(lines.join(''), /static site/)
    const running = await shop().start(image)
    assert.deepEqual(await running.get(), { status: 200, text: '<p>home' })
    assert.deepEqual(await running.get('/about'), { status: 200, text: '<p>about' })
    assert.deepEqual(await running.get('/sub'), { status: 200, text: '<p>sub' })
    assert.deepEqual(await running.get('/a.js'), { status: 200, text: 'let a' })
    assert.deepEqual(await running.get('/.well-known/security.txt'), { status: 200, text: 'y' })
    for (const path of ['/.secret', '/none']) assert.deepEqual(await running.get(path), { status: 404, text: '<p>gone' })
    assert.match(await running.run('id', '-u'), /^1000/)
  })

  test('finds the site in its folder', async () => {
    const { image } = await shop().build(await shop().tree({ 'public/index.html': '<p>in', 'notes.txt': 'x' }))
    const running = await shop().start(image)
    assert.equal((await running.get()).text, '<p>in')
    assert.equal((await running.get('/notes.txt')).status, 404)
  })
})
