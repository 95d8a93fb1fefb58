import { ok } from '../../../tests/e2e/harness.ts'
import type { Lab } from '../lab.ts'
import { atMost, type Figure, type Row } from '../row.ts'
import { inTurn, timed } from '../stats.ts'

/** A command that reads. */
export const list: Row = {
  name: 'list',
  what: '`apps:list` with 100 apps over ssh / ssh with `/bin/true`',
  bar: atMost(1.15),
  gated: false,
  how: 'in turn with a login to the same sshd whose forced command is `/bin/true`',
  async measure(lab) {
    const instance = await lab.instance()
    for (let n = 1; n <= 100; n++) ok(await instance.admin(['apps:create', `listed-${n}`]))
    return against(lab, async () => ok(await instance.ssh('apps:list')))
  },
}

/** A command that writes. */
export const create: Row = {
  name: 'create',
  what: '`apps:create` over ssh / ssh with `/bin/true`',
  bar: atMost(1.3),
  gated: false,
  how: 'in turn as above, each time another app',
  async measure(lab) {
    const instance = await lab.instance()
    let n = 0
    return against(lab, async () => ok(await instance.ssh('apps:create', `created-${++n}`)))
  },
}

async function against(lab: Lab, command: () => Promise<unknown>): Promise<Figure> {
  const silent = await lab.silent()
  await command()
  const { ours, ssh } = await inTurn(lab.rounds(21), { ssh: silent, ours: () => timed(command) })
  return { value: ours / ssh, said: `${ours.toFixed(0)} / ${ssh.toFixed(0)} ms` }
}
