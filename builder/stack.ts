import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Docker } from '#lib/docker.ts'
import { baseImage, debianBase } from './base.ts'
import type { BuildRequest } from './driver.ts'
import { resolveImage } from './drivers/image.ts'
import { preparedImage } from './prepared.ts'

/** The images in which buildpacks compile, and in which what they compiled runs; both with herokuish. */
export interface Stack {
  build: string
  run: string
}

const herokuish = join(import.meta.dirname, 'herokuish')

/** The stack that was chosen for a source, else Heroku's newest, else one made of Debian's packages where no registry answers. */
export async function stackOf(engine: Docker, request: BuildRequest): Promise<Stack> {
  const chosen = request.source.choices?.stack
  const build = chosen ?? 'heroku/heroku:24-build'
  // Heroku's own convention: the image to run in is called like the one to build in, without its ending.
  const run = build.replace(/-build$/, '')
  if (chosen === undefined)
    return { build: await withHerokuish(engine, 'build', build, request), run: await withHerokuish(engine, 'run', run, request) }
  const { registries, signal, output } = request
  for (const image of new Set([build, run]))
    await resolveImage(engine, image, output, { ...(registries && { registries }), ...(signal && { signal }) })
  return { build: await installed(engine, build, request), run: await installed(engine, run, request) }
}

async function withHerokuish(engine: Docker, target: 'build' | 'run', official: string, request: BuildRequest): Promise<string> {
  const local = async () => {
    const text = await readFile(join(herokuish, 'stack.Dockerfile'), 'utf8')
    return await preparedImage(
      engine,
      { name: `stack-${target}`, text, target, args: { DEBIAN: await debianBase(engine, request) } },
      request,
    )
  }
  return await installed(engine, await baseImage(engine, official, local, request), request)
}

/** An image with herokuish in it, and a user for apps. */
async function installed(engine: Docker, image: string, request: BuildRequest): Promise<string> {
  const { Id: id } = await engine.getImage(image).inspect()
  // The image's id makes it another one once the image is another under the same name.
  const text = `# ${id}
FROM ${image}
USER root
COPY bin /opt/herokuish/bin
COPY lib /opt/herokuish/lib
RUN chmod 0755 /opt/herokuish/bin/herokuish && for name in /bin/herokuish /build /start /exec; do ln -sf /opt/herokuish/bin/herokuish "$name"; done \\
  && (getent passwd 1000 >/dev/null || useradd --uid 1000 --user-group --home-dir /app --no-create-home --shell /bin/bash app) \\
  && install -d -o 1000 -g 1000 /app
`
  const name = `herokuish-${image.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}`.slice(0, 100).replace(/-$/, '')
  return await preparedImage(engine, { name, text, dir: herokuish }, request)
}
