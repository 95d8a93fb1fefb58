import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { attempt, engine, freePort, ok, removeInstance, scratch } from '../../../tests/e2e/harness.ts'
import { root } from '../../sources.ts'
import { atMost, type Row } from '../row.ts'
import { timed } from '../stats.ts'

/** From nothing of ours to a first answer. */
export const quickstart: Row = {
  name: 'quickstart',
  what: '`scripts/quickstart` with image and base on the engine, to the first answer of the sample app',
  bar: atMost(20, 's'),
  gated: false,
  how: 'once, under a name and ports of its own, with an empty home',
  async measure() {
    const host = engine()
    const name = `${process.env.DOKKU_TEST_PREFIX ?? 'bench'}-quick-${randomBytes(2).toString('hex')}`
    const home = await scratch()
    const [ssh, http, https] = [await freePort(), await freePort(), await freePort()]
    const env = {
      ...{ PATH: process.env.PATH ?? '', HOME: home.dir, DOKKU_IMAGE: process.env.DOKKU_IMAGE ?? '', DOKKU_NAME: name },
      ...{ DOKKU_HOSTNAME: 'localhost', DOKKU_SSH_PORT: String(ssh), DOKKU_HTTP_PORT: String(http), DOKKU_HTTPS_PORT: String(https) },
    }
    try {
      const ms = await timed(async () => ok(await attempt([join(root, 'scripts/quickstart')], { env })))
      return { value: ms / 1000, said: '' }
    } finally {
      await removeInstance(host, name)
      await home.remove()
    }
  },
}
