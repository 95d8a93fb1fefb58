import { posix } from 'node:path'
import { imageFiles } from '#builder'
import type { App } from './app.ts'
import { computedProperty } from './computed-property.ts'
import { type Manifest, readManifestTexts } from './manifest.ts'

/** What images say, by their ids and the places that were looked at: an image never changes. */
const known = new Map<string, [appJson: string | undefined, procfile: string | undefined]>()
const most = 100

/** What an image that was built elsewhere says about running it: app.json and Procfile in its working directory, as Dokku reads them. */
export async function imageManifest(app: App, image: string, note: (text: string) => void): Promise<Manifest> {
  const { engine } = app.instance
  const { Config: config } = await engine.getImage(image).inspect()
  const names = {
    appJson: computedProperty(app, 'app-json appjson-path') ?? 'app.json',
    procfile: computedProperty(app, 'ps procfile-path') ?? 'Procfile',
  }
  const paths = [names.appJson, names.procfile].map((name) => posix.join(config.WorkingDir || '/', name))
  const key = [image, ...paths].join(' ')
  const [appJson, procfile] = known.get(key) ?? (await imageFiles(engine, image, paths))
  if (known.size >= most) known.clear()
  known.set(key, [appJson, procfile])
  return readManifestTexts({ appJson, procfile }, names, note)
}
