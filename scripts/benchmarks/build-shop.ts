import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BuildDriver, drivers } from '#builder'
import { type Docker, docker } from '#lib/docker.ts'
import { readIfThere } from '#lib/files.ts'
import { output } from '#lib/output.ts'
import { serveBuildpacks } from '../../builder/buildpack.fixture.ts'

/** A Node app with 275 packages. */
export const manyDependencies = join(import.meta.dirname, 'apps/node-200')

/** As somebody writes one who knows how: packages apart from the source, production's only, no compilers, no root. */
export const byHand = `FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --no-audit --no-fund
FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY . .
USER node
CMD ["node", "server.js"]
`

/** The same app as three drivers build it, each in a folder of its own. */
export interface BuildShop {
  engine: Docker
  /** Changes one line of the source, so that its layer is another. */
  change(how: How): Promise<void>
  /** Builds it; answers the image's id. */
  build(how: How): Promise<string>
  close(): Promise<void>
}

export type How = 'runtime' | 'byHand' | 'buildpacks'

export async function buildShop(): Promise<BuildShop> {
  const engine = await docker()
  const dir = await mkdtemp(join(tmpdir(), 'bench-builds-'))
  const packs = await serveBuildpacks(engine)
  const ca = process.env.DOKKU_CA_FILE === undefined ? undefined : await readIfThere(process.env.DOKKU_CA_FILE)
  const extra = {
    runtime: {},
    byHand: { Dockerfile: byHand },
    buildpacks: { '.buildpacks': `${packs.url('nodejs')}\n`, Procfile: 'web: node server.js\n' },
  }
  for (const [how, files] of Object.entries(extra)) {
    await cp(manyDependencies, join(dir, how), { recursive: true })
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, how, name), text)
  }
  const silent = output(
    () => undefined,
    () => undefined,
  )
  let n = 0
  return {
    engine,
    async change(how) {
      await writeFile(join(dir, how, 'change.js'), `// ${Date.now()} ${++n}\n`)
    },
    async build(how) {
      const source = { dir: join(dir, how) }
      const request = { source, image: `bench-builds:${how.toLowerCase()}`, labels: {}, output: silent, cacheKey: 'bench-builds' }
      return (await driverOf(how).build({ ...request, ...(ca !== undefined && { ca }) }, engine)).imageId
    },
    async close() {
      await packs.close()
      await rm(dir, { recursive: true })
      for (const how of Object.keys(extra))
        await engine
          .getImage(`bench-builds:${how.toLowerCase()}`)
          .remove({ force: true })
          .catch(() => undefined)
    },
  }
}

function driverOf(how: How): BuildDriver {
  const name = how === 'byHand' ? 'dockerfile' : how
  const found = drivers.find((driver) => driver.name === name)
  if (found === undefined) throw new Error(`there is no driver ${name}`)
  return found
}
