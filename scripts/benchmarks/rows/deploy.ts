import { docker } from '#lib/docker.ts'
import { ok, versionImage } from '../../../tests/e2e/harness.ts'
import { bootAlone, untilAnswer, untilRetired } from '../alone.ts'
import type { Lab } from '../lab.ts'
import { atMost, inSeconds, type Row } from '../row.ts'
import { inTurn, timed } from '../stats.ts'

/** A deploy without a build. */
export const deploy: Row = {
  name: 'deploy',
  what: 'deploy of an image that is there, beyond create, start and boot of its container',
  bar: atMost(0.25, 's'),
  gated: true,
  how: '`git:from-image` over ssh until the new version answers through the appliance, in turn with a container of that image started by the engine without dokku until it answers, and with ssh alone',
  async measure(lab) {
    const { instance, images, change } = await twoVersions(lab, 'deployed')
    const engine = await docker()
    let n = 1
    const { total, boot, ssh } = await inTurn(lab.rounds(15), {
      total: () => {
        n = 1 - n
        return change(['git:from-image', 'deployed', images[n] ?? ''], String(n))
      },
      boot: () => bootAlone(engine, instance, images[n] ?? ''),
      ssh: await lab.silent(),
    })
    return { value: (total - boot) / 1000, said: `${inSeconds(total)} - ${inSeconds(boot)} s, of it ssh ${inSeconds(ssh)} s` }
  },
}

/** New settings. */
export const configSet: Row = {
  name: 'config-set',
  what: '`config:set` until the new value is served, beyond create, start and boot of its container',
  bar: atMost(0.4, 's'),
  gated: false,
  how: 'as above, with `config:set` of what the app answers',
  async measure(lab) {
    const { instance, change } = await twoVersions(lab, 'configured')
    const engine = await docker()
    let n = 1
    const { total, boot, ssh } = await inTurn(lab.rounds(15), {
      total: () => change(['config:set', 'configured', `VERSION=set-${++n}`], `set-${n}`),
      boot: () => bootAlone(engine, instance, `${instance.name}/version:0`),
      ssh: await lab.silent(),
    })
    return { value: (total - boot) / 1000, said: `${inSeconds(total)} - ${inSeconds(boot)} s, of it ssh ${inSeconds(ssh)} s` }
  },
}

/** The way back. */
export const rollback: Row = {
  name: 'rollback',
  what: '`releases:rollback` until the old version answers',
  bar: atMost(2, 's'),
  gated: true,
  how: 'from the start of ssh to the first answer of the old version through the appliance, in turn with ssh alone',
  async measure(lab) {
    const { change } = await twoVersions(lab, 'rolled')
    let n = 1
    const { total, ssh } = await inTurn(lab.rounds(9), {
      ssh: await lab.silent(),
      total: () => {
        n = 1 - n
        return change(['releases:rollback', 'rolled'], String(n))
      },
    })
    return { value: total / 1000, said: `of it ssh ${inSeconds(ssh)} s` }
  },
}

/**
 * An app that was deployed from image 0, then from image 1; they answer with their number. `change` types a command and
 * gives the milliseconds until the app answers with another number.
 */
async function twoVersions(lab: Lab, app: string) {
  const instance = await lab.instance()
  const engine = await docker()
  const images = ['0', '1'].map((version) => `${instance.name}/version:${version}`)
  for (const [n, image] of images.entries()) {
    await instance.engine.build(image, versionImage(String(n)), instance.name)
    ok(await instance.ssh('git:from-image', app, image))
  }
  const change = async (words: string[], version: string) => {
    await untilRetired(engine, instance)
    const typed = instance.ssh(...words)
    const ms = await timed(() => untilAnswer(async () => (await instance.fetch(app)).body === version))
    ok(await typed)
    return ms
  }
  return { instance, images, change }
}
