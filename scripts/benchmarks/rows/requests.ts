import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { load, ok, runByHand, untilHealthy, versionImage } from '../../../tests/e2e/harness.ts'
import { atMost, type Row } from '../row.ts'

/** The promise of the whole: nothing we do costs a visitor's request. */
export const failed: Row = {
  name: 'failed',
  what: 'failed requests over 20 deploys, 5 rollbacks, 2 upgrades and 5 kills of control',
  bar: atMost(0),
  gated: true,
  how: 'at least 20,000 requests by 8 clients, half of them on kept connections; an upgrade is `docker rm -f` and `docker run`; each kill -9 hits control in the middle of a deploy',
  async measure(lab) {
    const instance = await lab.instance()
    const { engine, name, image, env, dir, ssh } = instance
    const app = 'visited'
    await engine.build(`${name}/visited:latest`, versionImage('visited'), name)
    ok(await ssh('git:from-image', app, `${name}/visited:latest`))
    let n = 0
    const deploy = async () => ok(await ssh('config:set', app, `ROUND=${++n}`))
    const killed = async () => {
      const deploying = instance.sshStart(['config:set', app, `ROUND=${++n}`])
      await Promise.race([once(createInterface({ input: deploying.stdout }), 'line'), deploying])
      ok(await engine.docker(['kill', name]))
      ok(await engine.docker(['start', name]))
      await deploying
      await untilHealthy(engine, name)
    }
    const upgrade = async () => {
      ok(await engine.docker(['rm', '--force', name]))
      await runByHand({ name, image, engine, env, dir })
    }
    const work = async () => {
      for (let round = 1; round <= lab.rounds(5); round++) {
        for (let of = 0; of < 4; of++) await deploy()
        ok(await ssh('releases:rollback', app))
        await killed()
        if (round <= 2) await upgrade()
      }
    }
    const { sent, failures } = await load(instance.target(app), work, { clients: 8, pauseMs: 5, atLeast: lab.brief ? 1 : 20_000 })
    for (const failure of failures.slice(0, 10)) process.stdout.write(`       failed: ${failure}\n`)
    return { value: failures.length, said: `of ${sent.toLocaleString('en')}` }
  },
}
