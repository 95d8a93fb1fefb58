import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { hook, host } from './harness.ts'

const { bash, path, plugin, folder } = await host()

test('where a host confines plugins, so does the program plugn: as a user of its own, with a clean environment, not as a function', async () => {
  await bash('plugn init')
  // As the volume of a host is: everybody may enter, and read only what is for everybody.
  await chmod(folder, 0o711)
  await plugin('modest', {
    'plugin.toml': '[plugin]\n[plugin.needs]\n',
    asked: hook('echo "$(id -u) [$SECRET]"; cat "$1" 2>/dev/null || echo refused'),
    'hooks.ts': "export default { asked: () => 'with all that plugn may' }\n",
  })
  await plugin('trusting', { asked: hook('echo "$(id -u) $SECRET"') })
  const asked = async () => (await bash('plugn trigger asked "$PLUGIN_PATH/config.toml"', { SECRET: 's3cret' })).stdout
  assert.match(await asked(), /^with all that plugn may\n0 \[s3cret\]\n/)
  await writeFile(join(path, 'confine.json'), JSON.stringify({ docker: '/nowhere', offline: ['env'], callback: [] }))
  assert.equal(await asked(), '20000 []\nrefused\n0 s3cret\n')
})
