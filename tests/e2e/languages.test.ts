import assert from 'node:assert/strict'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ok, repo, startInstance } from './harness.ts'

// Source without a Dockerfile, pushed as it is: no setting, no file for us in it.
const instance = await startInstance({ suffix: 'languages' })
after(() => instance.remove())
const samples = join(import.meta.dirname, '../apps')

const languages: Record<string, { app: string; says: RegExp }> = {
  'Node.js': { app: 'node-build', says: /^Hello from a build/ },
  Python: { app: 'python-pip', says: /^Hello from Flask by pip\n$/ },
  Go: { app: 'go-web', says: /^Hello from Go/ },
  Java: { app: 'java-maven', says: /^Hello From Java\n$/ },
  PHP: { app: 'php-web', says: /PHP|Hello/ },
  Ruby: { app: 'ruby-web', says: /Hello/ },
  Rust: { app: 'rust-web', says: /Hello/ },
  'a Procfile alone': { app: 'procfile-only', says: /^Hello from a Procfile\n$/ },
}

for (const [language, { app, says }] of Object.entries(languages))
  test(`a push of an app in ${language} deploys it, and it answers`, async () => {
    const work = await repo({})
    try {
      await mkdir(work.dir, { recursive: true })
      await cp(join(samples, app), work.dir, { recursive: true })
      await work.commit({})
      const result = await instance.push(work, app)
      ok(result)
      assert.match(result.stderr, /Builder: runtime/)
      assert.match((await instance.fetch(app)).body, says)
      const { stdout } = await instance.ssh('run', app, 'id', '-u')
      assert.notEqual(stdout.trim(), '0')
    } finally {
      await work.remove()
    }
  })

test('a push of a folder of pages deploys it', async () => {
  const work = await repo({ 'index.html': '<h1>hello</h1>\n', 'about/index.html': 'about\n' })
  const result = await instance.push(work, 'pages')
  ok(result)
  assert.match(result.stderr, /Builder: runtime/)
  assert.equal((await instance.fetch('pages')).body, '<h1>hello</h1>\n')
  assert.equal((await instance.fetch('pages', '/about/')).body, 'about\n')
  await work.remove()
})

test('a change of one line installs nothing again, and an image of another name is taken where one was set', async () => {
  const work = await repo('node-build')
  const again = async () => {
    const result = await instance.push(work, 'again')
    ok(result)
    return result.stderr
  }
  await again()
  await work.commit({ 'notes.txt': 'changed\n' })
  assert.match(await again(), /npm ci.*CACHED/)
  ok(await instance.ssh('builder-runtime:set', 'again', 'node', 'node:24-slim'))
  assert.match(ok(await instance.ssh('builder-runtime:report', 'again')), /node=node:24-slim/)
  await work.commit({ 'notes.txt': 'changed again\n' })
  assert.match(await again(), /FROM docker\.io\/library\/node:24-slim/)
  assert.match((await instance.fetch('again')).body, /^Hello from a build/)
  await work.remove()
})

test('a build reads config that is for builds, and a Procfile adds process types', async () => {
  const work = await repo('node-build')
  await work.commit({ Procfile: 'web: node dist/server.js\nworker: sleep 1000\n' })
  ok(await instance.ssh('apps:create', 'greeter'))
  ok(await instance.ssh('config:set', '--build', '--no-restart', 'greeter', 'GREETING=Good day'))
  ok(await instance.push(work, 'greeter'))
  assert.equal((await instance.fetch('greeter')).body, 'Good day from a build, in 60000 ms\n')
  assert.match(ok(await instance.ssh('ps:scale', 'greeter')), /worker/)
  await work.remove()
})
