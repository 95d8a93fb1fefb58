import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testRuntime } from '../../runtime/runtime.fixture.ts'

testRuntime(
  'php',
  [
    {
      app: 'php-web',
      says: /PHP 8\S*: composer\.json asks for PHP >=8\.2, Composer\n/,
      text: 'Hello from PHP\n',
      change: { file: 'packages/greeting/src/Greeting.php', from: 'Hello', to: 'Hi' },
      again: /Downloading/,
    },
  ],
  (shop) => {
    test('routes what is no file to index.php, and shows no hidden or Composer files', async () => {
      const running = await shop().start((await shop().build('php-web')).image)
      assert.deepEqual(await running.get('/some/where'), { status: 200, text: 'Hello from PHP at /some/where\n' })
      const bare = await shop().tree({
        'index.php': '<?php echo 1 + 1;',
        'composer.json': '{"autoload":{"psr-4":{"A\\\\":"a/"}}}',
        '.env': 'x',
      })
      const plain = await shop().start((await shop().build(bare)).image)
      assert.deepEqual(await plain.get(), { status: 200, text: '2' })
      for (const path of ['/.env', '/composer.json']) assert.equal((await plain.get(path)).status, 403)
    })

    test('keeps the loader that Composer makes after the source is there', async () => {
      const dir = await shop().tree({
        'composer.json': '{"autoload":{"psr-4":{"A\\\\":"a/"}}}',
        'a/B.php': "<?php namespace A; class B { const C = 'found'; }",
        'index.php': "<?php require 'vendor/autoload.php'; echo A\\B::C;",
      })
      assert.equal((await (await shop().start((await shop().build(dir)).image)).get()).text, 'found')
    })
  },
)
