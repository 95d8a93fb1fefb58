import { selectDriver } from '#builder'
import { docker } from '#lib/docker.ts'
import { output } from '#lib/output.ts'
import { writeFiles } from '../../../tests/e2e/harness/engine.ts'
import { ok, repo, versionImage, webAndWorker } from '../../../tests/e2e/harness.ts'
import { bootAlone, untilRetired } from '../alone.ts'
import { atMost, inSeconds, type Row } from '../row.ts'
import { inTurn, timed } from '../stats.ts'

/** A push, without what the build and the container cost by themselves. */
export const push: Row = {
  name: 'push',
  what: 'push of a one-line change - the build alone - the container alone to its first 200',
  bar: atMost(1, 's'),
  gated: false,
  how: 'in turn with the same change built by the driver without dokku, and that image started by the engine without dokku',
  async measure(lab) {
    const instance = await lab.instance()
    const engine = await docker()
    const source = await repo(versionImage('0'))
    ok(await instance.push(source, 'pushed'))
    const image = `${instance.name}/alone:latest`
    const labels = { 'dokku.instance': instance.name }
    const quiet = output(
      () => undefined,
      () => undefined,
    )
    let n = 0
    const { total, build, boot } = await inTurn(lab.rounds(9), {
      total: async () => {
        await source.commit({ 'change.txt': `pushed ${++n}` })
        return await timed(async () => ok(await instance.push(source, 'pushed')))
      },
      build: async () => {
        await untilRetired(engine, instance)
        // The same change again, with content of its own so that no cache answers for it.
        await writeFiles(source.dir, { 'change.txt': `built ${n}` })
        const { driver } = await selectDriver({ dir: source.dir })
        return await timed(() => driver.build({ source: { dir: source.dir }, image, labels, output: quiet }, engine))
      },
      boot: () => bootAlone(engine, instance, image),
    })
    await source.remove()
    return { value: (total - build - boot) / 1000, said: `${inSeconds(total)} - ${inSeconds(build)} - ${inSeconds(boot)} s` }
  },
}

/** What more processes cost. */
export const formation: Row = {
  name: 'formation',
  what: 'push of a redeploy with web=4 worker=2 / with web=1',
  bar: atMost(2),
  gated: false,
  how: 'two apps of the same source, a one-line change pushed to each in turn; beside it six containers of the image and one, started by the engine without dokku',
  async measure(lab) {
    const instance = await lab.instance()
    const engine = await docker()
    const source = await repo(webAndWorker)
    for (const app of ['small', 'large']) ok(await instance.push(source, app))
    ok(await instance.ssh('ps:scale', 'large', 'web=4', 'worker=2'))
    let n = 0
    const pushTo = (app: string) => async () => {
      await untilRetired(engine, instance)
      await source.commit({ 'change.txt': `change ${++n}` })
      return await timed(async () => ok(await instance.push(source, app)))
    }
    const image = `${instance.name}/large:v1`
    const { small, large, one, six } = await inTurn(lab.rounds(7), {
      small: pushTo('small'),
      large: pushTo('large'),
      one: () => bootAlone(engine, instance, image),
      six: () => bootAlone(engine, instance, image, 6),
    })
    await source.remove()
    return {
      value: large / small,
      said: `${inSeconds(large)} / ${inSeconds(small)} s; the containers alone ${inSeconds(six)} / ${inSeconds(one)} s`,
    }
  },
}
