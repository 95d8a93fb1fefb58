import {
  type App,
  authorize,
  type Context,
  checkHostPath,
  checkVolumeName,
  listVolumes,
  type Mount,
  maybeVolume,
  param,
  UserError,
} from 'dokku'

/** An argument that names a volume. */
export const volume = param<string>({
  summary: 'a volume',
  label: 'name',
  parse: checkVolumeName,
  complete: async (_prefix, { instance }: Context) => (await listVolumes(instance)).map(({ name }) => name),
})

/** The owners that Dokku has words for: those of its images. */
const owners: Readonly<Record<string, string>> = {
  herokuish: '32767:32767',
  heroku: '1000:1000',
  packeto: '2000:2000',
  paketo: '2000:2000',
  root: '0:0',
}

/** `--chown`: a word of Dokku's, or numbers of a user and a group; empty for `false`, which leaves it. */
export function parseOwner(text: string): string {
  if (text === 'false') return ''
  const known = Object.hasOwn(owners, text) ? owners[text] : undefined
  if (known !== undefined) return known
  if (/^\d{1,6}(:\d{1,6})?$/.test(text)) return text.includes(':') ? text : `${text}:${text}`
  throw new UserError('bad-owner', `${JSON.stringify(text.slice(0, 40))} is not an owner`, {
    hint: `${Object.keys(owners).join(', ')}, false, or USER:GROUP in numbers`,
  })
}

/** Refuses what somebody may not mount: a path of the host unless they are an admin, and a volume of an app that they may not deploy. */
export async function checkMount(app: App, { source }: Mount, { instance, identity }: Context): Promise<void> {
  if (source.startsWith('/')) {
    checkHostPath(source)
    return authorize(identity, 'admin', `mount ${source} of the host`)
  }
  const found = await maybeVolume(instance, source)
  if (found === undefined || found.owner?.id === app.id) return
  authorize(identity, found.owner === undefined ? 'admin' : 'deploy', `mount ${source}`, found.owner)
}
