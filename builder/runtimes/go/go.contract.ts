import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testRuntime } from '../../runtime/runtime.fixture.ts'

testRuntime(
  'go',
  [
    {
      app: 'go-web',
      says: /Go \S+: go\.mod asks for Go 1\.23\n/,
      text: 'Hello from Go, 14c1167a-3998-5c39-bb33-bcd735be7bbd\n',
      change: { file: 'main.go', from: 'Hello', to: 'Hi' },
      again: /downloading/,
    },
  ],
  (shop) => {
    const program = 'package main\nfunc main() {}\n'

    test('says that it cannot choose among programs, and lets a Procfile do it', async () => {
      const files = { 'go.mod': 'module x\n\ngo 1.20\n', 'cmd/a/main.go': program, 'cmd/b/main.go': program }
      const said: string[] = []
      await assert.rejects(
        shop()
          .tree(files)
          .then((dir) => shop().build(dir, {}, (line) => said.push(line))),
        { code: 'build-failed' },
      )
      assert.match(said.join(''), /There are several programs \(a b \): add a Procfile with a line such as: web: bin\/a/)
      await shop().build(await shop().tree({ ...files, Procfile: 'web: bin/b\n' }))
    })
  },
)
