import type { Docker } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { readAppJson } from '../app-json.ts'
import { readInside } from '../buildkit/context.ts'
import { parseBuildpack } from '../buildpack-url.ts'
import type { BuildDriver, BuildRequest, Source } from '../driver.ts'
import { buildDockerfile } from '../frontend.ts'
import { imageFile } from '../image-file.ts'
import { cacheMount, envMount } from '../mounts.ts'
import { readProcfile } from '../procfile.ts'
import { type Stack, stackOf } from '../stack.ts'

/** Builds a tree by Heroku's buildpacks, with herokuish in an image of a stack. */
export const buildpacks: BuildDriver = {
  name: 'buildpacks',
  summary: 'buildpacks that were set or that the tree names',
  readsAllConfig: true,

  async detect(source) {
    return (await buildpacksOf(source)).length > 0
  },

  async build(request, engine) {
    const urls = await buildpacksOf(request.source)
    const stack = await stackOf(engine, request)
    const imageId = await build(request, engine, stack, urls)
    const procfile = await imageFile(engine, imageId, '/app/Procfile')
    return { imageId, ...(procfile !== undefined && { processes: readProcfile(procfile) }) }
  },
}

/** Those that were set, else those of app.json, `BUILDPACK_URL` in `.env`, or `.buildpacks`: Dokku's order. UserError `bad-buildpack`. */
async function buildpacksOf(source: Source): Promise<string[]> {
  const { dir, choices } = source
  if (choices?.buildpacks !== undefined) return choices.buildpacks.map(parseBuildpack)
  const { buildpacks: described } = await readAppJson(source)
  if (described.length > 0) return described.map(parseBuildpack)
  const [, url] = /^(?:export\s+)?BUILDPACK_URL=["']?([^"'\s]+)/m.exec((await readInside(dir, '.env')) ?? '') ?? []
  if (url !== undefined) return [parseBuildpack(url)]
  const lines = ((await readInside(dir, '.buildpacks')) ?? '').split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map(parseBuildpack)
}

async function build(request: BuildRequest, engine: Docker, stack: Stack, urls: readonly string[]): Promise<string> {
  const env = envMount(request)
  try {
    return await buildDockerfile(request, engine, { text: dockerfileOf(request, stack, urls), secrets: env.secrets })
  } catch (error) {
    const [, status] =
      (error instanceof UserError &&
        error.code === 'build-failed' &&
        /`RUN .*\/build 2>&1` failed with exit status (\d+)$/.exec(error.message)) ||
      []
    if (status === undefined) throw error
    const said = meanings[status]
    throw new UserError('build-failed', said?.message ?? `a buildpack failed with exit status ${status}`, {
      cause: error,
      ...(said && { hint: said.hint }),
    })
  }
}

/** What exit statuses of herokuish mean; others are those of a buildpack. */
const meanings: Readonly<Record<string, { message: string; hint: string }>> = {
  '65': { message: 'a buildpack does not know this app', hint: 'buildpacks:list shows the buildpacks that were set' },
  '66': { message: 'a buildpack could not be fetched', hint: 'look at its URL, and at what follows the #' },
  '67': { message: 'a buildpack was ended', hint: 'it took too long, or wrote too much' },
}

/** The stage that compiles has the tools of the stack, the last one only what the app needs to run. */
function dockerfileOf(request: BuildRequest, stack: Stack, urls: readonly string[]): string {
  const cache = cacheMount(request, 'buildpacks')
  const env = envMount(request)
  const args = Object.keys(request.buildArgs ?? {}).filter((name) => /^[A-Za-z_]\w*$/.test(name))
  const variables = {
    CACHE_PATH: cache.path,
    ENV_PATH: '/dev/dokku-env-files',
    HEROKUISH_ENV_FILE: env.load === '' ? '' : '/dev/dokku-env',
    // Kilobytes of one file.
    HEROKUISH_FILE_SIZE: String(4 * 2 ** 20),
    HEROKUISH_BUILDPACKS: urls.join(' '),
  }
  const install = urls.length === 0 ? 'herokuish buildpack install && ' : ''
  return `FROM ${stack.build} AS build
${args.map((name) => `ARG ${name}\n`).join('')}${env.arg}${Object.entries(variables)
  .map(([name, value]) => `ARG ${name}="${value}"\n`)
  .join('')}COPY --chown=1000:1000 . /tmp/app/
RUN ${cache.flag},uid=1000,gid=1000 ${env.flag}${install}/build 2>&1

FROM ${stack.run}
COPY --from=build /app /app
ENV HOME=/app PORT=5000
WORKDIR /app
USER 1000:1000
ENTRYPOINT ["/exec"]
CMD ["/start", "web"]
`
}
