import { label } from '../container.ts'
import type { Context } from '../context.ts'
import { attend, streams } from '../one-off.ts'
import type { StoredVolume } from './volumes.ts'

/** Where a volume is in what looks into it. */
const place = '/volume'

/** Runs a program of our own image in a volume, with no network and the session's streams; answers its exit status. */
export async function execInVolume({ volume }: StoredVolume, words: readonly string[], context: Context): Promise<number> {
  const { instance, session } = context
  const { terminal } = session.header
  const { HostConfig: host, ...wired } = streams(terminal)
  const container = await instance.engine.createContainer({
    ...wired,
    Image: instance.image,
    Entrypoint: [...words],
    Cmd: [],
    WorkingDir: place,
    Env: terminal === undefined ? [] : [`TERM=${terminal.term}`],
    Healthcheck: { Test: ['NONE'] },
    Labels: { [label.instance]: instance.settings.name, [label.session]: instance.session },
    HostConfig: {
      ...host,
      NetworkMode: 'none',
      Binds: [`${volume}:${place}`],
      Init: true,
      CapDrop: ['ALL'],
      CapAdd: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'],
      SecurityOpt: ['no-new-privileges'],
    },
  })
  try {
    return await attend(container, () => container.start(), { program: words[0] ?? '', tty: terminal !== undefined }, context)
  } finally {
    await container.remove({ force: true }).catch(() => undefined)
  }
}
