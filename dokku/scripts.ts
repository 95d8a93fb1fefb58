import { UserError } from '#lib/errors.ts'
import type { App } from './app.ts'
import type { Built } from './built.ts'
import type { By } from './by.ts'
import { label } from './container.ts'
import { when } from './context.ts'
import { createRun } from './one-off.ts'
import { commitOf } from './predeploy.ts'
import { draftRelease, type Release } from './release.ts'
import { tell } from './tell.ts'

/** The image with what the app's predeploy script left in it; UserError `script-failed`. */
export async function predeployed(app: App, built: Built, by: By): Promise<Built> {
  const script = built.manifest.scripts?.dokku?.predeploy
  if (script === undefined) return built
  by.output.step(`Running predeploy of app.json: ${script}`)
  const { status, image } = await commitOf(app, draftRelease(app, { ...built, by: by.user }), script, by)
  if (image === undefined) throw failed('predeploy', status)
  return { ...built, image }
}

/** Runs the Procfile's `release` in a container of its own before anything of the release serves; UserError `script-failed`. */
export async function prepared(app: App, release: Release, by: By): Promise<Release> {
  const command = release.manifest.processes.release
  if (typeof command !== 'string') return release
  by.output.step(`Running release of the Procfile: ${command}`)
  const status = await runScript(app, release, command, by)
  if (status !== 0) throw failed('release', status)
  return release
}

/** Runs what app.json has for after a deploy, and after the first of all; one that fails is said, and the release goes on serving. */
export async function afterDeploy(app: App, release: Release, by: By): Promise<void> {
  const { postdeploy: first, dokku } = release.manifest.scripts ?? {}
  for (const script of [release.version === 1 ? first : undefined, dokku?.postdeploy]) {
    if (script === undefined) continue
    by.output.step(`Running postdeploy of app.json: ${script}`)
    const status = await runScript(app, release, script, by)
    if (status !== 0) by.output.warn(`postdeploy ended with exit status ${status}; ${app.name} v${release.version} serves all the same`)
  }
  by.output.result('Application deployed:')
  for (const url of app.urls) by.output.detail(url)
}

/** Runs a command line of the repository in a container of a release, to its end; what it prints goes to the output. Answers its exit status. */
async function runScript(app: App, release: Release, script: string, { output, signal }: By): Promise<number> {
  const oneOff = { words: ['/bin/sh', '-c', script], env: {}, ttlSeconds: undefined }
  const { container, start, remove } = await createRun(app, release, oneOff, {
    Labels: { [label.session]: app.instance.session },
    AttachStdout: true,
    AttachStderr: true,
  })
  try {
    const stream = await container.attach({ stream: true, stdout: true, stderr: true })
    const said = tell(stream, output.detail)
    // Nobody waits for it where the container does not start.
    said.catch(() => undefined)
    await start()
    if (signal !== undefined) when(signal, () => void container.kill().catch(() => undefined))
    const { StatusCode } = (await container.wait({ condition: 'not-running' })) as { StatusCode: number }
    await said
    signal?.throwIfAborted()
    return StatusCode
  } finally {
    await remove()
  }
}

function failed(name: string, status: number): UserError {
  return new UserError('script-failed', `${name} ended with exit status ${status}: nothing is deployed`, {
    hint: 'what it printed is above; the release before goes on serving',
  })
}
