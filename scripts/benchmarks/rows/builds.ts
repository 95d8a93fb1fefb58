import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { load } from '../../../tests/e2e/harness/load.ts'
import { ok, repo, startInstance, versionImage } from '../../../tests/e2e/harness.ts'
import { bootAlone } from '../alone.ts'
import { type BuildShop, buildShop, type How, manyDependencies } from '../build-shop.ts'
import { atMost, inSeconds, type Row } from '../row.ts'
import { inTurn, percentile, timed } from '../stats.ts'

/** What a build without a Dockerfile costs over one with a good one. */
export const rebuild: Row = {
  name: 'rebuild',
  what: 'rebuild of a Node app with 275 packages after a one-line change: runtime driver / a hand-written best-practice Dockerfile',
  bar: atMost(1.1),
  gated: false,
  how: 'by the drivers alone, in turn; the Dockerfile has packages in a stage of their own and a cache mount',
  measure: async (lab) => await withShop((shop) => comparedRebuilds(shop, lab.rounds(9), 'runtime', 'byHand')),
}

/** What buildpacks cost over that. */
export const buildpackRebuild: Row = {
  name: 'rebuild-buildpacks',
  what: 'the same app and change: runtime driver / buildpacks driver',
  bar: atMost(0.5),
  gated: false,
  how: 'the buildpack is a classic one (tests/buildpacks/nodejs): Node and packages from its cache',
  measure: async (lab) => await withShop((shop) => comparedRebuilds(shop, lab.rounds(5), 'runtime', 'buildpacks')),
}

/** How large what runs is. */
export const finalImage: Row = {
  name: 'final-image',
  what: 'size of the image of that app: runtime driver / the hand-written multi-stage Dockerfile',
  bar: atMost(1.1),
  gated: false,
  how: 'as the engine counts it, base image included',
  measure: async () =>
    await withShop(async (shop) => {
      const size = async (how: How) => (await shop.engine.getImage(await shop.build(how)).inspect()).Size / 1e6
      const [ours, theirs] = [await size('runtime'), await size('byHand')]
      return { value: ours / theirs, said: `${ours.toFixed(0)} / ${theirs.toFixed(0)} MB` }
    }),
}

/** What herokuish costs at a start. */
export const startBuildpack: Row = {
  name: 'start-buildpack',
  what: 'container start to the first 200: `/start web` of a buildpack image - a plain CMD of the same image',
  bar: atMost(60, 'ms'),
  gated: false,
  how: 'in turn, by the engine without dokku; the plain image has no entrypoint and the PATH of the profile as ENV',
  measure: async (lab) =>
    await withShop(async (shop) => {
      const instance = await lab.instance()
      const image = await shop.build('buildpacks')
      const plain = `${instance.name}/plain:latest`
      const PATH = '/app/.heroku/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
      const text = `FROM bench-builds:buildpacks\nENV PATH=${PATH}\nENTRYPOINT []\nCMD ["node", "server.js"]\n`
      await instance.engine.build(plain, { Dockerfile: text }, instance.name)
      const { ours, bare } = await inTurn(lab.rounds(15), {
        ours: () => bootAlone(shop.engine, instance, image),
        bare: () => bootAlone(shop.engine, instance, plain),
      })
      return { value: ours - bare, said: `${ours.toFixed(0)} - ${bare.toFixed(0)} ms` }
    }),
}

/** What builds cost the apps beside them. */
export const buildsUnderLoad: Row = {
  name: 'builds-under-load',
  what: 'p99 of an app under load while 10 builds are queued / without builds',
  bar: atMost(3),
  gated: false,
  how: '10 pushes at once to 10 apps, each installs 275 packages; 6 clients with a pause of 8 ms beside them, a failed request is a failed row; the quiet half is as long, before it',
  async measure(lab) {
    const instance = await startInstance({ suffix: 'builds' })
    const source = await repo(versionImage('beside'))
    const apps = await repo({ ...(await filesOf(manyDependencies)) })
    try {
      ok(await instance.push(source, 'beside'))
      const target = instance.target('beside')
      const quiet = await load(target, () => new Promise((resolve) => setTimeout(resolve, lab.brief ? 5_000 : 30_000)))
      const names = Array.from({ length: lab.brief ? 3 : 10 }, (_, n) => `built-${n}`)
      const busy = await load(target, () => Promise.all(names.map(async (app) => ok(await instance.push(apps, app)))))
      const failures = [...quiet.failures, ...busy.failures]
      if (failures.length > 0) throw new Error(`${failures.length} requests failed: ${failures[0]}`)
      const [before, during] = [percentile(quiet.times, 0.99), percentile(busy.times, 0.99)]
      return {
        value: during / before,
        said: `${during.toFixed(1)} / ${before.toFixed(1)} ms, 0 failed of ${busy.sent.toLocaleString('en')}`,
      }
    } finally {
      await Promise.all([instance.remove(), source.remove(), apps.remove()])
    }
  },
}

async function comparedRebuilds(shop: BuildShop, rounds: number, ours: How, theirs: How) {
  for (const how of [ours, theirs]) await shop.build(how)
  const again = (how: How) => async () => {
    await shop.change(how)
    return await timed(() => shop.build(how))
  }
  const { a, b } = await inTurn(rounds, { a: again(ours), b: again(theirs) })
  return { value: a / b, said: `${inSeconds(a)} / ${inSeconds(b)} s` }
}

async function withShop<T>(work: (shop: BuildShop) => Promise<T>): Promise<T> {
  const shop = await buildShop()
  try {
    return await work(shop)
  } finally {
    await shop.close()
  }
}

async function filesOf(dir: string): Promise<Record<string, string>> {
  const names = await readdir(dir)
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name), 'utf8')])))
}
